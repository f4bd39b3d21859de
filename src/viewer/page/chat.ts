import * as ATTR from '../../semconv/attributes.ts';
import {
  costOf,
  dollars,
  estimatedTokens,
  explainedCost,
  formatDuration,
  formatMilliseconds,
  grouped,
  tokens,
} from '../amounts.ts';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import type { ShownSpan } from '../page-span.ts';
import { attributeText, cancelledBy, heardOf, unusualFinish } from '../span-details.ts';
import { type TranscriptEntry, transcriptOf } from '../transcript.ts';
import type { Row } from '../tree.ts';
import { isFailed, type Trace } from '../viewed-trace.ts';
import type { Utterance, Voice } from '../voice.ts';
import { element, fill } from './element.ts';
import { partBlock, toolBlock } from './parts.ts';
import { voiceStrip } from './voice.ts';

type ChatMessage = Extract<TranscriptEntry, { kind: 'message' }>;
type Tool = Extract<TranscriptEntry, { kind: 'tool' }>;

/** The number of entries rendered at once. A button shows more. */
const CHAT_PAGE_SIZE = 300;
/** The number of evaluations shown of one answer. Its span shows all of them. */
const MAX_SHOWN_EVALUATIONS = 10;
/** The number of parts shown of one message. Its span shows all of them. */
const MAX_PARTS = 50;

const SPEAKERS: Readonly<Record<string, string>> = {
  user: 'User',
  assistant: 'Assistant',
  system: 'Instructions',
  developer: 'Instructions',
};

/** How much of an answer was heard, as the session above it says. */
function heardIn({ node, parent }: Row): string | undefined {
  const { events = [] } = (parent?.node.span ?? {}) as Partial<ShownSpan>;
  return events.length === 0 ? undefined : heardOf(node.span.attributes[ATTR.GEN_AI_RESPONSE_ID], events);
}

/** The conversation of a trace, with its tool calls and the cost of each answer. */
export class Chat {
  readonly root: HTMLElement = element('div', { class: 'chat' });
  readonly #entries: readonly TranscriptEntry[];
  readonly #select: (row: Row) => void;
  readonly #voices: readonly Voice[];
  /** When the words of a span were spoken. */
  readonly #spoken: ReadonlyMap<Row | undefined, Utterance>;
  /** The entries that are shown, by what they show. */
  readonly made: Map<string, HTMLElement> = new Map();
  #before: ReadonlyMap<string, HTMLElement> = new Map();

