import * as ATTR from '../../semconv/attributes.ts';
import { escapeControlCharacters } from '../../util/terminal-safe.ts';
import {
  attributeText,
  isRecord,
  parseShortJson,
  partContent,
  readMessages,
  type SpanMessage,
} from '../messages.ts';
import type { ViewedSpan } from '../viewed-span.ts';
import { mediaText } from './media-part.tsx';

type Json = Readonly<Record<string, unknown>>;

type SentMessage = ReturnType<typeof toMessage>;

interface Api {
  readonly path: string;
  readonly method: string;
  readonly messages: string;
  readonly itemsOf: (message: SentMessage) => Json[];
  readonly toolOf: (tool: Json) => Json;
  /** The names of the other parameters, each with the attribute that has its value. */
  readonly parameters: Readonly<Record<string, string>>;
}

const CHAT_API: Api = {
  path: '/chat/completions',
  method: 'chat.completions',
  messages: 'messages',
  itemsOf: ({ role, content, calls, results }) => {
    const tool_calls = calls.map(({ id, ...call }) => ({ id, type: 'function', function: call }));
    const said = tool_calls.length > 0 ? { role, content, tool_calls } : { role, content };
    return [
      ...(content === '' && calls.length === 0 ? [] : [said]),
      ...results.map(({ id, output }) => ({ role: 'tool', tool_call_id: id, content: output })),
    ];
  },
  toolOf: ({ type, ...more }) => ({ type, function: more }),
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
  },
};

const RESPONSES_API: Api = {
  path: '/responses',
  method: 'responses',
  messages: 'input',
  itemsOf: ({ role, content, calls, results }) => [
    ...(content === '' ? [] : [{ role, content }]),
    ...calls.map(({ id, ...call }) => ({ type: 'function_call', call_id: id, ...call })),
    ...results.map(({ id, output }) => ({ type: 'function_call_output', call_id: id, output })),
  ],
  toolOf: (tool) => tool,
  parameters: {
    temperature: ATTR.GEN_AI_REQUEST_TEMPERATURE,
    top_p: ATTR.GEN_AI_REQUEST_TOP_P,
    max_output_tokens: ATTR.GEN_AI_REQUEST_MAX_TOKENS,
    previous_response_id: ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID,
  },
};

function apiOf({ attributes }: ViewedSpan): Api {
  return attributes[ATTR.OPENAI_API_TYPE] === 'responses' ? RESPONSES_API : CHAT_API;
}

export function isRepeatable({ attributes }: ViewedSpan): boolean {
  const isChat = attributes[ATTR.GEN_AI_OPERATION_NAME] === 'chat';
  return isChat && readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]) !== undefined;
}

function bodyOf(span: ViewedSpan): Json {
  const { attributes } = span;
  const api = apiOf(span);
  const instructions = listIn(attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]).map(({ content }) => ({
    role: 'system',
    content: attributeText(content ?? ''),
  }));
  const said = (readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]) ?? []).map(toMessage);
  const tools = listIn(attributes[ATTR.GEN_AI_TOOL_DEFINITIONS]).map(api.toolOf);
  return {
    model: attributes[ATTR.GEN_AI_REQUEST_MODEL],
    [api.messages]: [...instructions, ...said.flatMap(api.itemsOf)],
    ...(tools.length > 0 && { tools }),
    // JSON leaves out parameters that are undefined.
    ...Object.fromEntries(
      Object.entries(api.parameters).map(([name, attribute]) => [name, attributes[attribute]]),
    ),
  };
}

function listIn(value: unknown): Json[] {
  const parsed = parseShortJson(value);
  return Array.isArray(parsed) ? parsed.filter(isRecord) : [];
}

function toMessage({ role, parts }: SpanMessage) {
  const ofType = (wanted: string): SpanMessage['parts'] => parts.filter(({ type }) => type === wanted);
  return {
    role,
    content: spokenIn(parts),
    calls: ofType('tool_call').map(({ id, name, arguments: input }) => ({
      id,
      name,
      arguments: attributeText(input ?? '{}'),
    })),
    results: ofType('tool_call_response').map((part) => ({
      id: part.id,
      output: attributeText(partContent(part) ?? ''),
    })),
  };
}

/** The text of a message. Parts that are not text are only named. */
function spokenIn(parts: SpanMessage['parts']): string {
  return parts
    .filter(({ type }) => !/^(?:tool_call|tool_call_response|reasoning)$/.test(String(type)))
    .map((part) => (part.type === 'text' ? attributeText(partContent(part) ?? '') : `[${mediaText(part)}]`))
    .join('\n');
}

const OPENAI_HOST = 'api.openai.com';

/** The address of the API. It comes from the program that sent the span, so anything but a host name is ignored. */
function baseUrlOf({ attributes }: ViewedSpan): string {
  const { [ATTR.SERVER_ADDRESS]: address, [ATTR.SERVER_PORT]: port = 443 } = attributes;
  const host = typeof address === 'string' && /^[\w.:-]+$/.test(address) ? address : OPENAI_HOST;
  const isHere = /^(?:localhost|127\.[\d.]+|::1)$/.test(host);
  const scheme = isHere || port === 80 ? 'http' : 'https';
  const place = Number(port) === 443 || !Number.isInteger(Number(port)) ? '' : `:${Number(port)}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${place}/v1`;
}

/** The name of the variable with the API key. The key of OpenAI is used only for OpenAI's own host. */
function keyVariableOf(baseUrl: string): string {
  return baseUrl === `https://${OPENAI_HOST}/v1` ? 'OPENAI_API_KEY' : 'API_KEY';
}

/** A `curl` command that repeats the call. It reads the key from an environment variable. */
export function curlOf(span: ViewedSpan): string {
  const baseUrl = baseUrlOf(span);
  return [
    `curl ${shellQuoted(baseUrl + apiOf(span).path)}`,
    `-H "Authorization: Bearer $${keyVariableOf(baseUrl)}"`,
    "-H 'Content-Type: application/json'",
    `-d ${shellQuoted(jsonOf(bodyOf(span)))}`,
  ].join(' \\\n  ');
}

export function typeScriptOf(span: ViewedSpan): string {
  const baseUrl = baseUrlOf(span);
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${jsonOf(baseUrl)}, apiKey: process.env.${keyVariableOf(baseUrl)} });
const answer = await client.${apiOf(span).method}.create(${jsonOf(bodyOf(span))});
console.log(answer);
`;
}

/** JSON over several lines. Control characters are escaped, so that none is hidden. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(escapeControlCharacters).join('\n');
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
