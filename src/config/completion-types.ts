import type { Attributes, SpanContext } from '@opentelemetry/api';

/**
 * The conventions' shapes of content (`gen-ai-input-messages.json` and its siblings), in which every API's
 * messages are expressed before anything is recorded.
 */
export interface Message {
  readonly role: string;
  /** Of one participant among several with the same role. */
  readonly name?: string;
  readonly parts: readonly MessagePart[];
  /** Of output messages, in the schema's spelling. */
  readonly finish_reason?: string;
}

/** A piece of a message: a text, a tool call or its answer, media. */
export type MessagePart =
  /** `original_length`, in characters, where the content is only the beginning of the text. */
  | { readonly type: 'text'; readonly content: string; readonly original_length?: number }
  | { readonly type: 'reasoning'; readonly content: string; readonly original_length?: number }
  | {
      readonly type: 'tool_call';
      readonly id?: string;
      readonly name: string;
      readonly arguments?: unknown;
    }
  | { readonly type: 'tool_call_response'; readonly id?: string; readonly response: unknown }
  | {
      readonly type: 'server_tool_call';
      readonly id?: string;
      readonly name: string;
      readonly server_tool_call: { readonly type: string };
    }
  | {
      readonly type: 'server_tool_call_response';
      readonly id?: string;
      readonly server_tool_call_response: { readonly type: string };
    }
  | { readonly type: 'compaction'; readonly id?: string }
  /** Stands for parts that were not read. */
  | { readonly type: 'omitted'; readonly count: number }
  | {
      readonly type: 'file';
      readonly modality: string;
      readonly file_id: string;
    }
  | { readonly type: 'uri'; readonly modality: string; readonly uri: string }
  | BlobPart;

/** Media that came inside of a message. What is recorded of them is for the media policy to say. */
export interface BlobPart {
  readonly type: 'blob';
  readonly modality: string;
  readonly mime_type?: string;
  /** Base64. */
  readonly content: string;
  /** Bytes, where the content is not here. */
  readonly size?: number;
}

/** A tool the model could call, flat, as `gen-ai-tool-definitions.json` has it. */
export interface ToolDefinition {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly parameters?: unknown;
}

/**
 * What was said in one operation, as a completion hook gets it: a chat completion, a response, a run, a step of
 * a run, a tool call, a search, a function that the program has traced; of any other that failed, the text of its
 * error. All of it is the hook's own copy, in the shapes of the GenAI conventions and without limits; media are
 * base64. Only of a streamed answer or run no more than 16 MiB of text and 8 MiB of media are kept: what is cut has an
 * `original_length` or ends in `…`. A hook masks by setting a field to something else.
 */
export interface Completion {
  /** What else is known of the operation, by attribute: `gen_ai.operation.name`, models, ids, usage. */
  readonly operation: Readonly<Attributes>;
  /** Of the operation's span, which may not be sampled. */
  readonly spanContext: SpanContext;
  systemInstructions: readonly MessagePart[];
  inputMessages: readonly Message[];
  outputMessages: readonly Message[];
  toolDefinitions: readonly ToolDefinition[];
  /** Of a tool call: what the tool was given and what it gave, `undefined` where there is none. */
  toolArguments: unknown;
  toolResult: unknown;
  /** Of a function that the program has traced: its arguments, and what it returned or yielded. */
  functionArguments: unknown;
  functionResult: unknown;
  /** Of a search: what it found. */
  documents: readonly unknown[];
  /** Parameters in the caller's own words, by attribute: stop sequences, the query of a search, variables of a prompt. */
  parameters: Attributes;
  /** The text of the error that the operation ended with, which may quote what was sent. */
  errorMessage: string | undefined;
  /**
   * Empty; what a hook puts here is recorded on the span and the event without further consent, such as the
   * address under which it stored the content.
   */
  readonly attributes: Attributes;
}

/**
 * Called once for each operation, when it has ended. It delays nothing beyond the time it takes itself: a promise
 * that it returns is not waited for by the call, so what is changed after an `await` comes too late. Flushing or
 * shutting down the tracer provider waits for it, a few seconds at most. Of an operation whose hook throws no
 * content is recorded.
 */
export type CompletionHook = (completion: Completion) => unknown;
