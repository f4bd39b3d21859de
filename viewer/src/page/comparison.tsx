import type { ComponentChildren, VNode } from 'preact';
import { grouped } from '../format-amounts.ts';
import { summaryFacts } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { choose } from './actions.ts';
import { type AlignedStep, alignedSteps, MAX_STEPS } from './aligned-steps.ts';
import { Button, clock, SpanDetails, Table } from './elements.tsx';

interface ComparisonProps {
  readonly one: ViewedTrace;
  readonly other: ViewedTrace;
}

export function Comparison({ one, other }: ComparisonProps): VNode {
  const steps = alignedSteps(one.rows, other.rows);
  const stepsHeading = steps.length < MAX_STEPS ? 'Steps' : `The first ${grouped(MAX_STEPS)} steps`;
  const [facts, others] = [comparedFacts(one), comparedFacts(other)];
  const labels = [...new Set([...facts.keys(), ...others.keys()])];
  return (
    <section class="overview card stack" aria-label="Comparison">
      <h2>Two traces</h2>
      <Table
        className="amounts"
        headings={['Fact', ...[one, other].map(traceHeading)]}
        rows={[
          ...labels.map((label) => {
            const values = [facts.get(label), others.get(label)];
            return [values[0] === values[1] ? label : <mark>{label}</mark>, ...values];
          }),
          [<h3>{stepsHeading}</h3>],
          ...steps.map(stepCells),
        ]}
      />
    </section>
  );
}

function comparedFacts({ summary }: ViewedTrace): ReadonlyMap<string, string> {
  const facts = [...summaryFacts(summary), ['Errors', grouped(summary.errors.length)] as const];
  return new Map(facts.flatMap(([label, text]) => (text === undefined ? [] : [[label, text.slice(0, 200)]])));
}

function traceHeading({ traceId, title, summary }: ViewedTrace): VNode {
  return (
    <>
      <Button label={title.slice(0, 100)} class="link" onClick={() => choose(traceId)} />
      <div class="dim">{clock(summary.start)}</div>
    </>
  );
}

function stepCells({ one, other }: AlignedStep): ComponentChildren[] {
  const { depth = 1, span } = one ?? other ?? {};
  return [
    <span style={{ paddingInlineStart: `${Math.min(depth - 1, 20) * 14}px` }}>
      {span?.name.slice(0, 200)}
    </span>,
    stepFacts(one),
    stepFacts(other),
  ];
}

function stepFacts(row: Row | undefined): VNode {
  return <span class="line">{row === undefined ? '–' : <SpanDetails row={row} maxRank={0} />}</span>;
}
