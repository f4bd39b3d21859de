import { type Attributes, type Span, trace } from '@opentelemetry/api';
import type { HookRequest, HookResponse, Hooks } from '../config/hook-types.ts';
import { notice } from '../diagnostics/report.ts';
import { type ApiRequest, operationNameOf } from '../operations/index.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import type { Placement } from '../telemetry/placement.ts';
import { handleRejection, runInsideHook } from '../telemetry/program-hooks.ts';
import { guard } from '../util/guard.ts';
import { asObject, field, readHeader } from '../util/payload.ts';

export class CallHooks {
  readonly #hooks: Hooks;
  #request: HookRequest;
  #response: Omit<HookResponse, 'result'> | undefined;

  constructor(hooks: Hooks, { method, path }: ReadonlyCall, request: ApiRequest) {
    const { route, body, query, streamed } = request;
    this.#hooks = hooks;
    const operation = operationNameOf(route);
    this.#request = { operation, method, path, route: route.template, body, query, streamed };
  }

  static wants({ ignoreRequestHook, startSpanHook, requestHook, responseHook }: Hooks): boolean {
    return (ignoreRequestHook ?? startSpanHook ?? requestHook ?? responseHook) !== undefined;
  }

  get ignored(): boolean {
    const { ignoreRequestHook } = this.#hooks;
    return runHookNow('ignoreRequestHook', () => ignoreRequestHook?.(this.#request)) === true;
  }

  get startAttributes(): Attributes {
    const { startSpanHook } = this.#hooks;
    const given = asObject(runHookNow('startSpanHook', () => startSpanHook?.(this.#request))) ?? {};
    return guard('reading attributes of startSpanHook', attributesIn, given) ?? {};
  }

  /**
   * If the call begins a longer operation, `responseHook` runs when the call is answered, not when the
   * operation ends.
   */
  around(place: Placement): Placement {
    const { foldInto, opens, parent } = place;
    return {
      ...place,
      onFact: (event, time, record, answer) => place.onFact?.(event, time, record, answer),
      attributes: foldInto === undefined ? { ...place.attributes, ...this.startAttributes } : undefined,
      onEnd: (call, result, record, answerEnd) => {
        this.#received(call);
        if (opens === true) this.#answered(trace.getSpan(parent), result);
        return place.onEnd?.(call, result, record, answerEnd);
      },
      beforeEnd: (span, result, spent) => {
        place.beforeEnd?.(span, result, spent);
        this.#answered(span, result);
      },
    };
  }

  /** @param span the span of the call, or of the longer operation that the call begins */
  requested(span: Span | undefined): void {
    const { requestHook } = this.#hooks;
    const request = this.#request;
    // The body is not kept until the answer.
    this.#request = { ...request, body: undefined, query: undefined };
    if (span !== undefined) runHook('requestHook', () => requestHook?.(span, request));
  }

  #received({ status, headers, error }: ReadonlyCall): void {
    const header = (name: string): string | undefined => readHeader(headers ?? field(error, 'headers'), name);
    this.#response = { request: this.#request, status, header, error };
  }

  #answered(span: Span | undefined, result: unknown): void {
    const { responseHook } = this.#hooks;
    const response = this.#response;
    if (response === undefined || span === undefined) return;
    runHook('responseHook', () => responseHook?.(span, { ...response, result }));
  }
}

/** Does not await a promise. Neither an error of the hook nor a rejection reaches the program. */
function runHook<Result>(name: string, run: () => Result): Result | undefined {
  const result = guard(name, runInsideHook, run);
  handleRejection(name, result);
  return result;
}

function runHookNow<Result>(name: string, run: () => Result): Result | undefined {
  const result = runHook(name, run);
  if (typeof field(result, 'then') !== 'function') return result;
  notice(
    'option_not_accepted',
    `option ${name} returns a promise, which has no effect. It must return its result.`,
  );
  return undefined;
}

/** One BigInt as a dimension would make the SDK lose all metrics of the program. */
function attributesIn(given: object): Attributes {
  const isValue = (value: unknown): boolean => /^(?:string|number|boolean)$/.test(typeof value);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => [value].flat().every(isValue)));
}
