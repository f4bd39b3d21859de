import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { costOf, count, dollars, formatDuration, joinedFacts } from '../format-amounts.ts';
import { totalTokens } from '../span-usage.ts';
import { excerptOf } from '../trace-filter.ts';
import type { TraceEntry } from '../trace-store.ts';
import { choose, showTotals } from './actions.ts';
import { Paged } from './content.tsx';
import { Button, clock } from './elements.tsx';
import { Badge } from './overview.tsx';
import {
  filterWords,
  go,
  isComparing,
  isTotals,
  listedEntries,
  lists,
  ORDERS,
  opened,
  order,
} from './state.ts';

const LIST_PAGE_SIZE = 50;
/** Traces of today have no date. */
const TODAY = clock([Date.now() / 1e3, 0]).slice(0, 10);

export function TraceList(): VNode {
  const { dropped = 0 } = lists.value ?? {};
  const { value: entries } = listedEntries;
  const cost = entries.reduce((sum, { trace }) => sum + (trace.summary.cost ?? 0), 0);
  const older = count(dropped, 'older trace was dropped', 'older traces were dropped');
  return (
    <nav aria-label="Traces" class="stack">
      <div class="line">
        <select
          aria-label="Order"
          value={order.value}
          onChange={({ currentTarget }) => go({ sort: currentTarget.value || undefined }, true)}
        >
          {Object.entries(ORDERS).map(([value, [label]]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <Button
          label={cost > 0 ? `Totals ${dollars(cost)}` : 'Totals'}
          aria-pressed={isTotals.value}
          onClick={() => showTotals(!isTotals.value)}
        />
      </div>
      {isComparing.value && (
        <p class="note" role="status">
          Choose what to compare with the open one.
        </p>
      )}
      <Paged
        as="ul"
        items={entries}
        size={LIST_PAGE_SIZE}
        label="Show more"
        render={(entry) => (
          <ListedTrace key={entry.id} entry={entry} isOpen={!isTotals.value && entry === opened.value} />
        )}
      />
      {older && <p class="note">{older}</p>}
    </nav>
  );
}

interface ListedTraceProps {
  readonly entry: TraceEntry;
  readonly isOpen: boolean;
}

function ListedTrace({ entry, isOpen }: ListedTraceProps): VNode {
  const { trace, found, foundRows: foundIn } = entry;
  const { start, end, cost, unpriced, prompt } = trace.summary;
  const excerpt = useMemo(() => excerptOf(foundIn ?? [], filterWords.value), [foundIn]);
  const said = excerpt ?? prompt?.slice(0, 200);
  const started = clock(start);
  const facts = [
    started.startsWith(TODAY) ? started.slice(11, 19) : started.slice(5, 16),
    formatDuration(start, end),
    costOf(cost, unpriced),
    totalTokens(trace.summary)?.replace(' tokens', ''),
    count(found, 'span'),
  ];
  return (
    <li>
      <button
        type="button"
        class="stack"
        aria-current={isOpen ? 'true' : undefined}
        onClick={() => choose(entry.id)}
      >
        <span class="title line">
          <strong class="clip">{trace.title.slice(0, 100)}</strong>
          {said !== undefined && (
            <span class="prompt clip" dir="auto">
              {said}
            </span>
          )}
          <Badge entry={entry} />
        </span>
        <span class="small dim clip" title={started}>
          {joinedFacts(facts)}
        </span>
      </button>
    </li>
  );
}
