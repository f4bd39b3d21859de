import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { costOf, count, dollars, formatDuration, grouped, joinedFacts } from '../amounts.ts';
import type { TraceEntry } from '../trace-store.ts';
import { totalTokens } from '../usage.ts';
import { choose, chooseKind, compareWith, showTotals } from './actions.ts';
import { address, go, TRACE_ORDERS, type TraceOrder } from './address.ts';
import { clock } from './facts.tsx';
import { Badge } from './overview.tsx';
import { isSameEntry, listedEntries, lists, opened } from './state.ts';
import { useVisibleRows } from './visible-rows.ts';

const LIST_KINDS = [
  ['trace', 'Traces'],
  ['conversation', 'Conversations'],
] as const;

export function TraceList(): VNode {
  const { kind, isTotals, sort } = address.value;
  const { traces = [], conversations = [], dropped = 0, unlisted = 0 } = lists.value ?? {};
  const { value: entries } = listedEntries;
  const list = useRef<HTMLUListElement>(null);
  const { from, to, height } = useVisibleRows(list, entries.length);
  const cost = entries.reduce((sum, { trace }) => sum + (trace.summary.cost ?? 0), 0);
  const older =
    kind === 'trace'
      ? count(dropped, 'older trace was dropped', 'older traces were dropped')
      : count(unlisted, 'older conversation is not listed', 'older conversations are not listed');
  return (
    <nav aria-label="Traces">
      {(conversations.length > 0 || kind === 'conversation') && (
        <fieldset class="kinds line" aria-label="List">
          {LIST_KINDS.map(([each, label]) => (
            <button type="button" key={each} aria-pressed={kind === each} onClick={() => chooseKind(each)}>
              {`${label} ${grouped((each === 'trace' ? traces : conversations).length)}`}
            </button>
          ))}
        </fieldset>
      )}
      <div class="kinds line">
        <select
          aria-label="Order"
          value={sort}
          onChange={({ currentTarget }) => go({ sort: currentTarget.value as TraceOrder }, true)}
        >
          {Object.entries(TRACE_ORDERS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" aria-pressed={isTotals} onClick={() => showTotals(!isTotals)}>
          {`Totals${cost > 0 ? ` ${dollars(cost)}` : ''}`}
        </button>
      </div>
      <ul ref={list} style={{ height: `${entries.length * height}px` }}>
        {entries.slice(from, to).map((entry, i) => (
          <li key={entry.id} style={{ top: `${(from + i) * height}px` }}>
            <ListedTrace entry={entry} isOpen={!isTotals && isSameEntry(entry, opened.value)} />
          </li>
        ))}
      </ul>
      {older && <p class="note">{older}</p>}
    </nav>
  );
}

function ListedTrace({ entry, isOpen }: { readonly entry: TraceEntry; readonly isOpen: boolean }): VNode {
  const { kind, trace, found } = entry;
  const { start, end, cost, unpriced, prompt } = trace.summary;
  const traces = new Set(trace.roots.map(({ span }) => span.traceId)).size;
  const title = trace.title.slice(0, 100);
  const facts = [
    clock(start).slice(11, 19),
    formatDuration(start, end),
    costOf(cost, unpriced),
    totalTokens(trace.summary)?.replace(' tokens', ''),
    kind === 'conversation' ? count(traces, 'trace') : undefined,
    count(found, 'span'),
  ];
  return (
    <>
      <button
        type="button"
        class="stack"
        aria-current={isOpen ? 'true' : undefined}
        onClick={() => choose(entry)}
      >
        <span class="title line">
          <strong class="clip">{title}</strong>
          {prompt !== undefined && <span class="prompt clip">{prompt.slice(0, 200)}</span>}
          <Badge entry={entry} />
        </span>
        <span class="small dim clip">{joinedFacts(facts)}</span>
      </button>
      {!isOpen && opened.value?.kind === kind && (
        <button
          type="button"
          class="compare"
          aria-label={`Compare the open one with ${title}`}
          title="Compare with the open one"
          onClick={() => compareWith(entry.id)}
        >
          <span aria-hidden="true">⇆</span>
        </button>
      )}
    </>
  );
}
