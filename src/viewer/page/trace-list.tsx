import type { VNode } from 'preact';
import { costOf, count, formatDuration, grouped, totalTokens } from '../amounts.ts';
import type { TraceEntry } from '../viewed-trace.ts';
import { choose, chooseKind } from './actions.ts';
import { address } from './address.ts';
import { Badge, clock } from './overview.tsx';
import { isSameEntry, lists, opened } from './state.ts';

/** The number of entries listed. */
const MAX_PAGE_TRACES = 2_000;

/** The list of traces, and the one of conversations. */
export function TraceList(): VNode {
  const { kind } = address.value;
  const { traces = [], conversations = [], dropped = 0, unlisted = 0 } = lists.value ?? {};
  const entries = kind === 'trace' ? traces : conversations;
  const notes = [
    entries.length > MAX_PAGE_TRACES &&
      `and ${grouped(entries.length - MAX_PAGE_TRACES)} more; use the filter to find them`,
    kind === 'trace' && note(dropped, 'older trace was', 'older traces were', 'dropped'),
    kind === 'conversation' &&
      note(unlisted, 'older conversation is', 'older conversations are', 'not listed'),
  ];
  return (
    <nav aria-label="Traces">
      {(conversations.length > 0 || kind === 'conversation') && (
        <fieldset class="kinds" aria-label="List">
          <KindButton kind="trace" label={`Traces ${grouped(traces.length)}`} />
          <KindButton kind="conversation" label={`Conversations ${grouped(conversations.length)}`} />
        </fieldset>
      )}
      <ul>
        {entries.slice(0, MAX_PAGE_TRACES).map((entry) => (
          <li key={entry.id}>
            <ListedTrace entry={entry} isOpen={isSameEntry(entry, opened.value?.entry)} />
          </li>
        ))}
        {notes.map(
          (text) =>
            text && (
              <li class="note" key={text}>
                {text}
              </li>
            ),
        )}
      </ul>
    </nav>
  );
}

function note(number: number, one: string, many: string, what: string): string | undefined {
  return number > 0 ? `${count(number, one, many)} ${what}` : undefined;
}

function KindButton({ kind, label }: { readonly kind: TraceEntry['kind']; readonly label: string }): VNode {
  return (
    <button type="button" aria-pressed={address.value.kind === kind} onClick={() => chooseKind(kind)}>
      {label}
    </button>
  );
}

function ListedTrace({ entry, isOpen }: { readonly entry: TraceEntry; readonly isOpen: boolean }): VNode {
  const { start, end, cost, unpriced, spans, traces, prompt } = entry;
  const facts = [
    formatDuration(start, end),
    totalTokens(entry),
    costOf(cost, unpriced),
    entry.kind === 'conversation' ? count(traces, 'trace') : undefined,
    count(spans, 'span'),
  ];
  return (
    <button type="button" aria-current={isOpen ? 'true' : undefined} onClick={() => choose(entry)}>
      <span class="title">
        <strong>{entry.title.slice(0, 100)}</strong>
        <Badge entry={entry} />
      </span>
      {prompt !== undefined && <span class="prompt">{prompt}</span>}
      <span class="dim">{facts.filter((fact) => fact !== undefined).join(' · ')}</span>
      <span class="dim">{clock(start)}</span>
    </button>
  );
}
