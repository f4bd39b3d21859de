import * as ATTR from './semconv/attributes.ts';
import type { Row } from './tree.ts';
import { isFailed, type ViewedSpan } from './viewed-span.ts';

/** The attributes that each named term searches. A term with an unknown name counts as a word. */
const FILTERED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  model: [ATTR.GEN_AI_RESPONSE_MODEL, ATTR.GEN_AI_REQUEST_MODEL],
  agent: [ATTR.GEN_AI_AGENT_NAME],
  tool: [ATTR.GEN_AI_TOOL_NAME],
  user: [ATTR.USER_ID],
  prompt: [ATTR.GEN_AI_PROMPT_NAME, ATTR.GEN_AI_PROMPT_VERSION],
  conversation: [ATTR.GEN_AI_CONVERSATION_ID, ATTR.OPENAI_THREAD_ID, ATTR.OPENAI_SESSION_ID],
  error: [ATTR.ERROR_TYPE],
};
/** Starts the term for failed spans. It does not apply to the spans below them. */
const FAILED = 'error:';

/** Words are searched for in names, models, types and messages, and in the input and output of tools. */
const SEARCHED = /\.(name|model|type|messages|arguments|result|system_instructions|text)$/;
/** The attributes with ids. A short word matches only a whole id: many ids contain a number such as 12. */
const SEARCHED_IDS = /\.id$/;
const MIN_ID_PART = 4;
/** The maximum number of terms of a filter. `findRows` needs one bit of an integer for each term. */
const MAX_TERMS = 30;

type Term = (span: ViewedSpan) => boolean;

/**
 * The rows that match a filter: words, phrases in quotes, and terms such as `model:gpt-4o`. Each term must occur in the span or in one of its ancestors, and at least one term in
 * the span itself: `document 137 part 3` finds part 3 of document 137.
 */
export function findRows(rows: readonly Row[], filter: string): Set<Row> {
  const parts = filterParts(filter);
  const terms = parts.map(termOf);
  const all = 2 ** terms.length - 1;
  const inherited = parts.reduce((bits, part, i) => (part.startsWith(FAILED) ? bits & ~(1 << i) : bits), all);
  const found = new Set<Row>();
  const seen = new Map<Row | undefined, number>();
  for (const row of rows) {
    const { span } = row;
    const own = terms.reduce((bits, term, i) => (term(span) ? bits | (1 << i) : bits), 0);
    const bits = own | (seen.get(row.parent) ?? 0);
    seen.set(row, bits & inherited);
    if (bits === all && (own > 0 || all === 0)) found.add(row);
  }
  return found;
}

export function patternOf(filter: string): RegExp | undefined {
  const words = filterParts(filter).map((part) => fieldIn(part)?.value ?? part);
  const sources = words.filter((word) => word !== '').map(sourceOf);
  return sources.length === 0 ? undefined : new RegExp(sources.join('|'), 'gi');
}

/** The source of a pattern that finds a word. A number is not found inside a longer number. */
function sourceOf(word: string): string {
  return /^\d+$/.test(word) ? `(?<!\\d)${word}(?!\\d)` : word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function filterParts(words: string): string[] {
  return [...words.toLowerCase().matchAll(/(?:"[^"]*"?|[^\s"])+/g)]
    .map(([part]) => part.replaceAll('"', ''))
    .filter((part) => part !== '')
    .slice(0, MAX_TERMS);
}

function fieldIn(part: string): { readonly names: readonly string[]; readonly value: string } | undefined {
  const [, name = '', value = ''] = /^(\w+):(.*)$/.exec(part) ?? [];
  const names = Object.hasOwn(FILTERED_FIELDS, name) ? FILTERED_FIELDS[name] : undefined;
  return names && { names, value };
}

function termOf(part: string): Term {
  if (part.startsWith(FAILED)) {
    const type = part.slice(FAILED.length);
    return (span) => isFailed(span) && lower(span.attributes[ATTR.ERROR_TYPE] ?? '').includes(type);
  }
  const field = fieldIn(part);
  if (field !== undefined)
    return ({ attributes }) =>
      field.names.some(
        (name) => attributes[name] !== undefined && lower(attributes[name]).includes(field.value),
      );
  const word = new RegExp(sourceOf(part));
  const id = part.length < MIN_ID_PART ? `\n${part}\n` : part;
  return (span) => {
    const { text, ids } = searchedTexts(span);
    return word.test(text) || ids.includes(id);
  };
}

const SEARCHED_TEXTS = new WeakMap<object, { readonly text: string; readonly ids: string }>();

/** The texts of a span that are searched. They are cached: the filter runs after each typed letter. */
function searchedTexts(span: ViewedSpan): { readonly text: string; readonly ids: string } {
  const known = SEARCHED_TEXTS.get(span);
  if (known !== undefined) return known;
  const texts = [span.name, span.message ?? ''];
  const ids = [span.traceId, span.spanId];
  for (const [name, value] of Object.entries(span.attributes)) {
    if (typeof value !== 'string') continue;
    if (SEARCHED.test(name)) texts.push(value);
    else if (SEARCHED_IDS.test(name)) ids.push(value);
  }
  const made = { text: texts.join('\n').toLowerCase(), ids: `\n${ids.join('\n')}\n`.toLowerCase() };
  SEARCHED_TEXTS.set(span, made);
  return made;
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

const MAX_FACETS = 20;
const MAX_FACET_LENGTH = 200;

export function facetsOf(rows: readonly Row[]): string[] {
  return Object.entries(FILTERED_FIELDS).flatMap(([name, attributes]) => {
    const values = new Set<string>();
    for (const { span } of rows) {
      if (values.size >= MAX_FACETS) break;
      const value = attributes.map((each) => span.attributes[each]).find((each) => each !== undefined);
      if (typeof value === 'string' && value !== '' && value.length <= MAX_FACET_LENGTH) values.add(value);
    }
    return [...values].map((value) => `${name}:${/\s/.test(value) ? `"${value}"` : value}`);
  });
}
