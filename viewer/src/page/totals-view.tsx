import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { type CallTotals, callTotals, GROUPINGS, TOTALS_COLUMNS } from '../call-totals.ts';
import { exactTerm } from '../filter-terms.ts';
import { costOf, count, grouped } from '../format-amounts.ts';
import { totalTokens } from '../span-usage.ts';
import { firstTokensText } from '../trace-summary.ts';
import { listBy } from './actions.ts';
import { Button, FactList, Table } from './elements.tsx';
import { address, go, listedEntries, listedUsage, lists } from './state.ts';
import { placeIn } from './time-axis.ts';

const MAX_LISTED_GROUPS = 200;

export function TotalsView(): VNode {
  const summaries = listedEntries.value.map(({ trace }) => trace.summary);
  const { value: used } = listedUsage;
  return (
    <section class="overview card stack" aria-label="Totals">
      <div class="title line">
        <h2>Totals</h2>
        <GroupingChoice />
      </div>
      <FactList
        facts={[
          ['Traces', grouped(summaries.length)],
          ['Cost', costOf(used.cost, used.unpriced)],
          ['Tokens', totalTokens(used)],
          [
            'First token',
            firstTokensText(summaries.flatMap(({ firstTokens }) => firstTokens).toSorted((a, b) => a - b)),
          ],
          ['Errors', grouped(summaries.reduce((sum, { errors }) => sum + errors.length, 0))],
        ]}
      />
      <TotalsTable />
    </section>
  );
}

const grouping = computed(
  () => GROUPINGS.find(({ term }) => term === address.value.get('totals')) ?? GROUPINGS[0],
);

const groups = computed(() =>
  callTotals(lists.value?.traces.map(({ trace }) => trace) ?? [], grouping.value),
);

const columns = computed(() =>
  Object.entries(TOTALS_COLUMNS).filter(([, { textOf }]) => groups.value.some((of) => textOf(of))),
);

/** The heading of the column that the rows are sorted by. */
const sortedBy = computed(() => {
  const named = address.value.get('column');
  return columns.value.find(([heading]) => heading === named)?.[0] ?? 'Calls';
});

function GroupingChoice(): VNode {
  return (
    <select
      aria-label="Totals by"
      value={grouping.value.term}
      onChange={({ currentTarget }) => go({ totals: currentTarget.value }, true)}
    >
      {GROUPINGS.map(({ label, term }) => (
        <option key={term} value={term}>
          {`By ${label.toLowerCase()}`}
        </option>
      ))}
    </select>
  );
}

function TotalsTable(): VNode {
  const headings = columns.value.map(([heading]) => (
    <Button label={heading} class="link" onClick={() => go({ column: heading }, false)} />
  ));
  const more = count(groups.value.length - MAX_LISTED_GROUPS, 'more row');
  return (
    <>
      <Table
        className="amounts"
        headings={[grouping.value.label, ...headings, 'Latency, p50 to p95']}
        sorted={columns.value.findIndex(([heading]) => heading === sortedBy.value) + 1}
        rows={sortedTotals(groups.value).slice(0, MAX_LISTED_GROUPS).flatMap(rowsOfGroup)}
      />
      {more && <p class="dim">{more}</p>}
    </>
  );
}

function sortedTotals(totals: readonly CallTotals[]): CallTotals[] {
  const { amountOf } = TOTALS_COLUMNS[sortedBy.value] ?? {};
  const value = (of: CallTotals): number => amountOf?.(of) ?? -1;
  return totals.toSorted((a, b) => value(b) - value(a));
}

type Cells = readonly (VNode | string | undefined)[];

/** The row of a group, and those of its parts. Each leads to its traces. */
function rowsOfGroup(group: CallTotals): Cells[] {
  const { label, term, partTerm = '' } = grouping.value;
  const { name, parts } = group;
  if (name === undefined) return [cellsOf(group, `no ${label.toLowerCase()}`)];
  const found = exactTerm(term, name);
  const link = (text: string, filter: string, more = ''): VNode => (
    <Button label={text} class={`link${more}`} onClick={() => listBy(filter)} />
  );
  return [
    cellsOf(group, link(name, found)),
    ...sortedTotals(parts).map((part) => {
      const { name: partName = '' } = part;
      const filter = exactTerm(partTerm, partName);
      return cellsOf(part, link(partName, term === partTerm ? filter : `${found} ${filter}`, ' part'));
    }),
  ];
}

function cellsOf(of: CallTotals, name: VNode | string): Cells {
  const cells = columns.value.map(([heading, { textOf }]) =>
    heading === 'Errors' && of.errors > 0 ? <span class="failure">{textOf(of)}</span> : textOf(of),
  );
  return [name, ...cells, <LatencyBar of={of} />];
}

function LatencyBar({ of }: { readonly of: CallTotals }): VNode {
  const scale = { from: 0, to: Math.max(...groups.value.map(({ p95 }) => p95), 1e-3) };
  return (
    <span class="track" style={{ '--type': `var(--${of.kind})` }}>
      <span class="bar" style={placeIn(scale, { from: 0, to: of.median })} />
      <span class="bar pale" style={placeIn(scale, { from: of.median, to: of.p95 })} />
    </span>
  );
}
