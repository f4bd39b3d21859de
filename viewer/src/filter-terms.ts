import { attributeText } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { firstChunkOf } from './span-details.ts';
import { numberIn, spanUsage, tokenSum } from './span-usage.ts';
import { type Row, rowsBelow } from './tree.ts';
import {
  CONVERSATION_IDS,
  isFailed,
  millisecondsBetween,
  type SpanAttributes,
  serviceName,
  type ViewedSpan,
} from './viewed-span.ts';

/** The factors of units, in a unit of which an amount without one is a multiple. */
type Units = Readonly<Record<string, number>>;

interface AmountField {
  /** `undefined` or `NaN` if the span has no such amount. */
  readonly amount: (row: Row) => number | undefined;
  readonly units: Units;
  readonly example: string;
}

interface TextField {
  readonly texts: (span: ViewedSpan) => readonly unknown[];
  /** Whether the term does not apply to the spans below. */
  readonly isOwn?: boolean;
  /** Whether the term lists the traces of one conversation, or of one user. */
  readonly isConversation?: boolean;
}

const TIME_UNITS: Units = { '': 1e3, ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 3.6e6, d: 8.64e7 };
const TOKEN_UNITS: Units = { '': 1, k: 1e3, m: 1e6 };

/** The terms with a name, such as `model:gpt-4o`. To add one, add a row. */
const TEXT_FIELDS: Readonly<Record<string, TextField>> = {
  model: attributes(ATTR.GEN_AI_RESPONSE_MODEL, ATTR.GEN_AI_REQUEST_MODEL),
  agent: attributes(ATTR.GEN_AI_AGENT_NAME),
  tool: attributes(ATTR.GEN_AI_TOOL_NAME),
  user: { ...attributes(ATTR.USER_ID), isConversation: true },
  prompt: attributes(ATTR.GEN_AI_PROMPT_NAME, ATTR.GEN_AI_PROMPT_VERSION),
  conversation: { ...attributes(...CONVERSATION_IDS), isConversation: true },
  session: { ...attributes(ATTR.SESSION_ID, ATTR.OPENAI_SESSION_ID), isConversation: true },
  error: {
    texts: (span) => (isFailed(span) ? [span.attributes[ATTR.ERROR_TYPE] ?? ''] : []),
    isOwn: true,
  },
  service: { texts: (span) => [serviceName(span)] },
  version: {
    texts: ({ attributes: of, resource = {} }) => [
      of[ATTR.GEN_AI_PROMPT_VERSION] ?? resource['service.version'],
    ],
  },
};

/** The terms that compare an amount, as in `cost>0.01`. The first span of a trace has the cost and tokens of all. */
const AMOUNT_FIELDS: Readonly<Record<string, AmountField>> = {
  cost: {
    amount: (row) => sumBelow(row, (of) => numberIn(of, ATTR.OPENAI_COST)),
    units: { '': 1 },
    example: '0.01',
  },
  duration: {
    amount: ({ span: { start, end } }) => millisecondsBetween(start, end),
    units: TIME_UNITS,
    example: '10s',
  },
  tokens: {
    amount: (row) => sumBelow(row, (of) => tokenSum(spanUsage(of))),
    units: TOKEN_UNITS,
    example: '1000',
  },
  age: { amount: ({ span }) => Date.now() - span.start[0] * 1e3, units: TIME_UNITS, example: '1h' },
  ttft: { amount: ({ span }) => firstChunkOf(span.attributes), units: TIME_UNITS, example: '2s' },
};

const COMPARISONS: Readonly<Record<string, (amount: number, than: number) => boolean>> = {
  ':': (amount, than) => amount >= than,
  '=': (amount, than) => amount === than,
  '>': (amount, than) => amount > than,
  '>=': (amount, than) => amount >= than,
  '<': (amount, than) => amount < than,
  '<=': (amount, than) => amount <= than,
};

function attributes(...names: readonly string[]): TextField {
  return { texts: (span) => names.map((name) => span.attributes[name]) };
}

function sumBelow(row: Row, amountOf: (of: SpanAttributes) => number | undefined): number | undefined {
  const rows = row.parent === undefined ? [row, ...rowsBelow(row)] : [row];
  const amounts = rows.map(({ span }) => amountOf(span.attributes)).filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : amounts.reduce((sum, amount) => sum + amount, 0);
}

/** A part of a filter: a word, a phrase in quotes, or a term such as `model:gpt-4o`. */
export interface FilterPart {
  /** In small letters, without quotes. */
  readonly text: string;
  /** The term's name, comparison and value; `undefined` for words. The name may be unknown. */
  readonly term: { readonly name: string; readonly comparison: string; readonly value: string } | undefined;
}

/** The maximum number of parts of a filter. `findRows` needs one bit of an integer for each. */
const MAX_PARTS = 30;

