import * as ATTR from '../../semconv/attributes.ts';
import { unusualFinish } from '../answer-end.ts';
import { attributeText, messageText, readMessages, type SpanMessage } from '../messages.ts';
import { toolExchange } from '../transcript.ts';
import type { SpanAttributes, ViewedSpan } from '../viewed-span.ts';

const MAX_PREVIEW_LENGTH = 200;
const MAX_NAMED_TOOLS = 5;

const PREVIEWS = new WeakMap<object, string>();

/** What a span did, in a few words: what it answered, the tools that it requested, or what it was asked. */
export function previewOf(span: ViewedSpan): string {
  const known = PREVIEWS.get(span);
  if (known !== undefined) return known;
  const text = (answered(span) ?? exchanged(span) ?? asked(span) ?? requested(span) ?? '').trim();
  PREVIEWS.set(span, text);
  return text;
}

export function finishOf({ attributes }: ViewedSpan): string | undefined {
  return unusualFinish(attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS]);
}

function answered({ attributes }: ViewedSpan): string | undefined {
  const message = readMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1);
  const text = beginning(messageText(message));
  const tools = toolsIn(message);
  return [text, tools].filter((part) => part !== '').join(' ') || undefined;
}

function toolsIn(message: SpanMessage | undefined): string {
  const names = message?.parts
    .filter(({ type }) => type === 'tool_call')
    .map(({ name }) => attributeText(name ?? 'tool').slice(0, 100));
  if (names === undefined || names.length === 0) return '';
  const more = names.length > MAX_NAMED_TOOLS ? `, +${names.length - MAX_NAMED_TOOLS}` : '';
  return `→ ${names.slice(0, MAX_NAMED_TOOLS).join(', ')}${more}`;
}

function exchanged({ attributes }: ViewedSpan): string | undefined {
  const { input, output } = toolExchange(attributes);
  if (input === undefined && output === undefined) return undefined;
  return [input, output]
    .map((value) => (value === undefined ? '' : beginning(attributeText(value))))
    .join(' → ');
}

/** The end of the question, because it says more than the beginning. */
function asked({ attributes }: ViewedSpan): string | undefined {
  const text = messageText(readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES])?.at(-1));
  if (!text) return undefined;
  const end = oneLine(text.slice(-MAX_PREVIEW_LENGTH));
  return text.length > MAX_PREVIEW_LENGTH ? `…${end}` : end;
}

function requested({ name, attributes }: ViewedSpan): string | undefined {
  const path = pathIn(attributes);
  return path === undefined || name.includes(path) ? undefined : path;
}

function pathIn(attributes: SpanAttributes): string | undefined {
  const url = attributes['url.full'] ?? attributes['http.url'] ?? attributes['url.path'];
  if (typeof url !== 'string') return undefined;
  return beginning(url.replace(/^\w+:\/\/[^/]*/, '') || '/');
}

function beginning(text: string | undefined): string {
  return oneLine((text ?? '').slice(0, MAX_PREVIEW_LENGTH));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
