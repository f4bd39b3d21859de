import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { dollars, formatDuration, formatMilliseconds, grouped, joinedFacts, tokens } from '../amounts.ts';
import { millisecondsBetween, type Row } from '../tree.ts';
import { spanUsage } from '../usage.ts';
import { isFailed, type Trace } from '../viewed-trace.ts';
import { choose, compareWith } from './actions.ts';
import { alignedSteps } from './aligned-steps.ts';
import { clock } from './overview.tsx';
import { compared, opened } from './state.ts';

/** A number of a trace or step: how it is shown, and whether less of it is better. */
interface Measure {
  readonly label: string;
  readonly read: (trace: Trace) => number | undefined;
  readonly show: (value: number) => string | undefined;
}

const countNamed =
  (name: string): Measure['read'] =>
  (trace) =>
    trace.summary.counts.find(({ label }) => label === name)?.count;

const MEASURES: readonly Measure[] = [
  {
    label: 'Duration',
    read: ({ summary }) => millisecondsBetween(summary.start, summary.end),
    show: formatMilliseconds,
  },
  { label: 'Cost', read: ({ summary }) => summary.cost, show: dollars },
  { label: 'Input tokens', read: ({ summary }) => summary.inputTokens, show: grouped },
  { label: 'Output tokens', read: ({ summary }) => summary.outputTokens, show: grouped },
  { label: 'Model calls', read: countNamed('Model calls'), show: grouped },
  { label: 'Tool calls', read: countNamed('Tool calls'), show: grouped },
  { label: 'Errors', read: ({ summary }) => summary.errors.length, show: grouped },
  { label: 'Spans', read: ({ rows }) => rows.length, show: grouped },
];

const steps = computed(() =>
  opened.value === undefined || compared.value === undefined
    ? []
    : alignedSteps(opened.value.trace.rows, compared.value.trace.rows),
);

/** Two traces side by side, and what differs in steps, tokens, cost and time. */
export function Comparison(): VNode | null {
  const { value: one } = opened;
  const { value: other } = compared;
  if (one === undefined || other === undefined) return null;
  const both = [one, other];
  return (
    <section class="overview comparison" aria-label="Comparison">
      <div class="title">
        <h2>Two traces</h2>
        <button type="button" onClick={() => compareWith(undefined)}>
          Close comparison
        </button>
      </div>
      <table class="amounts steps">
        <tr>
          <td />
          {both.map(({ entry, trace }) => (
            <th scope="col" key={entry.id}>
              <button type="button" class="link" onClick={() => choose(entry)}>
                {trace.title.slice(0, 100)}
              </button>
              <div class="dim">{clock(trace.summary.start)}</div>
            </th>
          ))}
          <th scope="col">Difference</th>
        </tr>
        {MEASURES.map((measure) => (
          <MeasureRow key={measure.label} measure={measure} one={one.trace} other={other.trace} />
        ))}
        <tr>
          <th scope="colgroup" colSpan={4}>
            <h3>Steps</h3>
          </th>
        </tr>
        {steps.value.map((step, i) => (
          <tr key={i} class={step.one === undefined ? 'added' : step.other === undefined ? 'removed' : ''}>
            <th scope="row" style={{ paddingInlineStart: `${Math.min(step.depth - 1, 20) * 14}px` }}>
              {(step.one ?? step.other)?.node.span.name.slice(0, 200)}
            </th>
            <StepCell row={step.one} />
            <StepCell row={step.other} />
            <td>
              {step.one &&
                step.other &&
                differenceText(durationOf(step.one), durationOf(step.other), formatMilliseconds)}
            </td>
          </tr>
        ))}
      </table>
    </section>
  );
}

interface MeasureRowProps {
  readonly measure: Measure;
  readonly one: Trace;
  readonly other: Trace;
}

function MeasureRow({ measure: { label, read, show }, one, other }: MeasureRowProps): VNode | null {
  const [a, b] = [read(one), read(other)];
  if (a === undefined && b === undefined) return null;
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{show(a ?? 0)}</td>
      <td>{show(b ?? 0)}</td>
      <td>{differenceText(a ?? 0, b ?? 0, show)}</td>
    </tr>
  );
}

function StepCell({ row }: { readonly row: Row | undefined }): VNode {
  if (row === undefined) return <td class="dim">–</td>;
  const { span } = row.node;
  const { inputTokens, outputTokens, cost } = spanUsage(span.attributes);
  const facts = [
    formatDuration(span.startTime, span.endTime),
    tokens(inputTokens, outputTokens),
    dollars(cost),
  ];
  return <td class={isFailed(span) ? 'failure' : ''}>{joinedFacts(facts)}</td>;
}

function durationOf({ node: { span } }: Row): number {
  return millisecondsBetween(span.startTime, span.endTime);
}

/** `+12 %, 1.2 s`: how much more the other one has. */
function differenceText(one: number, other: number, show: Measure['show']): string {
  if (one === other) return '=';
  const sign = other > one ? '+' : '−';
  const part = one > 0 ? `, ${sign}${Math.round((Math.abs(other - one) / one) * 100)} %` : '';
  return `${sign}${show(Math.abs(other - one))}${part}`;
}
