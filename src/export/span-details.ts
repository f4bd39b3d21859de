import { terminalSafe } from '../util/terminal-safe.ts';
import { count, dollars, isNumber, tokens } from './amounts.ts';
import type { TextSegment, Tone } from './terminal-text.ts';
import { type Row, type SpanNode, STATUS_ERROR } from './tree.ts';

/** A detail of a span: the attributes it is read from, and its text. */
interface Fact {
  readonly attributes: readonly string[];
  readonly show: (values: readonly unknown[], node: SpanNode) => TextSegment | string | undefined;
}

/** The ids that are shown, outermost first. */
const IDS: readonly string[] = [
  'openai.thread.id',
  'openai.session.id',
  'gen_ai.conversation.id',
  'openai.run.id',
  'openai.turn.id',
  'openai.subagent.id',
  'openai.step.id',
  'openai.item.id',
];

/** Shown for a value that JSON cannot hold, such as a circular object. */
const NO_TEXT = '[no text]';

/** Ancestors that are searched for an id. Searching all of them would take many seconds in a trace thousands of levels deep. */
const MAX_ANCESTORS = 100;

/** Plain requests show every id except the request's own: `openai.message.id` of a new message, for instance. */
const REQUEST_ID = /^openai\.(?!request\.)\w+\.id$/;

/** The details of a span, in this order. To show another one, add a row. */
const FACTS: readonly Fact[] = [
  { attributes: [], show: (_, { span }) => (span.status.code === STATUS_ERROR ? error(span) : undefined) },
  {
    attributes: ['gen_ai.operation.name', 'gen_ai.agent.id'],
    show: ([operation, id]) => (operation === 'create_agent' ? words(id) : undefined),
  },
  { attributes: ['openai.run.status'], show: ([value], { span }) => status(value, span) },
  {
    attributes: ['openai.step.status'],
    show: ([value], { span }) => (value === 'completed' ? undefined : status(value, span)),
  },
  {
    attributes: ['openai.run.observed'],
    show: ([observed]) => (observed === false ? { text: 'end not observed', tone: 'warning' } : undefined),
  },
  {
    attributes: ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
    show: ([input, output]) => tokens(input, output),
  },
  {
    attributes: [
      'openai.stream.end',
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
      'gen_ai.operation.name',
    ],
    show: ([end, input, output, operation]) =>
      end === 'completed' && input === undefined && output === undefined && hasTokens(operation)
        ? { text: 'tokens not reported', tone: 'warning' }
        : undefined,
  },
  {
    attributes: ['openai.total.input_tokens', 'openai.total.output_tokens'],
    show: ([input, output]) => prefix('total ', tokens(input, output)),
  },
  { attributes: ['openai.cost'], show: ([value]) => dollars(value) },
  { attributes: ['openai.total.cost'], show: ([value]) => prefix('total ', dollars(value)) },
  { attributes: ['openai.total.runs'], show: ([value]) => count(value, 'run', 'runs') },
  {
    attributes: ['openai.total.user_messages'],
    show: ([value]) => count(value, 'user message', 'user messages'),
  },
  {
    attributes: ['openai.cost_per_user_message', 'openai.total.user_messages'],
    show: ([value, messages]) => (messages === 1 ? undefined : suffixed(dollars(value), ' per user message')),
  },
  { attributes: ['openai.file_search.result_count'], show: ([value]) => count(value, 'result', 'results') },
  { attributes: ['openai.code_interpreter.image_count'], show: ([value]) => count(value, 'image', 'images') },
  { attributes: ['gen_ai.response.finish_reasons'], show: ([value]) => words(value) },
  { attributes: ['http.request.resend_count'], show: ([value], node) => retries(value, node) },
  { attributes: ['openai.run.poll_count'], show: ([value]) => count(value, 'poll', 'polls') },
  { attributes: ['openai.poll.count'], show: ([value]) => count(value, 'poll', 'polls') },
  { attributes: ['openai.stream.chunk_count'], show: ([value]) => count(value, 'chunk', 'chunks') },
  {
    attributes: ['openai.stream.end'],
    show: ([end]) => (end === 'completed' ? undefined : prefix('stream ', words(end))),
  },
];

