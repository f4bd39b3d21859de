import {
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_TOOL_CALL_ARGUMENTS,
  ATTR_GEN_AI_TOOL_CALL_RESULT,
} from '../semconv/attributes.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { partContent, readMessages } from './messages.ts';
import { attributeText } from './span-details.ts';

/** An attribute with content: input (`›`) or output (`‹`), and how it is rendered. */
interface ContentAttribute {
  readonly attribute: string;
  readonly mark: '›' | '‹';
  readonly read: (value: unknown) => string;
}

/** The attributes with content, which exist only with the user's consent. */
const CONTENT: readonly ContentAttribute[] = [
  { attribute: ATTR_GEN_AI_INPUT_MESSAGES, mark: '›', read: lastMessage },
  { attribute: ATTR_GEN_AI_OUTPUT_MESSAGES, mark: '‹', read: lastMessage },
  { attribute: ATTR_GEN_AI_TOOL_CALL_ARGUMENTS, mark: '›', read: quoted },
  { attribute: ATTR_GEN_AI_TOOL_CALL_RESULT, mark: '‹', read: quoted },
];

/** More than fits on a line of any terminal. */
const MAX_READ_CONTENT_LENGTH = 500;

/** The content of a span as lines: `› user "What is 2+2?"`, `‹ "4"`. Only the last message is shown. */
export function contentLinesOf(attributes: Readonly<Record<string, unknown>>): string[] {
  const lines: string[] = [];
  for (const { attribute, mark, read } of CONTENT) {
    const value = attributes[attribute];
    if (value !== undefined) lines.push(`${mark} ${read(value)}`);
  }
  return lines;
}

function quoted(value: unknown): string {
  const text = terminalSafe(attributeText(value), MAX_READ_CONTENT_LENGTH).trim();
  // JSON needs no further quotes.
  return /^[[{]/.test(text) ? text : `"${text}"`;
}

/** Renders the last message of an attribute in the conventions' format, or the value itself if it has another format. */
function lastMessage(value: unknown): string {
  const message = readMessages(value)?.at(-1);
  if (message === undefined) return quoted(value);
  const role = message.role === '' ? [] : [terminalSafe(message.role, 40)];
  return [...role, ...message.parts.map(partText)].join(' ');
}

/** Labels of parts without text. */
const PART_NAMES: Readonly<Record<string, string>> = {
  tool_call_response: 'result without content',
  blob: 'media',
  uri: 'media by link',
  file: 'file',
  citations: 'sources',
  omitted: 'not recorded',
};

/** Text in quotes; a tool call as `get_weather({"city":"Paris"})`, or only its name if the arguments are not recorded. */
function partText(part: Readonly<Record<string, unknown>>): string {
  if (part.type === 'tool_call') {
    const input = attributeText(part.arguments ?? '');
    return terminalSafe(
      `${attributeText(part.name ?? 'tool')}${input && `(${input})`}`,
      MAX_READ_CONTENT_LENGTH,
    );
  }
  const content = partContent(part);
  if (content !== undefined) return quoted(content);
  const type = attributeText(part.type ?? 'part');
  return `[${Object.hasOwn(PART_NAMES, type) ? PART_NAMES[type] : terminalSafe(type, 40)}]`;
}
