import type { ComponentChildren, VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { dollars, formatDuration, formatMilliseconds, grouped, joinedFacts, tokens } from '../amounts.ts';
import type { Row } from '../tree.ts';
import { spanUsage } from '../usage.ts';
import { isFailed, millisecondsBetween } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { choose, compareWith } from './actions.ts';
import { address } from './address.ts';
import { type AlignedStep, alignedSteps } from './aligned-steps.ts';
import { clock, Table } from './facts.tsx';

type Measure = readonly [
  label: string,
  read: (trace: ViewedTrace) => number | undefined,
  show: (value: number) => string | undefined,
];

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

export function Comparison({
  one,
  other,
}: {
  readonly one: ViewedTrace;
  readonly other: ViewedTrace;
}): VNode {
  const steps = useMemo(() => alignedSteps(one.roots, other.roots), [one, other]);
  const measures = MEASURES.flatMap(([label, read, show]) => {
    const [a, b] = [read(one), read(other)];
    const isKnown = a !== undefined || b !== undefined;
    return isKnown ? [[label, show(a ?? 0), show(b ?? 0), differenceText(a ?? 0, b ?? 0, show)]] : [];
  });
  return (
    <section class="overview card stack" aria-label="Comparison">
      <div class="title line">
        <h2>Two traces</h2>
        <button type="button" onClick={() => compareWith(undefined)}>
          Close comparison
        </button>
      </div>
      <Table
        className="amounts"
        headings={['', ...[one, other].map(traceHeading), 'Difference']}
        rows={[...measures, [<h3>Steps</h3>], ...steps.map(stepCells)]}
        classOf={(i) => {
          const step = steps[i - measures.length - 1];
          return step === undefined ? '' : step.one === undefined ? 'added' : step.other ? '' : 'removed';
        }}
      />
    </section>
  );
}

function traceHeading({ traceId, title, summary }: ViewedTrace): VNode {
  const { kind } = address.value;
  return (
    <>
      <button type="button" class="link" onClick={() => choose({ kind, id: traceId })}>
        {title.slice(0, 100)}
      </button>
      <div class="dim">{clock(summary.start)}</div>
    </>
  );
}

function stepCells({ depth, one, other }: AlignedStep): ComponentChildren[] {
  const { name = '' } = (one ?? other)?.span ?? {};
  return [
    <span style={{ paddingInlineStart: `${Math.min(depth - 1, 20) * 14}px` }}>{name.slice(0, 200)}</span>,
    <StepFacts row={one} />,
    <StepFacts row={other} />,
    one && other && differenceText(durationOf(one), durationOf(other), formatMilliseconds),
  ];
}

function StepFacts({ row }: { readonly row: Row | undefined }): VNode {
  if (row === undefined) return <span class="dim">–</span>;
  const { span } = row;
  const { inputTokens, outputTokens, cost } = spanUsage(span.attributes);
  const facts = [formatDuration(span.start, span.end), tokens(inputTokens, outputTokens), dollars(cost)];
  return <span class={isFailed(span) ? 'failure' : ''}>{joinedFacts(facts)}</span>;
}

function durationOf({ span }: Row): number {
  return millisecondsBetween(span.start, span.end);
}

/** The difference between two numbers, such as `+12 %, 1.2 s`. `=` if they are equal. */
function differenceText(one: number, other: number, show: Measure[2]): string {
  if (one === other) return '=';
  const sign = other > one ? '+' : '−';
  const part = one > 0 ? `, ${sign}${Math.round((Math.abs(other - one) / one) * 100)} %` : '';
  return `${sign}${show(Math.abs(other - one))}${part}`;
}
