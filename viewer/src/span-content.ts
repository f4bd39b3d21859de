import { mediaText } from './media.ts';
import { attributeText, parseShortJson, partContent, readMessages, type SpanPart } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import type { SpanAttributes } from './viewed-span.ts';

/** The input (`›`) or the output (`‹`) of a span, in one line. */
export interface ContentLine {
  readonly mark: '›' | '‹';
  readonly role: string | undefined;
  readonly text: string;
}

/** The maximum length of a text, in UTF-16 units: more than fits on a line of any terminal. */
const MAX_READ_LENGTH = 500;

/** A span's content: `› user "What is 2+2?"`, `‹ assistant "4"`. Of several messages, it has the last. */
export function contentOf(attributes: SpanAttributes, length: number = MAX_READ_LENGTH): ContentLine[] {
  const { input, output } = exchangeOf(attributes);
  const lines = [
    ['›', attributes[ATTR.GEN_AI_INPUT_MESSAGES]],
    ['‹', attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]],
    ['›', input],
    ['‹', output],
  ] as const;
  return lines.flatMap(([mark, value]): ContentLine[] => {
    if (value === undefined) return [];
    const message = readMessages(value)?.at(-1);
    if (message === undefined) return [{ mark, role: undefined, text: quoted(value, length) }];
    const text = message.parts.map((part) => partText(part, length)).join(' ');
    return [{ mark, role: terminalSafe(message.role, 40), text }];
  });
}

/** The input and output of a span that are no messages: of a tool, a search, or a traced function. */
export function exchangeOf(attributes: SpanAttributes): { input: unknown; output: unknown } {
  return {
    input:
      attributes[ATTR.GEN_AI_TOOL_CALL_ARGUMENTS] ??
      attributes[ATTR.GEN_AI_RETRIEVAL_QUERY_TEXT] ??
      functionInput(attributes[ATTR.OPENAI_TRACE_INPUT]),
    output:
      attributes[ATTR.GEN_AI_TOOL_CALL_RESULT] ??
      attributes[ATTR.GEN_AI_RETRIEVAL_DOCUMENTS] ??
      functionValue(attributes[ATTR.OPENAI_TRACE_OUTPUT]),
  };
}

/** The arguments of a function. A single argument is shown without the list that contains it. */
function functionInput(value: unknown): unknown {
  const list = parseShortJson(value);
  return Array.isArray(list) && list.length === 1 ? list[0] : value;
}

/** A text without the quotes and escapes of JSON. */
function functionValue(value: unknown): unknown {
  const parsed = parseShortJson(value);
  return typeof parsed === 'string' ? parsed : value;
}

function quoted(value: unknown, length: number): string {
  const text = terminalSafe(attributeText(value), length).trim();
  return /^[[{]/.test(text) ? text : `"${text}"`;
}

/** A message part as text: `"text"`, `get_weather({"city":"Paris"})`, or `get_weather` without arguments. */
function partText(part: SpanPart, length: number): string {
  if (part.type === 'tool_call') {
    const input = attributeText(part.arguments ?? '');
    return terminalSafe(`${attributeText(part.name ?? 'tool')}${input && `(${input})`}`, length);
  }
  const content = partContent(part);
  return content === undefined ? `[${terminalSafe(mediaText(part), length)}]` : quoted(content, length);
}