  /** @param before the conversation of the same trace with fewer spans */
  constructor(trace: Trace, select: (row: Row) => void, before?: Chat) {
    if (before !== undefined) this.#before = before.made;
    this.#entries = transcriptOf(trace.rows);
    this.#select = select;
    this.#voices = trace.summary.voices;
    this.#spoken = new Map(
      this.#voices.flatMap(({ utterances }) => utterances.map((each) => [each.row, each])),
    );
  }

  /** Shows the entries of the given rows. */
  show(found: ReadonlySet<Row>, limit: number = CHAT_PAGE_SIZE): void {
    const entries = this.#entries.filter(({ row }) => found.has(row));
    if (entries.length === 0) {
      fill(this.root, element('p', { class: 'dim' }, 'These spans contain no conversation.'));
      return;
    }
    const rest = entries.length - limit;
    fill(
      this.root,
      ...(this.#entries.some(isRecordedContent) ? [] : [nothingRecorded()]),
      element(
        'ol',
        {},
        entries.slice(0, limit).map((entry, i) => this.#itemOf(entry, i)),
      ),
      rest > 0 &&
        element(
          'button',
          { type: 'button', class: 'more', click: () => this.show(found, limit + CHAT_PAGE_SIZE) },
          `Show more of the conversation (${rest})`,
        ),
    );
  }

  /** An entry that was shown before stays as the reader left it. */
  #itemOf(entry: TranscriptEntry, place: number): HTMLElement {
    const { row, ...content } = entry;
    const { spanId } = row.node.span.spanContext();
    const { events } = row.node.span as ShownSpan;
    const { endTime } = row.node.span;
    const spoken = this.#spoken.size;
    const key = attributeText([place, spanId, endTime, events.length, heardIn(row), spoken, content]);
    const item = this.made.get(key) ?? this.#before.get(key) ?? this.#item(entry);
    this.made.set(key, item);
    return item;
  }

  #item(entry: TranscriptEntry): HTMLElement {
    if (entry.kind === 'heading') return this.#heading(entry.row);
    return entry.kind === 'tool' ? this.#tool(entry) : this.#message(entry);
  }

  #heading(row: Row): HTMLElement {
    const { name, attributes } = row.node.span;
    const id = [ATTR.OPENAI_RUN_ID, ATTR.OPENAI_TURN_ID, ATTR.GEN_AI_CONVERSATION_ID]
      .map((each) => attributes[each])
      .find((value) => typeof value === 'string');
    const unpriced = attributes[ATTR.OPENAI_TOTAL_UNPRICED];
    const cost =
      explainedCost(attributes[ATTR.OPENAI_TOTAL_COST], unpriced) ?? dollars(attributes[ATTR.OPENAI_COST]);
    const voice = this.#voices.find(({ session }) => session === row);
    const perMessage = costOf(attributes[ATTR.OPENAI_COST_PER_USER_MESSAGE], unpriced);
    const facts = [
      attributes[ATTR.OPENAI_RUN_STATUS],
      formatDuration(row.node.span.startTime, row.node.span.endTime),
      tokens(attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS], attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS]),
      cost,
      perMessage !== cost && perMessage && `${perMessage} per user message`,
    ];
    return element(
      'li',
      { class: 'heading' },
      element('h3', {}, this.#spanButton(row, name), ' ', element('code', { class: 'id' }, String(id ?? ''))),
      element('p', { class: 'dim' }, facts.filter((fact) => typeof fact === 'string').join(' · ')),
      voice && voiceStrip(voice),
    );
  }

  #message({ row, role, parts, usage }: ChatMessage): HTMLElement {
    const { attributes } = row.node.span;
    const texts = parts.slice(0, MAX_PARTS).map((part) => partBlock(part));
    if (parts.length > MAX_PARTS)
      texts.push(element('p', { class: 'dim' }, `and ${grouped(parts.length - MAX_PARTS)} more parts`));
    // What it calls follows as cards of the tools.
    const onlyCalls = parts.length === 0 && attributes[ATTR.GEN_AI_OUTPUT_MESSAGES] !== undefined;
    if (onlyCalls) return element('li', { class: 'message assistant' }, usage && this.#footer(row));
    if (parts.length === 0)
      texts.push(element('p', { class: 'dim' }, missingText(role, isFailed(row.node.span))));
    const speaker = Object.hasOwn(SPEAKERS, role) ? SPEAKERS[role] : role.slice(0, 100);
    const folded = speaker === 'Instructions';
    return element(
      'li',
      { class: `message ${folded ? 'system' : role === 'user' ? 'user' : 'assistant'}` },
      folded
        ? element('details', {}, element('summary', {}, speaker), ...texts)
        : element(
            'div',
            { class: 'said' },
            element('span', { class: 'speaker' }, speaker, usage && this.#whenSpoken(row)),
            ...texts,
          ),
      usage && this.#footer(row),
    );
  }

  #whenSpoken(row: Row): string | undefined {
    const { from, to } = this.#spoken.get(row) ?? {};
    return from === undefined || to === undefined
      ? undefined
      : `, after ${formatMilliseconds(from)}, for ${formatMilliseconds(to - from)}`;
  }

  #tool({ row, name, input, output, own }: Tool): HTMLElement {
    return element(
      'li',
      { class: `tool${own && isFailed(row.node.span) ? ' failed' : ''}` },
      element(
        'div',
        { class: 'said' },
        element('span', { class: 'speaker' }, `Tool ${name.slice(0, 200)}`),
        toolBlock(input, output),
      ),
      own && this.#footer(row),
    );
  }

  /** The span that answered, its duration, tokens and cost. */
  #footer(row: Row): HTMLElement {
    const { span } = row.node;
    const { attributes } = span;
    const cutOff =
      cancelledBy(attributes[ATTR.OPENAI_REALTIME_CANCEL_REASON]) ??
      heardIn(row) ??
      unusualFinish(attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS]);
    const facts = [
      formatDuration(span.startTime, span.endTime),
      tokens(attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS], attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]) ??
        estimatedTokens(attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS]),
      dollars(attributes[ATTR.OPENAI_COST]),
    ];
    return element(
      'p',
      { class: 'foot' },
      this.#spanButton(row, span.name),
      element('span', { class: 'dim' }, facts.filter((fact) => fact !== undefined).join(' · ')),
      cutOff !== undefined && !isFailed(span) && element('span', { class: 'badge' }, cutOff),
      isFailed(span) &&
        element(
          'span',
          { class: 'failure' },
          attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 60),
        ),
      ...evaluationsOf((span as ShownSpan).events)
        .slice(0, MAX_SHOWN_EVALUATIONS)
        .map((each) =>
          element(
            'span',
            { class: 'evaluation', title: each.explanation },
            evaluationText(each).slice(0, 200),
          ),
        ),
    );
  }

  #spanButton(row: Row, name: string): HTMLElement {
    return element(
      'button',
      { type: 'button', class: 'link', click: () => this.#select(row) },
      name.slice(0, 100),
    );
  }
}

/** What stands for words that are not there. */
function missingText(role: string, isFailed: boolean): string {
  if (!isFailed) return 'not recorded';
  return role === 'user' ? 'not transcribed' : 'no answer';
}

function isRecordedContent(entry: TranscriptEntry): boolean {
  return entry.kind === 'message'
    ? entry.parts.length > 0
    : entry.kind === 'tool' && entry.input !== undefined;
}

function nothingRecorded(): HTMLElement {
  return element(
    'p',
    { class: 'note' },
    'Message content was not recorded. To see it here, set the variable ',
    element('code', {}, 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'),
    ', or the option ',
    element('code', {}, 'captureMessageContent'),
    ', to ',
    element('code', {}, 'SPAN_ONLY'),
    '.',
  );
}