/** The details of a span: ids that no ancestor shows, then its facts, then the extra attributes. */
export function detailsOf(row: Row, extraAttributes: readonly string[]): TextSegment[] {
  const { attributes } = row.node.span;
  const details: TextSegment[] = ownIds(row).map((id) => dim(terminalSafe(id, 100)));
  for (const fact of FACTS) {
    const detail = fact.show(
      fact.attributes.map((name) => attributes[name]),
      row.node,
    );
    if (detail !== undefined) details.push(typeof detail === 'string' ? dim(detail) : detail);
  }
  for (const name of extraAttributes) {
    const value = attributes[name];
    if (value !== undefined) details.push(dim(terminalSafe(`${name}=${attributeText(value)}`, 300)));
  }
  return details;
}

/**
 * A value as text: strings unchanged, anything else as JSON if possible. Never throws: a value may have its own
 * `toString` or `toJSON`, which may throw or not even be a function.
 */
export function attributeText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || value === undefined) return String(value);
  try {
    return JSON.stringify(value) ?? NO_TEXT;
  } catch {
    return NO_TEXT;
  }
}

function hasTokens(operation: unknown): boolean {
  return operation === 'chat' || operation === 'text_completion';
}

function ownIds(row: Row): string[] {
  const { attributes } = row.node.span;
  const plain = attributes['gen_ai.operation.name'] === undefined;
  const names = plain ? [...IDS, ...Object.keys(attributes).filter((name) => REQUEST_ID.test(name))] : IDS;
  // A set of values, because a thread's id is also recorded as the id of its conversation.
  const ids = new Set(names.map((name) => attributes[name]).filter((id) => typeof id === 'string'));
  let above = row.parent;
  for (let level = 0; above !== undefined && ids.size > 0 && level < MAX_ANCESTORS; level++) {
    for (const name of names) ids.delete(attributeText(above.node.span.attributes[name]));
    above = above.parent;
  }
  return [...ids];
}

function error(span: SpanNode['span']): TextSegment {
  const type = terminalSafe(attributeText(span.attributes['error.type'] ?? 'error'), 100);
  const code = span.attributes['http.response.status_code'];
  const shown = typeof code === 'number' && String(code) !== type ? `${type} (${code})` : type;
  return { text: `✗ ${shown}`, tone: 'bad' };
}

const STATUS_TONES: Readonly<Record<string, Tone>> = { completed: 'good', failed: 'bad', expired: 'bad' };

function status(value: unknown, span: SpanNode['span']): TextSegment | undefined {
  if (typeof value !== 'string') return undefined;
  // A status that is also the error type, such as `expired`, is shown once.
  if (span.status.code === STATUS_ERROR && span.attributes['error.type'] === value) return undefined;
  const tone = Object.hasOwn(STATUS_TONES, value) ? STATUS_TONES[value] : undefined;
  return { text: terminalSafe(value, 40), tone: tone ?? 'warning' };
}

/** For an attempt, its number among the retries. For a call, the number of retries, counted from the attempts below it. */
function retries(resent: unknown, node: SpanNode): TextSegment | undefined {
  const isAttempt = node.span.name === 'attempt';
  const attempts = node.children.filter((child) => child.span.name === 'attempt').length;
  const number = isNumber(resent) ? resent : attempts - 1;
  if (number < 1) return undefined;
  const text = isAttempt ? `retry ${number}` : count(number, 'retry', 'retries');
  return text === undefined ? undefined : { text, tone: 'warning' };
}

function words(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  const shown = list.filter((word) => typeof word === 'string' && word !== '');
  return shown.length > 0 ? terminalSafe(shown.join(', '), 100) : undefined;
}

function suffixed(text: string | undefined, words: string): string | undefined {
  return text === undefined ? undefined : text + words;
}

function prefix(word: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : word + text;
}

function dim(text: string): TextSegment {
  return { text, tone: 'dim' };
}
