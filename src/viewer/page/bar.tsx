import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { formatMilliseconds, isNumber } from '../amounts.ts';
import type { Row } from '../tree.ts';
import { isFailed, type ViewedSpan } from '../viewed-span.ts';
import { typeOf } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { criticalPath } from './critical-path.ts';
import { voices } from './state.ts';
import { placeIn, shownTime, spanTime, type TimeRange } from './time-axis.ts';
import { costText, itemTime, type TimelineItem, timeText, tokensText } from './timeline-items.ts';

/** A mark in a track. `kind` is a CSS class; `type` is the type of span that gives the color. */
interface Mark extends TimeRange {
  readonly kind: string;
  readonly type?: string;
}

const MAX_MARKS = 2_000;
/** A span with more children than this has a plain bar, without marks for them. */
const MAX_PARTS = 300;

const MARK_TITLES: Readonly<Record<string, string>> = {
  'speech user': 'user speaks',
  'speech assistant': 'assistant speaks',
  cut: 'interruption',
  first: 'first chunk',
};

/** Types of spans that do work themselves. They are shown as parts of their parent's bar. */
const WORKER = /^(?:agent|model|tool)$/;

export function Track({ item }: { readonly item: TimelineItem }): VNode {
  const { value: shown } = shownTime;
  const marks = item.isGroup ? groupMarks(item) : spanMarks(item);
  return (
    <span class="track" aria-hidden="true" title={numbersOf(item)}>
      {marks
        .filter(({ from, to }) => to >= shown.from && from <= shown.to)
        .map(({ kind, type, from, to }, i) => (
          <span
            key={i}
            class={kind}
            title={MARK_TITLES[kind]}
            style={{ ...placeIn(shown, { from, to }), '--type': type && `var(--${type})` }}
          />
        ))}
    </span>
  );
}

/** The numbers of an item, a line each. */
function numbersOf(item: TimelineItem): string {
  const { attributes } = item.row.span;
  const facts = [
    ['Starts after', formatMilliseconds(itemTime(item).from)],
    ['Duration', timeText(item)],
    ['First chunk', firstChunkText(attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK])],
    ['Tokens', tokensText(item)],
    ['Cost', costText(item)],
    ['Critical path', criticalPath.value.has(item.row) ? 'the end waited for it' : undefined],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : `${label}: ${value}`)).join('\n');
}

function groupMarks({ rows }: TimelineItem): Mark[] {
  return rows.slice(0, MAX_MARKS).map(({ span }) => ({
    kind: 'bar',
    ...(isFailed(span) && { type: 'bad' }),
    ...spanTime(span),
  }));
}

function spanMarks({ row }: TimelineItem): Mark[] {
  const { span } = row;
  const voice = voices.value.get(row);
  const critical = criticalPath.value.get(row) ?? [];
  const parts = voice === undefined ? childMarks(row) : voiceMarks(voice, spanTime(span).from);
  return [
    { kind: parts.length > 0 && !worksItself(span) ? 'bar pale' : 'bar', ...spanTime(span) },
    ...parts,
    ...firstChunkMarks(span),
    ...critical.map((part) => ({ kind: 'critical', ...part })),
  ];
}

function childMarks({ children }: Row): Mark[] {
  const workers = children.filter(({ span }) => WORKER.test(typeOf(span)));
  if (workers.length > MAX_PARTS) return [];
  return workers.map(({ span }) => ({
    kind: 'part',
    type: isFailed(span) ? 'bad' : typeOf(span),
    ...spanTime(span),
  }));
}

/** Whether a span reports output tokens itself. A turn that does so has no separate span for its model. */
function worksItself({ attributes }: ViewedSpan): boolean {
  return isNumber(attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]);
}

/** Marks for who spoke when in a session (the user above the assistant), and for interruptions by the user. */
function voiceMarks({ utterances, interruptions }: Voice, start: number): Mark[] {
  return [
    ...utterances
      .slice(0, MAX_MARKS)
      .map(({ speaker, from, to }) => ({ kind: `speech ${speaker}`, from: start + from, to: start + to })),
    ...interruptions.slice(0, MAX_MARKS).map((at) => ({ kind: 'cut', from: start + at, to: start + at })),
  ];
}

function firstChunkMarks(span: ViewedSpan): Mark[] {
  const seconds = span.attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
  if (!isNumber(seconds) || seconds < 0) return [];
  const { from, to } = spanTime(span);
  const at = Math.min(from + seconds * 1e3, to);
  return [{ kind: 'first', from: at, to: at }];
}

export function firstChunkText(seconds: unknown): string | undefined {
  return isNumber(seconds) && seconds >= 0 ? formatMilliseconds(seconds * 1e3) : undefined;
}