export function filterParts(filter: string): FilterPart[] {
  return [...filter.toLowerCase().matchAll(/(?:"(?:\\"|[^"])*"?|[^\s"])+/g)]
    .map(([part]): FilterPart => {
      const text = part.replace(/\\"|"/g, (sign) => sign.slice(1)).replace(/\s+/g, ' ');
      const [, name = '', comparison = '', value = ''] =
        /^([a-z]{2,})(:|=|[<>]=?)(?!\/\/)(.*)$/s.exec(text) ?? [];
      return { text, term: name === '' || part.startsWith('"') ? undefined : { name, comparison, value } };
    })
    .filter(({ text }) => text !== '')
    .slice(0, MAX_PARTS);
}

/** A term that finds exactly the given value: `user="ann lee"`. */
export function exactTerm(name: string, value: string): string {
  return `${name}="${value.replaceAll('"', '\\"')}"`;
}

/** The term that finds the traces with the same id, for the attributes that conversations and users have. */
export function conversationTermFor(name: string): string | undefined {
  if (name === ATTR.USER_ID) return 'user';
  if (name === ATTR.SESSION_ID) return 'session';
  return CONVERSATION_IDS.includes(name) ? 'conversation' : undefined;
}

/** What a part of a filter asks of a row. */
export interface FilterTerm {
  readonly matches: (row: Row) => boolean;
  /** Whether it does not apply to the rows below. */
  readonly isOwn: boolean;
  /** The text that is marked on the page. */
  readonly marked: string;
  /** Whether the rows below belong to what is found: they are part of the conversation. */
  readonly isConversation: boolean;
}

/** `undefined` for a word. */
export function termOf({ term }: FilterPart): FilterTerm | undefined {
  if (term === undefined) return undefined;
  const { name, comparison, value } = term;
  const field = Object.hasOwn(TEXT_FIELDS, name) ? TEXT_FIELDS[name] : undefined;
  if (field !== undefined && (comparison === ':' || comparison === '=')) {
    const found = matcherOf(comparison, value);
    const matches = ({ span }: Row): boolean =>
      field.texts(span).some((text) => text !== undefined && found(text));
    const { isOwn = false, isConversation = false } = field;
    return { matches, isOwn, marked: value, isConversation: isConversation && value !== '' };
  }
  const compared = Object.hasOwn(AMOUNT_FIELDS, name) ? AMOUNT_FIELDS[name] : undefined;
  const compare = COMPARISONS[comparison];
  if (compared === undefined || compare === undefined) return undefined;
  const than = value === '' ? undefined : amountIn(value, compared.units);
  const matches = (row: Row): boolean => {
    const amount = compared.amount(row) ?? Number.NaN;
    return than === undefined ? !Number.isNaN(amount) : compare(amount, than);
  };
  return { matches, isOwn: true, marked: '', isConversation: false };
}

/** `=` compares whole texts, and `:` finds a part. A number is not found inside a longer one: `user_1` in `user_12`. */
function matcherOf(comparison: string, value: string): (text: unknown) => boolean {
  if (comparison === '=') return (text) => attributeText(text).toLowerCase().replace(/\s+/g, ' ') === value;
  const before = /^\d/.test(value) ? '(?<!\\d|\\d\\.)' : '';
  const pattern = new RegExp(`${before}${escaped(value)}${/\d$/.test(value) ? '(?!\\d)' : ''}`, 'i');
  return (text) => pattern.test(attributeText(text));
}

export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll(' ', '\\s+');
}

/** `NaN` for a text that is no amount. */
function amountIn(text: string, units: Units): number {
  const [, number = '', unit = '?'] = /^\$?([\d.,]+) ?([a-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return Number(number.replaceAll(',', '') || Number.NaN) * (factor ?? Number.NaN);
}

/** What is wrong with a filter: a name that no term has, or a value that is no amount. */
export function filterProblem(filter: string): string | undefined {
  const problems = filterParts(filter).flatMap(({ term }) => {
    if (term === undefined) return [];
    const { name, comparison, value } = term;
    const compared = Object.hasOwn(AMOUNT_FIELDS, name) ? AMOUNT_FIELDS[name] : undefined;
    if (compared !== undefined && value !== '' && Number.isNaN(amountIn(value, compared.units)))
      return `“${value}” is not an amount. Write it as in ${name}>${compared.example}.`;
    if (compared !== undefined || Object.hasOwn(TEXT_FIELDS, name)) return [];
    return `There is no term “${name}${comparison}”. Did you mean “${nearestTerm(name)}”?`;
  });
  return problems[0];
}

/** The names of all terms, as they are typed. */
export const TERM_NAMES: readonly string[] = [
  ...Object.keys(TEXT_FIELDS).map((name) => `${name}:`),
  ...Object.keys(AMOUNT_FIELDS).map((name) => `${name}>`),
];

function nearestTerm(name: string): string {
  const distances = TERM_NAMES.map((term) => [distanceBetween(name, term.slice(0, -1)), term] as const);
  return distances.reduce((best, each) => (each[0] < best[0] ? each : best))[1];
}

/** The Levenshtein distance: how many letters one must insert, delete or replace to get the other. */
function distanceBetween(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...one].entries()) {
    const row = [i + 1];
    for (let j = 0; j < other.length; j++)
      row.push(
        Math.min((row[j] ?? 0) + 1, (above[j + 1] ?? 0) + 1, (above[j] ?? 0) + (letter === other[j] ? 0 : 1)),
      );
    above = row;
  }
  return above.at(-1) ?? 0;
}

const MAX_FACETS = 20;
const MAX_FACET_LENGTH = 200;

/** The terms for which a trace has values, with these values. */
export function facetsOf(rows: readonly Row[]): string[] {
  return Object.entries(TEXT_FIELDS).flatMap(([name, { texts }]) => {
    const values = new Set<string>();
    for (const { span } of rows) {
      if (values.size >= MAX_FACETS) break;
      const value = texts(span).find((each) => each !== undefined);
      if (typeof value === 'string' && value !== '' && value.length <= MAX_FACET_LENGTH) values.add(value);
    }
    return [...values].map(
      (value) => `${name}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value}`,
    );
  });
}
