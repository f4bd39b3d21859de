/**
 * The events for the program's own sink: plain objects, independent of spans, metrics, log records and sampling.
 */

/** The level of detail. Content also needs a `captureMessageContent` that includes events. */
export type EventPreset =
  /** Model, tokens, times and ids; costs and failures. */
  | 'minimal'
  /** Adds parameters, and the tool calls that the model asked for. */
  | 'standard'
  /** Adds, with consent, messages, tool definitions, arguments, results and error messages. */
  | 'full';

/** Receives each event. Its promises are not awaited; its errors are counted and go no further. */
export type EventSink = (event: SinkEvent) => unknown;

/** The option `events`: who gets them, and how much they tell. */
export interface EventOptions {
  readonly sink: EventSink;
  /** Default `standard`. */
  readonly preset?: EventPreset | undefined;
}

/** Any of the events. */
export type SinkEvent = ModelInvokeEvent | CostRecordEvent | ToolCallEvent | PolicyViolationEvent;

/** What all events have. Members that are not known are not there. */
export interface SinkEventBase {
  /** When it happened, in milliseconds since the epoch: the end of the operation. */
  readonly time: number;
  readonly traceId: string;
  /** Of the operation. */
  readonly spanId: string;
  /** `gen_ai.operation.name`: `chat`, `embeddings`, `text_completion`, `invoke_agent`, … */
  readonly operation: string;
  readonly provider: string;
  /** As the request names it. */
  readonly model?: string;
  readonly conversationId?: string;
  /** Of an Assistants run. */
  readonly runId?: string;
  /** How many events were dropped before this one, because the sink had failed again and again. */
  readonly dropped?: number;
}

/** One operation of a model: a chat completion, a response, embeddings, a run; of a stream one, at its end. */
export interface ModelInvokeEvent extends SinkEventBase {
  readonly type: 'model.invoke';
  readonly agentName?: string;
  readonly responseId?: string;
  readonly responseModel?: string;
  readonly systemFingerprint?: string;
  readonly finishReasons?: readonly string[];
  readonly streamed: boolean;
  /** Milliseconds. */
  readonly latency: number;
  /** Milliseconds until the first chunk of a stream. */
  readonly timeToFirstChunk?: number;
  readonly tokens?: {
    readonly input: number;
    /** Embeddings have none. */
    readonly output?: number;
    /** Parts of the input that came from the cache, or were written to it. Of runs they are not told. */
    readonly cacheRead?: number;
    readonly cacheWrite?: number;
    /** Part of the output. Of runs it is not told. */
    readonly reasoning?: number;
  };
  /** `error.type`, where it failed. */
  readonly error?: string;
  /** From `standard` on: what the request asks for, by the attributes' names after `gen_ai.request.`. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** With `full` and consent; in the shapes of the GenAI conventions. */
  readonly systemInstructions?: readonly unknown[];
  readonly inputMessages?: readonly unknown[];
  readonly outputMessages?: readonly unknown[];
  readonly toolDefinitions?: readonly unknown[];
}

/** What an operation cost; there is none where the price of the model is not known. */
export interface CostRecordEvent extends SinkEventBase {
  readonly type: 'cost.record';
  /** USD. */
  readonly cost: number;
}

/** A tool call that the model asked for, hosted ones included. */
export interface ToolCallEvent extends SinkEventBase {
  readonly type: 'tool.call';
  readonly id?: string;
  readonly name: string;
  /** The API's own: `function`, `code_interpreter`, `mcp`, … */
  readonly toolType: string;
  /** With `full` and consent. */
  readonly arguments?: unknown;
  /** With `full` and consent, where the operation itself has the result: of hosted tools and runs. */
  readonly result?: unknown;
}

/** An operation failed. */
export interface PolicyViolationEvent extends SinkEventBase {
  readonly type: 'policy.violation';
  /** `error.type` */
  readonly error: string;
  /** HTTP status. */
  readonly status?: number;
  /** With `full` and consent: it may quote the input. */
  readonly message?: string;
}
