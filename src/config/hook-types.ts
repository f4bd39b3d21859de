import type { Attributes, Span } from '@opentelemetry/api';

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
