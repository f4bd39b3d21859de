import { terminalSafe } from '../util/terminal-safe.ts';
import { count, dollars, isNumber, tokens } from './amounts.ts';
import type { TextSegment, Tone } from './terminal-text.ts';
import { type Row, type SpanNode, STATUS_ERROR } from './tree.ts';

/** A fact about a span: which attributes it is read from and how it is worded, or nothing. */
interface Fact {
  readonly attributes: readonly string[];
  readonly show: (values: readonly unknown[], node: SpanNode) => TextSegment | string | undefined;
}

/** The ids worth showing, outermost first. */
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

/** Stands for a value that has no JSON, such as a circle. */
const NO_TEXT = '[no text]';

/** Spans above that are looked at for an id: where a trace is thousands deep, all of them would take many seconds. */
const MAX_ABOVE = 100;

/** On plain requests every id is worth showing but the request's own, as `openai.message.id` of a new message. */
const REQUEST_ID = /^openai\.(?!request\.)\w+\.id$/;

/** What is shown of a span, in this order. A new fact is a new row. */
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

/** The ids of a span that no span above it shows, then its facts, then the extra attributes asked for. */
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
 * A value as text: strings as they are, anything else as JSON where it can be. It never throws: a value may have a
 * `toString` or `toJSON` of its own, which need not be a function.
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
  // A conversation's id is the thread's under another name, hence a set of values.
  const ids = new Set(names.map((name) => attributes[name]).filter((id) => typeof id === 'string'));
  let above = row.parent;
  for (let level = 0; above !== undefined && ids.size > 0 && level < MAX_ABOVE; level++) {
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
  // Where the status is the error as well (expired), it is said once.
  if (span.status.code === STATUS_ERROR && span.attributes['error.type'] === value) return undefined;
  const tone = Object.hasOwn(STATUS_TONES, value) ? STATUS_TONES[value] : undefined;
  return { text: terminalSafe(value, 40), tone: tone ?? 'warning' };
}

/** On one attempt which retry it is; on the call how many there were, counted on the attempts below it. */
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
