import type { VNode } from 'preact';
import { type CallTotals, callTotals } from '../call-totals.ts';
import { costOf, formatMilliseconds, grouped } from '../format-amounts.ts';
import { totalTokens, totalUsage } from '../span-usage.ts';
import { setFilter } from './actions.ts';
import { Button, FactList, Table } from './elements.tsx';
import { listedEntries, lists } from './state.ts';
import { placeIn } from './time-axis.ts';

export function TotalsView(): VNode {
  const summaries = listedEntries.value.map(({ trace }) => trace.summary);
  const used = totalUsage(summaries);
  const calls = callTotals(lists.value?.traces.map(({ trace }) => trace) ?? []);
  const longest = Math.max(...calls.map(({ p95 }) => p95), 1e-3);
  return (
    <section class="overview card stack" aria-label="Totals">
      <h2>Totals</h2>
      <FactList
        facts={[
          ['Traces', grouped(summaries.length)],
          ['Cost', costOf(used.cost, used.unpriced)],
          ['Tokens', totalTokens(used)],
          ['Errors', grouped(summaries.reduce((sum, { errors }) => sum + errors.length, 0))],
        ]}
      />
      <Table
        className="amounts"
        headings={['Model or tool', 'Calls', 'Errors', 'Tokens', 'Cost', 'p50', 'p95', 'Latency, p50 to p95']}
        rows={calls.map((each) => callCells(each, longest))}
      />
    </section>
  );
}

function callCells(of: CallTotals, longest: number): (VNode | string | undefined)[] {
  const { kind: type, name, median, p95 } = of;
  const scale = { from: 0, to: longest };
  return [
    <Button label={name} class="link" onClick={() => setFilter(`${type}:"${name}"`)} />,
    grouped(of.calls),
    <span class={of.errors > 0 ? 'failure' : ''}>{grouped(of.errors)}</span>,
    totalTokens(of)?.replace(' tokens', ''),
    costOf(of.cost, of.unpriced),
    formatMilliseconds(median),
    formatMilliseconds(p95),
    <span class="track" style={{ '--type': `var(--${type})` }}>
      <span class="bar" style={placeIn(scale, { from: 0, to: median })} />
      <span class="bar pale" style={placeIn(scale, { from: median, to: p95 })} />
    </span>,
  ];
}
