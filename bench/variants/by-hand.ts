import type { Attributes, Context, Span } from '@opentelemetry/api';
import type OpenAI from 'openai';
import type { Telemetry } from '../telemetry.ts';
import type { Prepared } from './variant.ts';

/** The parameters of a request that the cases use. */
export interface Request {
  readonly model?: string;
  readonly stream?: boolean;
  readonly temperature?: number;
  readonly max_completion_tokens?: number;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
}

/** The fields that are read from a call's result, or from the chunks of a stream. */
export interface Result {
  /** The embeddings. */
  readonly data?: readonly { readonly embedding: readonly number[] }[];
  readonly id?: string;
  readonly model?: string;
  readonly service_tier?: string;
  readonly system_fingerprint?: string;
  readonly choices?: readonly {
    readonly finish_reason?: string | null;
    readonly message?: { readonly content?: string | null };
    readonly delta?: { readonly content?: string | null };
  }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly input_tokens?: number;
    readonly completion_tokens?: number;
    readonly output_tokens?: number;
  } | null;
}

/** A call that has ended. */
export interface Finished {
  readonly operation: string;
  readonly request: Request;
  readonly result: Result;
  readonly context: Context;
  /** The start, from `performance.now()`. */
  readonly startTime: number;
  /** The times at which a stream's chunks arrived, if `timesChunks` is set. */
  readonly chunks?: readonly number[];
  /** The time of the first chunk with text, if `timesChunks` is set. */
  readonly firstText?: number | undefined;
  /** The text of the chunks, if `readsChunks` is set. */
  readonly text?: string;
}

/** What to record for a call. */
export interface ByHand {
  /** Whether to note when chunks arrive. */
  readonly timesChunks?: boolean;
  /** Whether to collect the text of chunks. */
  readonly readsChunks?: boolean;
  /** Default: the operation. */
  spanName?(operation: string, request: Request): string;
  attributes(operation: string, request: Request): Attributes;
  started?(span: Span, operation: string, request: Request): void;
  finish(span: Span, call: Finished): void;
}

export interface ApiPromise extends Promise<unknown> {
  readonly responsePromise: Promise<unknown>;
  _thenUnwrap(transform: (value: unknown) => unknown): ApiPromise;
}

export type Method = (this: object, ...parameters: unknown[]) => ApiPromise;

/** Wraps the methods that the cases call: one span for each call, active while it runs. */
export function prepareByHand({ api }: Telemetry, hand: ByHand): Prepared {
  const tracer = api.trace.getTracer('by hand');

  function wrap(prototype: object, name: string, operation: string): void {
    const original = Reflect.get(prototype, name) as Method;
    const wrapped: Method = function (...parameters) {
      const request = (parameters.find((value) => typeof value === 'object') ?? {}) as Request;
      const startTime = performance.now();
      const attributes = hand.attributes(operation, request);
      const name = hand.spanName?.(operation, request) ?? operation;
      const span = tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes });
      hand.started?.(span, operation, request);
      const context = api.trace.setSpan(api.context.active(), span);
      const promise = api.context.with(context, () => original.apply(this, parameters));
      promise.responsePromise.catch(() => {
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      });
      const finish = (result: Result, streamed?: Streamed): void =>
        hand.finish(span, { operation, request, result, context, startTime, ...streamed });
      return promise._thenUnwrap((value) => {
        if (request.stream === true) return watch(value as Stream, finish, hand);
        finish(value as Result);
        return value;
      });
    };
    Object.assign(prototype, { [name]: wrapped });
  }

  return {
    loaded({ OpenAI }) {
      for (const [prototype, name, operation] of methodsOf(OpenAI)) wrap(prototype, name, operation);
    },
  };
}

type MethodRow = readonly [prototype: object, name: string, operation: string];

function methodsOf({ Chat, Embeddings, Responses, Beta }: typeof OpenAI): readonly MethodRow[] {
  const { Threads } = Beta;
  return [
    [Chat.Completions.prototype, 'create', 'chat'],
    [Embeddings.prototype, 'create', 'embeddings'],
    [Responses.prototype, 'create', 'responses'],
    [Threads.prototype, 'create', 'create_thread'],
    [Threads.Messages.prototype, 'create', 'create_message'],
    [Threads.Messages.prototype, 'list', 'list_messages'],
    [Threads.Runs.prototype, 'create', 'invoke_agent'],
    [Threads.Runs.prototype, 'retrieve', 'retrieve_run'],
    [Threads.Runs.Steps.prototype, 'list', 'list_steps'],
  ];
}

interface Stream {
  iterator(): AsyncIterator<Result>;
}

type Streamed = Pick<Finished, 'chunks' | 'firstText' | 'text'>;

function watch(
  stream: Stream,
  finish: (result: Result, streamed: Streamed) => void,
  { timesChunks: timed = false, readsChunks: reads = false }: ByHand,
): Stream {
  const original = stream.iterator;
  stream.iterator = function () {
    const inner = original.call(this);
    const chunks: number[] = [];
    let last: Result = {};
    let text = '';
    let firstText: number | undefined;
    const end = (): void =>
      finish(last, { ...(timed ? { chunks, firstText } : {}), ...(reads ? { text } : {}) });
    const onResult = (result: IteratorResult<Result>): IteratorResult<Result> => {
      if (result.done === true) end();
      else last = result.value;
      if (timed) {
        chunks.push(performance.now());
        if (last.choices?.[0]?.delta?.content) firstText ??= chunks.at(-1);
      }
      if (reads) text += last.choices?.[0]?.delta?.content ?? '';
      return result;
    };
    return {
      next: () => inner.next().then(onResult),
      return: async () => {
        end();
        return (await inner.return?.()) ?? { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    } as AsyncIterator<Result>;
  };
  return stream;
}
