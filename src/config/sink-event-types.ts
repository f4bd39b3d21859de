/** The events for the program's own sink: plain objects, independent of sampling and other telemetry. */

/** The level of detail. Content needs `full`, and a `captureMessageContent` that includes events. */
export type EventPreset =
  /** Model, tokens, times, ids, costs and failures. */
  | 'minimal'
  /** Adds parameters, and the tool calls that the model asked for. */
  | 'standard'
  /** Adds content: messages, tool definitions, arguments, results and error messages. */
  | 'full';

/**
 * Receives each event. Calls to `openai` never wait for the sink. If it returns a promise, `flush()` and
 * shutdowns wait for that promise, five seconds at most. Its errors never reach the program. If it fails
 * repeatedly, it gets no events for a while. Calls to `openai` that the sink itself makes send no events.
 */
export type EventSink = (event: SinkEvent) => unknown;

/** The option `events`. */
export interface EventOptions {
  /** The function that receives the events. */
  readonly sink: EventSink;
  /** The level of detail. Default `standard`. */
  readonly preset?: EventPreset | undefined;
}

/** Any event. `type` identifies it. */
export type SinkEvent = ModelInvokeEvent | CostRecordEvent | ToolCallEvent | PolicyViolationEvent;

/** The members of all events. Unknown values are absent. */
export interface SinkEventBase {
  /** The end of the operation, in milliseconds since the epoch. */
  readonly time: number;
  readonly traceId: string;
  /** The id of the operation's span, sampled or not. */
  readonly spanId: string;
  /** `gen_ai.operation.name`: `chat`, `embeddings`, … Otherwise the name of the span: `POST /videos`. */
  readonly operation: string;
  readonly provider: string;
  /** The model of the request. */
  readonly model?: string;
  /** The thread or conversation. */
  readonly conversationId?: string;
  /** The id of an Assistants run. */
  readonly runId?: string;
  /** How many events were dropped since the previous one: the sink kept failing, or too many were pending. */
  readonly dropped?: number;
}

/** A finished model operation: a chat completion, a response, embeddings or a run. A stream has one event, at its end. */
export interface ModelInvokeEvent extends SinkEventBase {
  readonly type: 'model.invoke';
  /** The name of the assistant. */
  readonly agentName?: string;
  readonly responseId?: string;
  /** The model that answered. */
  readonly responseModel?: string;
  readonly systemFingerprint?: string;
  /** One for each choice, in the API's words, except that a response cut at any limit has `length`. */
  readonly finishReasons?: readonly string[];
  readonly streamed: boolean;
  /** The duration in milliseconds. */
  readonly latency: number;
  /** Milliseconds from the request to the first chunk of a stream. */
  readonly timeToFirstChunk?: number;
  /** A run has the tokens of all its steps, but not those of subagents, which have events of their own. */
  readonly tokens?: {
    /** Absent if the server reports only output tokens. */
    readonly input?: number;
    /** Absent for embeddings, or if the server reports only input tokens. */
    readonly output?: number;
    /** Input tokens read from the cache. */
    readonly cacheRead?: number;
    /** Input tokens written to the cache. */
    readonly cacheWrite?: number;
    /** Output tokens spent on reasoning. */
    readonly reasoning?: number;
  };
  /** `error.type`, if the operation failed. */
  readonly error?: string;
  /**
   * Request parameters, named like the attributes without `gen_ai.` and `request.`, and the number of
   * dimensions of embeddings. With `standard` and `full`.
   */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** This and the next three members are content: only with `full`, in the shape of the GenAI conventions. */
  readonly systemInstructions?: readonly unknown[];
  readonly inputMessages?: readonly unknown[];
  readonly outputMessages?: readonly unknown[];
  readonly toolDefinitions?: readonly unknown[];
}

/** The cost of an operation. It is sent only if the cost is known. */
export interface CostRecordEvent extends SinkEventBase {
  readonly type: 'cost.record';
  /** The cost of the whole operation in USD. */
  readonly cost: number;
}

/** A tool call that the model asked for, including hosted tools. */
export interface ToolCallEvent extends SinkEventBase {
  readonly type: 'tool.call';
  /** The id of the call. The older `function_call` has none. */
  readonly id?: string;
  /** The name of the function, or the type of the tool. */
  readonly name: string;
  /** The type of the tool in the API: `function`, `code_interpreter`, `mcp`, … */
  readonly toolType: string;
  /** Content: only with `full`. Those of the older `function_call` are only in the output messages. */
  readonly arguments?: unknown;
  /** Content: only with `full`, and only for hosted tools and runs, whose operation contains the result. */
  readonly result?: unknown;
}

/** A model call that failed. */
export interface PolicyViolationEvent extends SinkEventBase {
  readonly type: 'policy.violation';
  /** `error.type` */
  readonly error: string;
  /** The HTTP status, if it is not 200. */
  readonly status?: number;
  /** The error message, which may quote the input. Content: only with `full`. */
  readonly message?: string;
}
