import type { ComponentChildren, VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { dollars, formatDuration, formatMilliseconds, grouped, joinedFacts } from '../format-amounts.ts';
import { spanFacts } from '../span-details.ts';
import type { Row } from '../tree.ts';
import { isFailed, millisecondsBetween } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { choose, compareWith } from './actions.ts';
import { type AlignedStep, alignedSteps, MAX_STEPS } from './aligned-steps.ts';
import { Button, clock, Table } from './elements.tsx';

type Show = (value: number) => string | undefined;
type Measure = readonly [label: string, read: (trace: ViewedTrace) => number | undefined, show: Show];

const countNamed =
  (name: string): Measure[1] =>
  (trace) =>
    trace.summary.counts.find(({ label }) => label === name)?.count;

const MEASURES: readonly Measure[] = [
  ['Duration', ({ summary }) => millisecondsBetween(summary.start, summary.end), formatMilliseconds],
  ['Cost', ({ summary }) => summary.cost, dollars],
  ['Input tokens', ({ summary }) => summary.inputTokens, grouped],
  ['Output tokens', ({ summary }) => summary.outputTokens, grouped],
  ['Model calls', countNamed('Model calls'), grouped],
  ['Tool calls', countNamed('Tool calls'), grouped],
  ['Errors', ({ summary }) => summary.errors.length, grouped],
  ['Spans', ({ rows }) => rows.length, grouped],
];

interface ComparisonProps {
  readonly one: ViewedTrace;
  readonly other: ViewedTrace;
}

export function Comparison({ one, other }: ComparisonProps): VNode {
  const steps = useMemo(() => alignedSteps(one.roots, other.roots), [one, other]);
  const stepsHeading = steps.length < MAX_STEPS ? 'Steps' : `The first ${grouped(MAX_STEPS)} steps`;
  const measures = MEASURES.flatMap(([label, read, show]) => {
    const [a = 0, b = 0] = [read(one), read(other)];
    const isKnown = read(one) !== undefined || read(other) !== undefined;
    return isKnown ? [[label, show(a), show(b), differenceText(a, b, show)]] : [];
  });
  return (
    <section class="overview card stack" aria-label="Comparison">
      <div class="title line">
        <h2>Two traces</h2>
        <Button label="Close comparison" onClick={() => compareWith(undefined)} />
      </div>
      <Table
        className="amounts"
        headings={['', ...[one, other].map(traceHeading), 'Difference']}
        rows={[...measures, [<h3>{stepsHeading}</h3>], ...steps.map(stepCells)]}
        classOf={(i) => {
          const step = steps[i - measures.length - 1];
          return step === undefined ? '' : step.one === undefined ? 'good' : step.other ? '' : 'bad';
        }}
      />
    </section>
  );
}

function traceHeading({ traceId, title, summary }: ViewedTrace): VNode {
  return (
    <>
      <Button label={title.slice(0, 100)} class="link" onClick={() => choose(traceId)} />
      <div class="dim">{clock(summary.start)}</div>
    </>
  );
}

function stepCells({ depth, one, other }: AlignedStep): ComponentChildren[] {
  const { name = '' } = (one ?? other)?.span ?? {};
  return [
    <span style={{ paddingInlineStart: `${Math.min(depth - 1, 20) * 14}px` }}>{name.slice(0, 200)}</span>,
    stepFacts(one),
    stepFacts(other),
    one && other && differenceText(durationOf(one), durationOf(other), formatMilliseconds),
  ];
}

function stepFacts(row: Row | undefined): VNode {
  if (row === undefined) return <span class="dim">–</span>;
  const { start, end } = row.span;
  const facts = spanFacts(row).flatMap(({ rank, text }) => (rank > 0 ? [] : text));
  return (
    <span class={isFailed(row.span) ? 'text failure' : 'text'}>
      {joinedFacts([formatDuration(start, end), ...facts])}
    </span>
  );
}

function durationOf({ span }: Row): number {
  return millisecondsBetween(span.start, span.end);
}

/** The difference between two numbers, such as `+1.2 s, +12 %`. `=` if they are equal. */
function differenceText(one: number, other: number, show: Show): string {
  if (one === other) return '=';
  const sign = other > one ? '+' : '−';
  const part = one > 0 ? `, ${sign}${Math.round((Math.abs(other - one) / one) * 100)} %` : '';
  return `${sign}${show(Math.abs(other - one))}${part}`;
}
