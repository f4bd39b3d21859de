import type { VNode } from 'preact';
import { costOf, formatMilliseconds, grouped } from '../amounts.ts';
import type { CallTotals } from '../totals.ts';
import { addedUsage, NOTHING_USED, type SpanUsage, totalTokens } from '../usage.ts';
import { setFilter, showTotals } from './actions.ts';
import { address } from './address.ts';
import { FactList, Table } from './facts.tsx';
import { listedEntries, totals } from './state.ts';
import { placeIn } from './time-axis.ts';

export function TotalsView(): VNode {
  const summaries = listedEntries.value.map(({ trace }) => trace.summary);
  const calls = totals.value;
  const used = summaries.reduce<SpanUsage>(addedUsage, NOTHING_USED);
  return (
    <section class="overview card stack" aria-label="Totals">
      <div class="title line">
        <h2>Totals</h2>
        <button type="button" onClick={() => showTotals(false)}>
          Close totals
        </button>
      </div>
      <FactList
        facts={[
          [address.value.kind === 'trace' ? 'Traces' : 'Conversations', grouped(summaries.length)],
          ['Cost', costOf(used.cost, used.unpriced)],
          ['Tokens', totalTokens(used)?.replace(' tokens', '')],
          ['Errors', grouped(summaries.reduce((sum, { errors }) => sum + errors.length, 0))],
        ]}
      />
      <CallTable calls={calls} />
    </section>
  );
}

function CallTable({ calls }: { readonly calls: readonly CallTotals[] }): VNode {
  const longest = Math.max(...calls.map(({ p95 }) => p95), 1e-3);
  return (
    <Table
      className="amounts"
      headings={['Model or tool', 'Calls', 'Errors', 'Tokens', 'Cost', 'p50', 'p95', 'Latency, p50 to p95']}
      rows={calls.map((each) => [
        <button
          type="button"
          class="link"
          onClick={() => setFilter({ words: `${each.kind}:"${each.name}"` })}
        >
          {each.name}
        </button>,
        grouped(each.calls),
        <span class={each.errors > 0 ? 'failure' : ''}>{grouped(each.errors)}</span>,
        totalTokens(each)?.replace(' tokens', ''),
        costOf(each.cost, each.unpriced),
        formatMilliseconds(each.median),
        formatMilliseconds(each.p95),
        <LatencyBar calls={each} longest={longest} />,
      ])}
    />
  );
}

function LatencyBar(props: { readonly calls: CallTotals; readonly longest: number }): VNode {
  const { kind, median, p95 } = props.calls;
  const scale = { from: 0, to: props.longest };
  return (
    <span class="track" style={{ '--type': `var(--${kind})` }}>
      <span class="bar" style={placeIn(scale, { from: 0, to: median })} />
      <span class="bar pale" style={placeIn(scale, { from: median, to: p95 })} />
    </span>
  );
}
