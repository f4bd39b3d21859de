import { mediaText } from './media.ts';
import {
  isRecord,
  parseShortJson,
  readMessages,
  readParts,
  type SpanMessage,
  type SpanPart,
} from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { exchangeOf } from './span-content.ts';
import type { SpanAttributes } from './viewed-span.ts';

/** The recorded content of a span, parsed. */
export interface RecordedContent {
  readonly instructions: readonly SpanPart[];
  readonly asked: readonly SpanMessage[];
  readonly answered: readonly SpanMessage[];
  /** The arguments of a tool, the query of a search, or the input of a traced function. */
  readonly input: unknown;
  readonly output: unknown;
}

/** The content that was read last, so that rows, panels and the conversation parse it once. */
const READ_CONTENTS = new Map<SpanAttributes, RecordedContent>();
const MAX_READ_CONTENTS = 1_000;

export function readContent(attributes: SpanAttributes): RecordedContent {
  const content = READ_CONTENTS.get(attributes) ?? parseRecorded(attributes);
  READ_CONTENTS.set(attributes, content);
  for (const oldest of READ_CONTENTS.keys()) {
    if (READ_CONTENTS.size <= MAX_READ_CONTENTS) break;
    READ_CONTENTS.delete(oldest);
  }
  return content;
}

export function parseRecorded(attributes: SpanAttributes): RecordedContent {
  const { [ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]: instructions } = attributes;
  const { [ATTR.GEN_AI_INPUT_MESSAGES]: asked, [ATTR.GEN_AI_OUTPUT_MESSAGES]: answered } = attributes;
  const { input, output } = exchangeOf(attributes);
  return {
    instructions: readParts(instructions) ?? unreadParts(instructions),
    asked: recordedMessages(asked, 'user'),
    answered: recordedMessages(answered, 'assistant'),
    input: parseShortJson(input) ?? input,
    output: parseShortJson(output) ?? output,
  };
}

function recordedMessages(value: unknown, role: string): readonly SpanMessage[] {
  if (value === undefined) return [];
  return readMessages(value) ?? [{ role, parts: unreadParts(value) }];
}

/** A value that is not JSON, because it is plain text or was cut for the page. */
function unreadParts(value: unknown): SpanPart[] {
  if (value === undefined) return [];
  const isCut = typeof value === 'string' && /^\s*[[{]/.test(value);
  return [{ type: isCut ? 'cut' : 'text', content: value }];
}

/** The fields of a part that only describe it. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(['type', 'id', 'finish_reason', 'mime_type', 'modality']);
const MEDIA_PARTS: ReadonlySet<unknown> = new Set(['blob', 'uri', 'file']);

/** The texts of a span's content as the page shows them: without the syntax of JSON, and without roles. */
export function contentTexts({ instructions, asked, answered, input, output }: RecordedContent): string[] {
  const messages = [...asked, ...answered].flatMap(({ parts }) => parts);
  return [...instructions.flatMap(partTexts), ...messages.flatMap(partTexts), ...textsIn([input, output])];
}

function partTexts(part: SpanPart): string[] {
  if (MEDIA_PARTS.has(part.type)) return [mediaText(part)];
  if (part.type === 'cut') return [...cutTexts(String(part.content))];
  return Object.entries(part).flatMap(([name, value]) => (DESCRIPTIONS.has(name) ? [] : textsIn(value)));
}

/** The strings, numbers and field names in a value. Strings of JSON, such as arguments, are parsed. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const parsed = /^\s*[[{]/.test(value) ? parseShortJson(value) : undefined;
    return isRecord(parsed) ? textsIn(parsed) : [value];
  }
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (isRecord(value)) return Object.entries(value).flatMap(([name, each]) => [name, ...textsIn(each)]);
  return value === undefined || value === null ? [] : [String(value)];
}

/** A string in JSON, and the colon after it if it is the name of a field. */
const JSON_STRING = /"((?:[^"\\]|\\.)*)(?:"(\s*:)?|$)/gs;

/** The strings in JSON whose end is missing. */
function* cutTexts(json: string): Generator<string> {
  let field = '';
  for (const [, text = '', colon] of json.matchAll(JSON_STRING)) {
    const unescaped = parseShortJson(`"${text.replace(/\\(?:u[\da-f]{0,3})?$/i, '')}"`) ?? text;
    if (colon !== undefined) field = text;
    else if (field !== 'role' && !DESCRIPTIONS.has(field)) yield String(unescaped);
  }
}
