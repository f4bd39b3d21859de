import { escaped, type FilterTerm, filterParts, termOf } from './filter-terms.ts';
import { attributeText } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { contentTexts, parseRecorded } from './span-texts.ts';
import { type Row, rowsBelow } from './tree.ts';
import type { SpanAttributes, ViewedSpan } from './viewed-span.ts';

/** Words are searched for in the content of spans, and in names, models and error types. */
const SEARCHED = new RegExp(`\\.(?:name|model)$|^${ATTR.ERROR_TYPE}$`);
/** The attributes with ids. A short word matches only a whole id: many ids contain a number such as 12. */
const SEARCHED_IDS = /\.id$/;
const MIN_ID_PART = 4;
/** After how many rows a search that runs in slices may pause. */
const ROWS_PER_STEP = 8;

/**
 * The rows that match a filter: words, phrases in quotes, and terms such as `model:gpt-4o`. Each term must occur in the span or in one of its ancestors, and at least one term in
 * the span itself: `document 137 part 3` finds part 3 of document 137.
 */
export function findRows(rows: readonly Row[], filter: string): Set<Row> {
  return inSteps(searchRows(rows, filter));
}

/** Takes all steps of some work. */
export function inSteps<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does what `findRows` does, in steps. */
export function* searchRows(rows: readonly Row[], filter: string): Generator<undefined, Set<Row>> {
  const tests = testsOf(filter);
  if (tests.length === 0) return new Set(rows);
  const all = 2 ** tests.length - 1;
  const inherited = tests.reduce((bits, { isOwn }, i) => (isOwn ? bits & ~(1 << i) : bits), all);
  const conversation = tests.reduce((bits, test, i) => (test.isConversation ? bits | (1 << i) : bits), 0);
  const found = new Set<Row>();
  const seen = new Map<Row | undefined, number>();
  for (const [i, row] of rows.entries()) {
    if (i % ROWS_PER_STEP === 0) yield undefined;
    const own = tests.reduce((bits, { matches }, place) => (matches(row) ? bits | (1 << place) : bits), 0);
    const above = seen.get(row.parent) ?? 0;
    const bits = own | above;
    seen.set(row, bits & inherited);
    if (bits === all && (own | (above & conversation)) > 0) found.add(row);
  }
  return found;
}

/** Adds what is below each found row, unless something is found there. A run that is found by its name is shown whole. */
export function withRowsBelow(found: ReadonlySet<Row>): ReadonlySet<Row> {
  const above = rowsAbove(found);
  const shown = new Set(found);
  for (const row of found) if (!above.has(row)) for (const below of rowsBelow(row)) shown.add(below);
  return shown;
}

/** All ancestors of some rows. */
export function rowsAbove(rows: Iterable<Row>): Set<Row> {
  const above = new Set<Row>();
  for (const { parent } of rows)
    for (let row = parent; row !== undefined && !above.has(row); row = row.parent) above.add(row);
  return above;
}

function testsOf(filter: string): FilterTerm[] {
  return filterParts(filter).map((part) => termOf(part) ?? wordTest(part.text));
}

/** Finds what a filter asks for, to mark it. */
export function patternOf(filter: string): RegExp | undefined {
  return patternFor(testsOf(filter).map(({ marked }) => marked));
}

/** Whether a filter asks for a conversation or a user, so that the traces that it lists belong together. */
export function asksForConversation(filter: string): boolean {
  return testsOf(filter).some(({ isConversation }) => isConversation);
}

function patternFor(words: readonly string[]): RegExp | undefined {
  const sources = words.filter((word) => word !== '').map(sourceOf);
  return sources.length === 0 ? undefined : new RegExp(sources.join('|'), 'gi');
}

/** The source of a pattern that finds a word. A number is not found inside a longer number. */
function sourceOf(word: string): string {
  return /^\d+$/.test(word) ? `(?<!\\d)${word}(?!\\d)` : escaped(word);
}

function wordTest(text: string): FilterTerm {
  const word = new RegExp(sourceOf(text), 'i');
  const id = text.length < MIN_ID_PART ? `\n${text}\n` : text;
  const matches = ({ span }: Row): boolean => {
    const searched = searchedTexts(span);
    return word.test(searched.text) || searched.ids.includes(id);
  };
  return { matches, isOwn: false, marked: text, isConversation: false };
}

interface SearchedTexts {
  /** The texts of the content and then the names, each in a line of its own. */
  readonly text: string;
  /** The length of the texts of the content. */
  readonly contentLength: number;
  /** In small letters, between line feeds. */
  readonly ids: string;
}

const SEARCHED_TEXTS = new WeakMap<SpanAttributes, SearchedTexts>();

/** The texts of a span that are searched. They are kept, because the filter runs after each typed letter. */
function searchedTexts({ name, message = '', traceId, spanId, attributes }: ViewedSpan): SearchedTexts {
  const known = SEARCHED_TEXTS.get(attributes);
  if (known !== undefined) return known;
  const strings = Object.entries(attributes).filter(([, value]) => typeof value === 'string');
  const valuesOf = (names: RegExp): string[] =>
    strings.flatMap(([each, value]) => (names.test(each) ? attributeText(value) : []));
  const content = contentTexts(parseRecorded(attributes)).map(inOneLine).join('\n');
  const made = {
    text: [content, ...[name, message, ...valuesOf(SEARCHED)].map(inOneLine)].join('\n'),
    contentLength: content.length,
    ids: `\n${[traceId, spanId, ...valuesOf(SEARCHED_IDS)].join('\n')}\n`.toLowerCase(),
  };
  SEARCHED_TEXTS.set(attributes, made);
  return made;
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** How much of a text is shown before and after the words that were found, in UTF-16 units. */
const EXCERPT_BEFORE = 24;
const EXCERPT_AFTER = 160;

/** What stands around the words of a filter in the content of these rows, if it stands there. */
export function excerptOf(rows: Iterable<Row>, filter: string): string | undefined {
  const pattern = patternFor(filterParts(filter).flatMap((part) => (termOf(part) ? [] : part.text)));
  if (pattern === undefined) return undefined;
  for (const { span } of rows) {
    const { text, contentLength } = searchedTexts(span);
    const place = text.search(pattern);
    if (place < 0 || place >= contentLength) continue;
    const lineStart = text.lastIndexOf('\n', place) + 1;
    const start = Math.max(lineStart, place - EXCERPT_BEFORE);
    const line = text.slice(start, place + EXCERPT_AFTER).split('\n', 1)[0] ?? '';
    return start > lineStart ? `…${line}` : line;
  }
  return undefined;
}
