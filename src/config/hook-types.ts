import type { Attributes, Span } from '@opentelemetry/api';

/** A call before it is sent. Body and query are the program's own objects: hooks must not change them. */
export interface HookRequest {
  /** `gen_ai.operation.name`: `chat`, `embeddings`, …; `undefined` if the endpoint is not a GenAI operation. */
  readonly operation: string | undefined;
  readonly method: string;
  /** The path with ids, as the SDK requests it: `/threads/thread_1/runs`. */
  readonly path: string;
  /** The path template: `/threads/{thread_id}/runs`. */
  readonly route: string;
  readonly body: unknown;
  readonly query: unknown;
  readonly streamed: boolean;
}

/** The outcome of a call. */
export interface HookResponse {
  /** The request without body and query, which are not kept. */
  readonly request: Omit<HookRequest, 'body' | 'query'>;
  /** The HTTP status; `undefined` if there was no response. */
  readonly status: number | undefined;
  /** Returns a header of the response. */
  header(name: string): string | undefined;
  /**
   * The parsed result, or what was kept of a stream: texts only if content is recorded, of images and audio only
   * the usage. `undefined` if the call failed, if the program reads the response itself, and for a run's stream.
   */
  readonly result: unknown;
  /** The thrown value, if the call failed. */
  readonly error: unknown;
}

/**
 * Functions of the program that adjust what is recorded. Names and timing are those of `instrumentation-undici`. An
 * error in a hook is reported once and changes nothing. Calls to `openai` that a hook makes reach no hook. Attributes set
 * by a hook are recorded with any value of `captureMessageContent`, even if they contain content.
 */
export interface Hooks {
  /**
   * Called first. `true` ignores the call: no span, no metrics, no events, no place in the hierarchy. It must return its
   * result at once: a promise has no effect, and is reported once.
   */
  ignoreRequestHook?: ((request: HookRequest) => boolean) | undefined;
  /**
   * Returns attributes for the start of the span, so that samplers see them. It must return them at once: a promise has
   * no effect, and is reported once.
   */
  startSpanHook?: ((request: HookRequest) => Attributes) | undefined;
  /** Called after the span has started and before the request is sent. */
  requestHook?: ((span: Span, request: HookRequest) => void) | undefined;
  /** Called when the call has its result, before the span ends. */
  responseHook?: ((span: Span, response: HookResponse) => void) | undefined;
}
