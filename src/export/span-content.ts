import { terminalSafe } from '../util/terminal-safe.ts';
import { partContent, readMessages } from './messages.ts';
import { attributeText } from './span-details.ts';

/** An attribute with content: what went in (`›`) or came out (`‹`), and how it becomes text. */
interface ContentAttribute {
  readonly attribute: string;
  readonly mark: '›' | '‹';
  readonly read: (value: unknown) => string;
}

/** The attributes with content, which are there only with the user's consent. */
const CONTENT: readonly ContentAttribute[] = [
  { attribute: 'gen_ai.input.messages', mark: '›', read: lastMessage },
  { attribute: 'gen_ai.output.messages', mark: '‹', read: lastMessage },
  { attribute: 'gen_ai.tool.call.arguments', mark: '›', read: quoted },
  { attribute: 'gen_ai.tool.call.result', mark: '‹', read: quoted },
];

/** More than fits on any screen; what is longer is not read. */
const READ_LIMIT = 500;

/** The content of a span as lines: `› user "What is 2+2?"`, `‹ "4"`. Of messages, the last is shown. */
export function contentLinesOf(attributes: Readonly<Record<string, unknown>>): string[] {
  const lines: string[] = [];
  for (const { attribute, mark, read } of CONTENT) {
    const value = attributes[attribute];
    if (value !== undefined) lines.push(`${mark} ${read(value)}`);
  }
  return lines;
}

function quoted(value: unknown): string {
  const text = terminalSafe(attributeText(value), READ_LIMIT).trim();
  // JSON has quotes enough.
  return /^[[{]/.test(text) ? text : `"${text}"`;
}

/** Reads messages in the conventions' form: `[{ role, parts: [{ type, content }] }]`, as JSON or not. */
function lastMessage(value: unknown): string {
  const message = readMessages(value)?.at(-1);
  if (message === undefined) return quoted(value);
  const role = message.role === '' ? [] : [terminalSafe(message.role, 40)];
  return [...role, ...message.parts.map(partText)].join(' ');
}

/** What a part is called that has no text. */
const PART_NAMES: Readonly<Record<string, string>> = {
  tool_call_response: 'result without content',
  blob: 'media',
  uri: 'media by link',
  file: 'file',
};

/** Text in quotes; a tool call as it would be written, `get_weather({"city":"Paris"})`, or its name alone. */
function partText(part: Readonly<Record<string, unknown>>): string {
  if (part.type === 'tool_call') {
    const input = attributeText(part.arguments ?? '');
    return terminalSafe(`${attributeText(part.name ?? 'tool')}${input && `(${input})`}`, READ_LIMIT);
  }
  const content = partContent(part);
  if (content !== undefined) return quoted(content);
  const type = attributeText(part.type ?? 'part');
  return `[${Object.hasOwn(PART_NAMES, type) ? PART_NAMES[type] : terminalSafe(type, 40)}]`;
}
