import { computed, effect, type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import { count, grouped } from '../amounts.ts';
import { chooseKind, FILTER_ID, setFilter } from './actions.ts';
import { address } from './address.ts';
import { Comparison } from './comparison.tsx';
import { ConnectionState, NoTraces } from './connection.tsx';
import { KeyList, showKeys } from './keys.tsx';
import { Divider, hasRoomForList, isSmall, pixels, widths } from './layout.tsx';
import { Overview } from './overview.tsx';
import { Panels } from './panels.tsx';
import { compared, isFiltered, isLive, isMissing, listedEntries, lists, omitted, opened } from './state.ts';
import { TotalsView } from './totals-view.tsx';
import { TraceList } from './trace-list.tsx';

const MAX_SUGGESTIONS = 500;
const MAX_SUGGESTING = 2_000;

export function App(): VNode {
  return (
    <>
      <Header />
      <Frame />
      <KeyList />
    </>
  );
}

effect(() => {
  const { trace } = opened.value ?? {};
  if (trace !== undefined) document.title = `${trace.title.slice(0, 100)} · OpenAI traces`;
});

/** There is a list if the page has a server, or more than one trace. */
const hasList = computed(() => isLive || (lists.value?.total ?? 0) > 1);

/** Whether the reader wants the list beside the trace; `undefined` if the width of the page decides. */
const wantsList: Signal<boolean | undefined> = signal();

/** On a small screen, the list is shown until a trace is chosen. */
const isListShown = computed(() => {
  if (isSmall.value) return hasList.value && address.value.id === undefined && !address.value.isTotals;
  return hasList.value && (wantsList.value ?? hasRoomForList.value);
});

function Frame(): VNode | null {
  if (lists.value === undefined) return <main />;
  const isBeside = isListShown.value && !isSmall.value;
  return (
    <main
      class={isBeside ? 'frame' : 'frame alone'}
      style={{ '--list': pixels(widths.list), '--details': pixels(widths.details) }}
    >
      {isListShown.value && <TraceList />}
      {isBeside && <Divider of="list" side="before" />}
      {(isBeside || !isListShown.value) && (
        <div>
          <OpenTrace />
        </div>
      )}
    </main>
  );
}

function ListButton(): VNode | null {
  if (!hasList.value || (isSmall.value && isListShown.value)) return null;
  const { kind } = address.value;
  const [sign, label] = isSmall.value ? ['←', kind === 'trace' ? 'Traces' : 'Conversations'] : ['☰', 'List'];
  const onClick = (): void => {
    if (isSmall.value) chooseKind(kind);
    else wantsList.value = !isListShown.value;
  };
  return (
    <button type="button" aria-expanded={isSmall.value ? undefined : isListShown.value} onClick={onClick}>
      <span aria-hidden="true">{`${sign} `}</span>
      {label}
    </button>
  );
}

function OpenTrace(): VNode {
  const { value: open } = opened;
  const { isTotals, other } = address.value;
  if (isTotals) return <TotalsView />;
  if (open === undefined)
    return isFiltered.value ? <p class="note">No span matches the filter.</p> : <NoTraces />;
  if (other !== undefined && compared.value !== undefined)
    return <Comparison one={open.trace} other={compared.value} />;
  return (
    <>
      <Overview entry={open} />
      <Panels key={`${open.kind} ${open.id}`} />
    </>
  );
}

function Header(): VNode {
  return (
    <header class="line">
      <ListButton />
      <h1>OpenAI traces</h1>
      <Filter />
      <output class="dim" aria-live="polite">
        {foundText()}
      </output>
      {omitted.value > 0 && (
        <span class="note">{`${grouped(omitted.value)} spans did not fit and were left out`}</span>
      )}
      {isMissing.value && (
        <span class="note" role="status">
          {`The ${address.value.kind} that the address names is not here`}
        </span>
      )}
      <ConnectionState />
      <button type="button" onClick={showKeys}>
        Keys
      </button>
    </header>
  );
}

/** Suggestions for the filter: each adds a term to the words before the one that is being typed. */
function suggestions(words: string): string[] {
  const before = /^(.*\s)?\S*$/s.exec(words)?.[1] ?? '';
  const facets = new Set(listedEntries.value.slice(0, MAX_SUGGESTING).flatMap(({ trace }) => trace.facets));
  return [...facets].slice(0, MAX_SUGGESTIONS).map((facet) => before + facet);
}

function Filter(): VNode {
  const { words, onlyErrors } = address.value;
  return (
    <search class="line">
      <label class="line">
        <span>Filter</span>
        <input
          id={FILTER_ID}
          type="search"
          list="terms"
          placeholder="Words, ids, model: tool: user:   ( / )"
          value={words}
          onInput={({ currentTarget }) => setFilter({ words: currentTarget.value })}
        />
      </label>
      <datalist id="terms">
        {suggestions(words).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <label class="line">
        <input
          type="checkbox"
          checked={onlyErrors}
          onChange={({ currentTarget }) => setFilter({ onlyErrors: currentTarget.checked })}
        />
        Errors only
      </label>
    </search>
  );
}

function foundText(): string {
  const { kind } = address.value;
  const { value: entries } = listedEntries;
  const spans = entries.reduce((sum, entry) => sum + entry.found, 0);
  return `${count(spans, 'span') ?? 'No span'} in ${count(entries.length, kind) ?? `no ${kind}`}`;
}
