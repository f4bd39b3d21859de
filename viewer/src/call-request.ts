import { mediaText } from './media.ts';
import {
  attributeText,
  isRecord,
  parseShortJson,
  partContent,
  readMessages,
  readParts,
  type SpanMessage,
  type SpanPart,
} from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import type { ViewedSpan } from './viewed-span.ts';

export type Json = Readonly<Record<string, unknown>>;

interface ModelApi {
  readonly path: string;
  readonly method: string;
  readonly messages: string;
  readonly itemsOf: (message: SentMessage) => Json[];
  readonly toolOf: (tool: Json) => Json;
  readonly parameters: Readonly<Record<string, string>>;
}

interface SentMessage {
  readonly role: string;
  /** A text, or content parts in the format of Chat Completions; `null` if there is no content. */
  readonly content: string | Json[] | null;
  readonly calls: readonly { readonly id: unknown; readonly name: unknown; readonly arguments: string }[];
  readonly results: readonly { readonly id: unknown; readonly output: string }[];
}

const CHAT_API: ModelApi = {
  path: '/chat/completions',
  method: 'chat.completions',
  messages: 'messages',
  itemsOf: ({ role, content, calls, results }) => {
    const tool_calls = calls.map(({ id, ...call }) => ({ id, type: 'function', function: call }));
    const said = tool_calls.length > 0 ? { role, content, tool_calls } : { role, content };
    return [
      ...(content === null && calls.length === 0 ? [] : [said]),
      ...results.map(({ id, output }) => ({ role: 'tool', tool_call_id: id, content: output })),
    ];
  },
  toolOf: ({ type, ...definition }) =>
    type === 'function' ? { type, function: definition } : { type, ...definition },
  parameters: {
    temperature: ATTR.GEN_AI_REQUEST_TEMPERATURE,
    top_p: ATTR.GEN_AI_REQUEST_TOP_P,
    max_completion_tokens: ATTR.GEN_AI_REQUEST_MAX_TOKENS,
    frequency_penalty: ATTR.GEN_AI_REQUEST_FREQUENCY_PENALTY,
    presence_penalty: ATTR.GEN_AI_REQUEST_PRESENCE_PENALTY,
    seed: ATTR.GEN_AI_REQUEST_SEED,
    stop: ATTR.GEN_AI_REQUEST_STOP_SEQUENCES,
    n: ATTR.GEN_AI_REQUEST_CHOICE_COUNT,
    reasoning_effort: ATTR.GEN_AI_REQUEST_REASONING_LEVEL,
    service_tier: ATTR.OPENAI_REQUEST_SERVICE_TIER,
    top_k: ATTR.GEN_AI_REQUEST_TOP_K,
  },
};

const RESPONSES_API: ModelApi = {
  path: '/responses',
  method: 'responses',
  messages: 'input',
  itemsOf: ({ role, content, calls, results }) => [
    ...(content === null
      ? []
      : [{ role, content: Array.isArray(content) ? content.map(inputPart) : content }]),
    ...calls.map(({ id, ...call }) => ({ type: 'function_call', call_id: id, ...call })),
    ...results.map(({ id, output }) => ({ type: 'function_call_output', call_id: id, output })),
  ],
  toolOf: (tool) => tool,
  parameters: {
    temperature: ATTR.GEN_AI_REQUEST_TEMPERATURE,
    top_p: ATTR.GEN_AI_REQUEST_TOP_P,
    max_output_tokens: ATTR.GEN_AI_REQUEST_MAX_TOKENS,
    previous_response_id: ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID,
    reasoning: ATTR.GEN_AI_REQUEST_REASONING_LEVEL,
    service_tier: ATTR.OPENAI_REQUEST_SERVICE_TIER,
  },
};

function inputPart({ type, text, image_url, file }: Json): Json {
  if (isRecord(image_url)) return { type: 'input_image', image_url: image_url.url };
  return isRecord(file) ? { type: 'input_file', ...file } : { type: `input_${type}`, text };
}

export function apiOf({ attributes }: ViewedSpan): ModelApi {
  return attributes[ATTR.OPENAI_API_TYPE] === 'responses' ? RESPONSES_API : CHAT_API;
}

/** Parameters that are not repeated: how the request was sent, and the conversation that it adds to. */
const NOT_REPEATED: ReadonlySet<string> = new Set(['stream', 'stream_options', 'background', 'conversation']);

/**
 * Rebuilds the request of a model call. If the request's body was recorded (`recordRequest`), all parameters
 * are known; otherwise, those without an attribute are `undefined`. A text describes media that have no URL.
 */
export function requestOf({ attributes }: ViewedSpan, api: ModelApi): Json {
  const instructions = readParts(attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]) ?? [];
  const messages = readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]) ?? [];
  const sent = instructions.length > 0 ? [{ role: 'system', parts: instructions }, ...messages] : messages;
  const tools = readParts(attributes[ATTR.GEN_AI_TOOL_DEFINITIONS])?.map(api.toolOf) ?? [];
  const body = parseShortJson(attributes[ATTR.OPENAI_REQUEST_BODY]);
  const parameters = isRecord(body)
    ? Object.entries(body).filter(([name]) => !NOT_REPEATED.has(name))
    : Object.entries(api.parameters).map(([name, attribute]) => {
        const value = attributes[attribute];
        return [name, name === 'reasoning' && value !== undefined ? { effort: value } : value];
      });
  return {
    model: attributes[ATTR.GEN_AI_REQUEST_MODEL],
    [api.messages]: sent.flatMap((message) => api.itemsOf(sentMessage(message))),
    ...(tools.length > 0 && { tools }),
    ...Object.fromEntries(parameters),
  };
}

export function sentMessage({ role, parts }: SpanMessage): SentMessage {
  const ofType = (wanted: string): readonly SpanPart[] =>
    parts.filter(({ type, server }) => type === wanted && server !== true);
  const content = parts
    .filter((part) => !isBesideContent(part))
    .map((part) => sentPart(part) ?? { type: 'text', text: `\n[${mediaText(part)}]` });
  const texts = content.map(({ text }) => text).filter((text) => typeof text === 'string');
  return {
    role,
    content: content.length === 0 ? null : texts.length < content.length ? content : texts.join(''),
    calls: ofType('tool_call').map(({ id, name, arguments: given }) => ({
      id,
      name,
      arguments: attributeText(given ?? {}),
    })),
    results: ofType('tool_call_response').map((part) => ({
      id: part.id,
      output: attributeText(partContent(part) ?? ''),
    })),
  };
}

/** Whether a part has a place beside the content of a message, or like the reasoning none at all. */
export function isBesideContent({ type, server }: SpanPart): boolean {
  return /^(?:tool_call|tool_call_response|reasoning)$/.test(String(type)) && server !== true;
}

/** Converts a part to the format of Chat Completions; `undefined` if that has no such part. */
export function sentPart(part: SpanPart): Json | undefined {
  const { type, uri, modality, file_id } = part;
  if (type === 'text' || type === 'refusal')
    return { type: 'text', text: attributeText(partContent(part) ?? '') };
  if (type === 'uri' && modality === 'image') return { type: 'image_url', image_url: { url: uri } };
  return type === 'file' ? { type: 'file', file: { file_id } } : undefined;
}
