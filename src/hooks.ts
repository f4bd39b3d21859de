import type { Attributes, Span } from '@opentelemetry/api';
import { type Call, type CallObservation, readHeader } from './client/call.ts';
import type { OperationKey } from './client/routes.ts';
import { guard, guardAsync } from './guard.ts';
import { type ApiRequest, operationOf } from './operations/index.ts';
import { asObject, field } from './payload.ts';
import type { CallSpanStart } from './telemetry/call-span.ts';

/** A call as hooks see it before it is sent. Its body and query are the program's own objects: not to be changed. */
export interface HookRequest {
  /** `gen_ai.operation.name`: `chat`, `embeddings`, …; `undefined` for endpoints that are no GenAI operation. */
  readonly operation: string | undefined;
  readonly method: string;
  /** As the SDK has it, with ids: `/threads/thread_1/runs`. */
  readonly path: string;
  /** The same with names in place of ids: `/threads/{thread_id}/runs`. */
  readonly route: string;
  readonly body: unknown;
  readonly query: unknown;
  readonly streamed: boolean;
}

/** What a call came to. */
export interface HookResponse {
  /** Of the request: its body is not kept. */
  readonly request: Omit<HookRequest, 'body' | 'query'>;
  /** HTTP status; `undefined` where no response came. */
  readonly status: number | undefined;
  /** A header of the response. */
  header(name: string): string | undefined;
  /**
   * What the program gets: parsed JSON, or what a stream put together (its texts only where content is
   * recorded). `undefined` where the call failed, the program reads the response itself, or the result is
   * that of a stream of a run.
   */
  readonly result: unknown;
  /** What was thrown, if the call failed. */
  readonly error: unknown;
}

/**
 * The program's own say in what is recorded, named and called like those of `instrumentation-undici`. What
 * they throw is reported once and changes nothing. They may record what the instrumentation would not: content
 * that they put on spans is there whatever `captureMessageContent` says.
 */
export interface Hooks {
  /** Asked first: `true` leaves the call alone. It then has no span, no metrics, no events, no place in the hierarchy. */
  ignoreRequestHook?: ((request: HookRequest) => boolean) | undefined;
  /** Gives attributes that the span of the call starts with, so that samplers see them. */
  startSpanHook?: ((request: HookRequest) => Attributes) | undefined;
  /** Called when the span of the call has started, before anything is sent. */
  requestHook?: ((span: Span, request: HookRequest) => void) | undefined;
  /** Called when the call has its result, before its span ends. */
  responseHook?: ((span: Span, response: HookResponse) => void) | undefined;
}

/** The hooks of one call, each called through the guard. */
export class CallHooks {
  readonly #hooks: Hooks;
  readonly #sent: HookResponse['request'];
  /** Let go when the request is sent. */
  #request: HookRequest | undefined;
  #response: Omit<HookResponse, 'result'> | undefined;

  private constructor(hooks: Hooks, { method, path }: Call, request: ApiRequest) {
    const { route, body, query, streamed } = request;
    this.#hooks = hooks;
    this.#sent = { operation: operationName(route.operation), method, path, route: route.template, streamed };
    this.#request = { ...this.#sent, body, query };
  }

  /** `undefined` where there are no hooks, so that a call costs nothing more. */
  static of(hooks: Hooks, call: Call, request: ApiRequest): CallHooks | undefined {
    const { ignoreRequestHook, startSpanHook, requestHook, responseHook } = hooks;
    return (ignoreRequestHook ?? startSpanHook ?? requestHook ?? responseHook) === undefined
      ? undefined
      : new CallHooks(hooks, call, request);
  }

  get ignored(): boolean {
    const { ignoreRequestHook } = this.#hooks;
    const request = this.#request;
    if (ignoreRequestHook === undefined || request === undefined) return false;
    return runHook('ignoreRequestHook', () => ignoreRequestHook(request)) === true;
  }

  get startAttributes(): Attributes {
    const { startSpanHook } = this.#hooks;
    const request = this.#request;
    if (startSpanHook === undefined || request === undefined) return {};
    return { ...(asObject(runHook('startSpanHook', () => startSpanHook(request))) as Attributes) };
  }

  /** Has them called around a call with a span of its own. */
  addTo(start: CallSpanStart): CallSpanStart {
    return {
      ...start,
      attributes: { ...start.attributes, ...this.startAttributes },
      settled: (call, result, span) => {
        this.#received(call);
        start.settled?.(call, result, span);
      },
      finishing: (span, result) => this.#finishing(span, result),
    };
  }

  /** Has them called around the call that starts something longer: it is answered long before that ends. */
  around(observation: CallObservation): CallObservation {
    const { span, context } = observation;
    this.requested(span);
    return {
      context,
      chunk: (value, time) => observation.chunk?.(value, time),
      hiddenChunk: (value) => observation.hiddenChunk?.(value),
      settle: (call) => {
        this.#received(call);
        if (span !== undefined) this.#finishing(span, call.value);
        observation.settle(call);
      },
    };
  }

  /** @param span of the call; `undefined` where it has none of its own */
  requested(span: Span | undefined): void {
    const { requestHook } = this.#hooks;
    const request = this.#request;
    this.#request = undefined;
    if (requestHook === undefined || request === undefined || span === undefined) return;
    runHook('requestHook', () => requestHook(span, request));
  }

  #received({ status, headers, error }: Call): void {
    const header = (name: string): string | undefined => readHeader(headers ?? field(error, 'headers'), name);
    this.#response = { request: this.#sent, status, header, error };
  }

  #finishing(span: Span, result: unknown): void {
    const { responseHook } = this.#hooks;
    const response = this.#response;
    if (responseHook === undefined || response === undefined) return;
    runHook('responseHook', () => responseHook(span, { ...response, result }));
  }
}

/** A run is made an operation by the hierarchy. */
function operationName(key: OperationKey): string | undefined {
  return key === 'run' || key === 'thread_run' ? 'invoke_agent' : operationOf(key).name;
}

/** Runs a function of the program's; one that is `async` is not waited for, and may fail as well. */
function runHook<Result>(name: string, run: () => Result): Result | undefined {
  const result = guard(name, run);
  if (result instanceof Promise) void guardAsync(name, () => result);
  return result;
}
