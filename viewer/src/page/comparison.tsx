import type { ComponentChildren, VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { type ComparedTexts, textsOfStep, textsOfTrace } from '../compared-texts.ts';
import { grouped, joinedFacts, percentile } from '../format-amounts.ts';
import { type SpanUsage, spanUsage, tokenSum } from '../span-usage.ts';
import { summaryFacts } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import { millisecondsBetween } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { choose, openStep, stopComparing } from './actions.ts';
import { type AlignedStep, alignedSteps, MAX_STEPS } from './aligned-steps.ts';
import { Button, clock, SpanDetails, Table } from './elements.tsx';
import { type DiffPart, wordDiff } from './word-diff.ts';

interface ComparisonProps {
  readonly one: ViewedTrace;
  readonly other: ViewedTrace;
}

/** The length of the texts that are compared, in UTF-16 units. Their spans show all of them. */
const MAX_DIFF_LENGTH = 20_000;

export function Comparison({ one, other }: ComparisonProps): VNode {
  const steps = useMemo(() => comparedSteps(one, other), [one, other]);
  const stepsHeading = steps.length < MAX_STEPS ? 'Steps' : `The first ${grouped(MAX_STEPS)} steps`;
  const [facts, others] = [comparedFacts(one), comparedFacts(other)];
  const labels = [...new Set([...facts.keys(), ...others.keys()])];
  const headings = [one, other].map(traceHeading);
  return (
    <section class="overview card stack" aria-label="Comparison">
      <div class="title line">
        <h2>Two traces</h2>
        <Button label="✕ Close (Esc)" onClick={stopComparing} />
      </div>
      <TextTable one={textsOfTrace(one)} other={textsOfTrace(other)} headings={['Text', ...headings]} />
      <Table
        className="amounts compared"
        headings={['Fact', ...headings, '±']}
        rows={[
          ...labels.map((label) => {
            const [before, after] = [facts.get(label), others.get(label)];
            const isSame = before?.text === after?.text;
            return [
              isSame ? label : <mark>{label}</mark>,
              before?.text,
              after?.text,
              change(before?.amount, after?.amount),
            ];
          }),
          [<h3>{stepsHeading}</h3>],
          ...steps.flatMap((step) => stepRows(step, one.traceId, other.traceId)),
        ]}
      />
    </section>
  );
}

interface ComparedFact {
  readonly text: string;
  /** The number that the fact is about, if it is one. */
  readonly amount: number | undefined;
}

function comparedFacts({ summary }: ViewedTrace): ReadonlyMap<string, ComparedFact> {
  const { start, end, cost, cachedTokens, firstTokens, retries, errors, counts } = summary;
  const amounts = new Map<string, number | undefined>([
    ...counts,
    ['Duration', millisecondsBetween(start, end)],
    ['First token', firstTokens.length > 0 ? percentile(firstTokens, 0.5) : undefined],
    ['Tokens', tokenSum(summary)],
    ['Cached', cachedTokens],
    ['Cost', cost],
    ['Retries', retries],
    ['Errors', errors.length],
  ]);
  const facts = [...summaryFacts(summary), ['Errors', grouped(errors.length)] as const];
  return new Map(
    facts.flatMap(([label, text]) =>
      text === undefined ? [] : [[label, { text: text.slice(0, 200), amount: amounts.get(label) }]],
    ),
  );
}

/** How much more or less the second amount is: `+12 %`, `−3.5 %`; `undefined` if there is no difference in per cent. */
function change(before: number | undefined, after: number | undefined): string | undefined {
  if (before === undefined || after === undefined || before === 0 || before === after) return undefined;
  const percent = ((after - before) / before) * 100;
  const size = Math.abs(percent);
  return `${percent > 0 ? '+' : '−'}${size < 9.95 ? Number(size.toPrecision(2)) : grouped(Math.round(size))} %`;
}

function traceHeading({ traceId, title, summary }: ViewedTrace): VNode {
  return (
    <>
      <Button label={title.slice(0, 100)} class="link" onClick={() => choose(traceId)} />
      <div class="dim">{clock(summary.start)}</div>
    </>
  );
}

type ComparedStep = AlignedStep & { readonly hasOtherTexts: boolean };

function comparedSteps({ rows: before }: ViewedTrace, { rows: after }: ViewedTrace): ComparedStep[] {
  return alignedSteps(before, after).map((step) => {
    const [one, other] = [step.one, step.other].map((row) =>
      row === undefined ? undefined : textsOfStep(row),
    );
    const hasOtherTexts =
      one !== undefined &&
      other !== undefined &&
      Object.keys(one).some((label) => one[label] !== other[label]);
    return { ...step, hasOtherTexts };
  });
}

function stepRows(
  { one, other, hasOtherTexts }: ComparedStep,
  traceId: string,
  otherId: string,
): ComponentChildren[][] {
  const { depth = 1 } = one ?? other ?? {};
  const names = new Set([one, other].flatMap((row) => row?.span.name.slice(0, 200) ?? []));
  const cells = [
    <span style={{ paddingInlineStart: `${Math.min(depth - 1, 20) * 14}px` }}>{[...names].join(' → ')}</span>,
    <StepFacts row={one} traceId={traceId} />,
    <StepFacts row={other} traceId={otherId} />,
    one && other && stepChange(one, other),
  ];
  return one && other && hasOtherTexts ? [cells, [<StepTexts one={one} other={other} />]] : [cells];
}

function StepFacts({ row, traceId }: { readonly row: Row | undefined; readonly traceId: string }): VNode {
  if (row === undefined) return <>–</>;
  return (
    <button
      type="button"
      class="link line"
      title={row.span.name.slice(0, 200)}
      onClick={() => openStep(traceId, row)}
    >
      <SpanDetails row={row} maxRank={0} />
    </button>
  );
}

function stepChange({ span: before }: Row, { span: after }: Row): string {
  const [usage, later] = [before, after].map(({ attributes }) => spanUsage(attributes)) as [
    SpanUsage,
    SpanUsage,
  ];
  const [time, laterTime] = [before, after].map(({ start, end }) => millisecondsBetween(start, end));
  const changes = {
    time: change(time, laterTime),
    tokens: change(tokenSum(usage), tokenSum(later)),
    cost: change(usage.cost, later.cost),
  };
  return joinedFacts(Object.entries(changes).map(([name, text]) => text && `${text} ${name}`));
}

/** What two steps were given and answered. The texts are compared once the reader opens them. */
function StepTexts({ one, other }: { readonly one: Row; readonly other: Row }): VNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Different texts</summary>
      {isOpen && <TextTable one={textsOfStep(one)} other={textsOfStep(other)} />}
    </details>
  );
}

interface TextTableProps {
  readonly one: ComparedTexts;
  readonly other: ComparedTexts;
  readonly headings?: readonly ComponentChildren[];
}

function TextTable({ one, other, headings }: TextTableProps): VNode {
  const rows = Object.keys(one).flatMap((label) => {
    const [before = '', after = ''] = [one[label], other[label]].map((text) =>
      text?.slice(0, MAX_DIFF_LENGTH),
    );
    if (before === '' && after === '') return [];
    const parts = wordDiff(before, after);
    return [[before === after ? label : <mark>{label}</mark>, ...parts.map(differences)]];
  });
  return <Table className="texts" headings={headings} rows={rows} />;
}

function differences(parts: readonly DiffPart[], side: number): VNode {
  const Changed = side === 0 ? 'del' : 'ins';
  return (
    <div class="text">
      {parts.map(({ text, isChanged }, i) => (isChanged ? <Changed key={i}>{text}</Changed> : text))}
    </div>
  );
}
