import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { formatDuration, isNumber } from '../amounts.ts';
import { millisecondsBetween, type Row, type SpanNode, type Time } from '../tree.ts';
import { typeOf } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { VOICE_LABELS, VoiceParts } from './voice.tsx';

/** What continues in a part of a span's time: nothing below it, tools alone, other work, or several things at once. */
type Activity = 'idle' | 'tools' | 'work' | 'several';

/** A part of a span's time, from 0 to 1. */
export interface BarPart {
  readonly activity: Activity;
  readonly from: number;
  readonly to: number;
}

/** The labels of what a bar can show, in the order of the legend. */
const BAR_LABELS: Readonly<Record<Activity | 'first', string>> = {
  work: 'working',
  several: 'several at once',
  tools: 'waiting for tools',
  idle: 'no child working',
  first: 'first chunk',
};

/** A span with more children has a plain bar. */
const MAX_BAR_CHILDREN = 300;

/** What the children of a span do during its time. Empty for a span without children, which works itself. */
export function barParts({ span, children }: SpanNode): BarPart[] {
  const length = millisecondsBetween(span.startTime, span.endTime);
  const below = children.filter(({ span: child }) => child.name !== 'attempt');
  if (below.length === 0 || below.length > MAX_BAR_CHILDREN || !(length > 0)) return [];
  const place = (time: Time): number =>
    Math.min(Math.max(millisecondsBetween(span.startTime, time) / length, 0), 1);
  const changes = below
    .flatMap(({ span: child }) => {
      const isTool = typeOf(child) === 'tool';
      return [
        { at: place(child.startTime), isTool, by: 1 },
        { at: place(child.endTime), isTool, by: -1 },
      ];
    })
    .sort((a, b) => a.at - b.at);
  const parts: BarPart[] = [];
  const count = { tools: 0, others: 0 };
  // A turn with tokens of its own has no span for its model.
  const worksItself = isNumber(span.attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]);
  let from = 0;
  for (const { at, isTool, by } of [...changes, { at: 1, isTool: false, by: 0 }]) {
    const activity = activityOf(count);
    if (at > from)
      addPart(parts, { activity: worksItself && activity === 'idle' ? 'work' : activity, from, to: at });
    from = at;
    count[isTool ? 'tools' : 'others'] += by;
  }
  return parts;
}

function activityOf({ tools, others }: { readonly tools: number; readonly others: number }): Activity {
  if (others === 0) return tools === 0 ? 'idle' : 'tools';
  return others > 1 ? 'several' : 'work';
}

function addPart(parts: BarPart[], part: BarPart): void {
  const last = parts.at(-1);
  if (last?.activity === part.activity) parts[parts.length - 1] = { ...last, to: part.to };
  else parts.push(part);
}

interface BarProps {
  readonly node: SpanNode;
  /** Where it begins and ends on its track, in per cent. */
  readonly left: number;
  readonly right: number;
  readonly voice: Voice | undefined;
}

/** The bar of a span. */
export function Bar({ node, left, right, voice }: BarProps): VNode {
  const style = { left: `${left}%`, width: `${right - left}%` };
  if (voice !== undefined)
    return (
      <span class="bar voice" style={style}>
        <VoiceParts voice={voice} />
      </span>
    );
  const parts = barParts(node);
  const first = firstChunkAt(node);
  return (
    <span class={parts.length > 0 ? 'bar parted' : 'bar'} style={style}>
      {parts
        .filter(({ activity }) => activity !== 'idle')
        .map(({ activity, from, to }) => (
          <span
            key={from}
            class={`part ${activity}`}
            style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
          />
        ))}
      {first !== undefined && <span class="first" style={{ left: `${first * 100}%` }} />}
    </span>
  );
}

/** Where in a span its first chunk arrived, from 0 to 1. */
function firstChunkAt({ span }: SpanNode): number | undefined {
  const seconds = span.attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
  const length = millisecondsBetween(span.startTime, span.endTime);
  if (!isNumber(seconds) || seconds < 0 || !(length > 0)) return undefined;
  return Math.min((seconds * 1e3) / length, 1);
}

/** `first chunk after 120 ms`. */
export function firstChunkText(seconds: unknown): string | undefined {
  return isNumber(seconds) && seconds >= 0
    ? formatDuration([0, 0], [Math.trunc(seconds), Math.round((seconds % 1) * 1e9)])
    : undefined;
}

interface LegendProps {
  readonly rows: readonly Row[];
  readonly voices: ReadonlyMap<Row, Voice>;
}

/** Spans whose bars the legend explains. */
const MAX_EXPLAINED = 500;

/** What the bars of some spans show. */
export function Legend({ rows, voices }: LegendProps): VNode | null {
  const seen = new Set<string>();
  for (const row of rows.slice(0, MAX_EXPLAINED)) {
    if (voices.has(row)) {
      for (const name of Object.keys(VOICE_LABELS)) seen.add(name);
      continue;
    }
    for (const { activity } of barParts(row.node)) seen.add(activity);
    if (firstChunkAt(row.node) !== undefined) seen.add('first');
  }
  if (!['cut', 'tools', 'several', 'first'].some((name) => seen.has(name))) return null;
  return (
    <p class="legend dim">
      {Object.entries({ ...BAR_LABELS, ...VOICE_LABELS })
        .filter(([name]) => seen.has(name))
        .map(([name, label]) => (
          <span key={name}>
            <span class={`key ${name}`} aria-hidden="true" />
            {label}
          </span>
        ))}
    </p>
  );
}
