import type { Attributes, SpanContext } from '@opentelemetry/api';

/**
 * A message in the shape of the GenAI conventions (`gen-ai-input-messages.json` and its siblings). The messages of
 * every API are converted to it before anything is recorded.
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
  | {
      readonly type: 'tool_call';
      readonly id?: string;
      readonly name: string;
      /** Of the MCP server that the call needs approval for. */
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
  /** What the text before it cites: `type`, `url`, `title`, `file_id` and `filename` of each. */
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
 * For whom an operation runs: what the program said with `withMetadata` or `traced`, and OpenTelemetry's baggage. Any
 * server or client before this process may have set baggage.
 */
export interface Caller {
  readonly userId?: string;
  readonly sessionId?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly tags: readonly string[];
  /** The program's own metadata, such as `tenant`, as texts. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly baggage: Readonly<Record<string, string>>;
}

/**
 * The content of one operation, as a completion hook receives it. Operations are chat completions, responses, runs,
 * steps of runs, tool calls, searches, traced functions and evaluations with an explanation. For any other failed
 * call only `errorMessage` is set.
 *
 * All values are the hook's own copy, in the shapes of the GenAI conventions, with media as base64. A hook masks content
 * by assigning fields. The limits of recorded content do not apply; a streamed answer or run keeps at most 16 MiB of
 * text and 8 MiB of media. A text cut at these limits has an `original_length` or ends in `…`.
 */
export interface Completion {
  /** The other attributes of the operation: `gen_ai.operation.name`, models, ids, usage. */
  readonly operation: Readonly<Attributes>;
  /** The context of the operation's span, which may not be sampled. */
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
  /** Request parameters that are content, by attribute: stop sequences, a search query, the variables of a prompt. */
  parameters: Attributes;
  /** The fields of the request without attributes of their own, with the option `recordRequest`. */
  requestBody: unknown;
  /** The message of the operation's error, which may quote the request. */
  errorMessage: string | undefined;
  /** The explanation of an evaluation. Its other fields are empty then, and `operation` has its score. */
  evaluationExplanation: string | undefined;
  /**
   * Initially empty. Attributes that a hook adds here are recorded on span and event without further consent, for
   * example a reference to the stored content.
   */
  readonly attributes: Attributes;
}

/**
 * Called once for each operation, when it ends. Change the content before the first `await`: nothing waits for a promise
 * that the hook returns, except a flush or shutdown of the tracer provider, for five seconds at most.
 *
 * If the hook throws before its first `await`, or returns a function, no content of that operation is recorded. In a
 * runtime without `node:util`, such an error of an `async` hook is noticed too late. Calls to `openai` that the hook makes
 * reach no hook, and their content is not recorded.
 */
export type CompletionHook = (completion: Completion) => unknown;
