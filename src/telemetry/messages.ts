import { row } from '../payload.ts';

/**
 * The conventions' shapes of content (`gen-ai-input-messages.json` and its siblings), in which every API's
 * messages are expressed before anything is recorded.
 */
export interface Message {
  readonly role: string;
  readonly parts: readonly MessagePart[];
  /** Of output messages, in the schema's spelling. */
  readonly finish_reason?: string;
}

export type MessagePart =
  | { readonly type: 'text'; readonly content: string }
  | { readonly type: 'reasoning'; readonly content: string }
  | {
      readonly type: 'tool_call';
      readonly id?: string;
      readonly name: string;
      readonly arguments?: unknown;
    }
  | { readonly type: 'tool_call_response'; readonly id?: string; readonly response: unknown }
  | {
      readonly type: 'file';
      readonly modality: string;
      readonly file_id: string;
    }
  | { readonly type: 'uri'; readonly modality: string; readonly uri: string }
  /** Media that came inside the message: what it is and how large, not its bytes. */
  | {
      readonly type: 'media_reference';
      readonly modality: string;
      readonly mime_type?: string;
      readonly size: number;
    }
  | { readonly type: 'refusal'; readonly content: string };

/** A tool the model could call, flat, as `gen-ai-tool-definitions.json` has it. */
export interface ToolDefinition {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly parameters?: unknown;
}

/** Reasons as the schema of output messages spells them; the attribute keeps the API's own. */
const FINISH_REASONS: Readonly<Record<string, string>> = {
  tool_calls: 'tool_call',
  function_call: 'tool_call',
  max_output_tokens: 'length',
  max_completion_tokens: 'length',
  max_prompt_tokens: 'length',
  failed: 'error',
  expired: 'error',
};

export function messageFinishReason(reason: string | undefined): string {
  return reason === undefined ? 'stop' : (row(FINISH_REASONS, reason) ?? reason);
}

/** Arguments and results arrive as JSON text; recorded as values where they parse. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** An image or file given as a URL: a `data:` URL carries the bytes themselves. */
export function urlPart(url: string, modality: string): MessagePart {
  if (!url.startsWith('data:')) return { type: 'uri', modality, uri: withoutCredentials(url) };
  const comma = url.indexOf(',');
  const mimeType = url.slice('data:'.length, comma < 0 ? undefined : comma).split(';')[0];
  return {
    type: 'media_reference',
    modality,
    ...(mimeType ? { mime_type: mimeType } : {}),
    size: url.length - comma - 1,
  };
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1');
}
