import type { Attributes, SpanContext } from '@opentelemetry/api';

/**
 * A message in the shape of the GenAI conventions (`gen-ai-input-messages.json` and its siblings). Messages
 * of every API are converted to this shape before anything is recorded.
 */
export interface Message {
  readonly role: string;
  /** Distinguishes participants with the same role. */
  readonly name?: string;
  readonly parts: readonly MessagePart[];
  /** Set in output messages; a value of `gen-ai-output-messages.json`: `stop`, `length`, `tool_call`, … */
  readonly finish_reason?: string;
}

/** A part of a message: text, reasoning, a tool call, its response, or media. */
export type MessagePart =
  /** `original_length`, in characters, is set if the content is only the beginning of the text. */
  | { readonly type: 'text'; readonly content: string; readonly original_length?: number }
  | { readonly type: 'reasoning'; readonly content: string; readonly original_length?: number }
  /** What the model says instead of an answer. */
  | { readonly type: 'refusal'; readonly content: string; readonly original_length?: number }
  | {
      readonly type: 'tool_call';
      readonly id?: string;
      readonly name: string;
      /** The label of the MCP server that the call would use, if it needs approval. */
      readonly server_label?: string;
      readonly namespace?: string;
      readonly arguments?: unknown;
    }
  | { readonly type: 'tool_call_response'; readonly id?: string; readonly response: unknown }
  | {
      readonly type: 'server_tool_call';
      readonly id?: string;
      readonly name: string;
      readonly server_label?: string;
      readonly server_tool_call: { readonly type: string };
    }
  | {
      readonly type: 'server_tool_call_response';
      readonly id?: string;
      readonly server_tool_call_response: { readonly type: string };
    }
  /** The sources of the previous text: each has `type`, `url`, `title`, `file_id` and `filename`. */
  | { readonly type: 'citations'; readonly citations: readonly Readonly<Record<string, string>>[] }
  | { readonly type: 'compaction'; readonly id?: string }
  /** Replaces parts that were not read. */
  | { readonly type: 'omitted'; readonly count: number }
  | {
      readonly type: 'file';
      readonly modality: string;
      readonly file_id: string;
    }
  | { readonly type: 'uri'; readonly modality: string; readonly mime_type?: string; readonly uri: string }
  | BlobPart;

/** Media inside a message. The option `media` decides how it is recorded. */
export interface BlobPart {
  readonly type: 'blob';
  readonly modality: string;
  readonly mime_type?: string;
  /** Base64. */
  readonly content: string;
  /** In bytes; set if the content itself is omitted. */
  readonly size?: number;
}

/** A tool that the model may call, as defined by `gen-ai-tool-definitions.json`. */
export interface ToolDefinition {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly parameters?: unknown;
}

/**
 * For whom an operation runs, as the program says with `withMetadata` or `traced`. `baggage` is
 * OpenTelemetry's: any client or server before this process may have set it.
 */
export interface Caller {
  readonly userId?: string;
  readonly sessionId?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly tags: readonly string[];
  /** The program's own metadata, such as `tenant`, as strings. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly baggage: Readonly<Record<string, string>>;
}

/**
 * The content of one operation, as a completion hook receives it. Operations are chat completions, responses,
 * runs, steps of runs, tool calls, searches, traced functions and evaluations with an explanation. For any
 * other failed call, only `errorMessage` is set.
 *
 * All values are the hook's own copy, in the shapes of the GenAI conventions, with media as base64. A hook
 * masks content by assigning fields. The limits of recorded content do not apply here, but a streamed answer
 * or run keeps at most 16 MiB of text and 8 MiB of media. A text cut at these limits has an `original_length`
 * or ends in `…`.
 */
export interface Completion {
  /** The other attributes of the operation: `gen_ai.operation.name`, models, ids, usage. */
  readonly operation: Readonly<Attributes>;
  /** The span context of the operation, even if its span is not sampled. */
  readonly spanContext: SpanContext;
  readonly caller: Caller;
  systemInstructions: readonly MessagePart[];
  inputMessages: readonly Message[];
  outputMessages: readonly Message[];
  toolDefinitions: readonly ToolDefinition[];
  /** The arguments of a tool call; `undefined` for other operations. */
  toolArguments: unknown;
  /** The result of a tool call. */
  toolResult: unknown;
  /** The arguments of a traced function. */
  functionArguments: unknown;
  /** The value that a traced function returned, or the values that it yielded. */
  functionResult: unknown;
  /** The results of a search. */
  documents: readonly unknown[];
  /** Request parameters that are content, by attribute: stop sequences, a search query, prompt variables. */
  parameters: Attributes;
  /** With the option `recordRequest`: the request's fields that have no attributes of their own. */
  requestBody: unknown;
  /** The message of the operation's error, which may quote the request. */
  errorMessage: string | undefined;
  /** The explanation of an evaluation. Then, `operation` has the score, and the other fields are empty. */
  evaluationExplanation: string | undefined;
  /**
   * Initially empty. Attributes that a hook adds here are recorded on span and event without further consent, for
   * example a reference to the stored content.
   */
  readonly attributes: Attributes;
}

/**
 * Called once for each operation, when it ends. Change the content before the first `await`: only a flush or
 * shutdown of the tracer provider waits for a promise that the hook returns, for five seconds at most.
 *
 * If the hook throws before its first `await`, or returns a function, no content of that operation is
 * recorded. Without `node:util`, the error of an `async` hook comes too late to prevent the recording. Calls
 * to `openai` that the hook makes reach no hook, and their content is not recorded.
 */
export type CompletionHook = (completion: Completion) => unknown;
