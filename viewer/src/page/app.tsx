import { computed, effect } from '@preact/signals';
import type { VNode } from 'preact';
import { filterProblem, TERM_NAMES } from '../filter-terms.ts';
import { count, grouped } from '../format-amounts.ts';
import { FILTER_ID, setFilter, showList } from './actions.ts';
import { Comparison } from './comparison.tsx';
import { ConversationOfTraces } from './conversation-traces.tsx';
import { Button } from './elements.tsx';
import { KeysDialog, showKeys } from './keys.tsx';
import { Divider, hasRoomForList } from './layout.tsx';
import { Arrivals, ConnectionState, NoTraces } from './live-traces.tsx';
import { Overview } from './overview.tsx';
import { Panels } from './panels.tsx';
import {
  address,
  compared,
  filterWords,
  hasList,
  isConversation,
  isFiltered,
  isLive,
  isMissing,
  isTotals,
  listedEntries,
  lists,
  namedId,
  omitted,
  opened,
  openTrace,
  typedFilter,
} from './state.ts';
import { TotalsView } from './totals-view.tsx';
import { TraceList } from './trace-list.tsx';

const MAX_SUGGESTIONS = 100;
const MAX_SUGGESTING = 2_000;

effect(() => {
  const { value: trace } = openTrace;
  if (trace !== undefined) document.title = `${trace.title.slice(0, 100)} · OpenAI traces`;
});

/** Without room for both, the list is shown until a trace or the totals are chosen. */
const isListShown = computed(() => {
  const isNothingChosen = namedId.value === undefined && !isTotals.value && !isConversation.value;
  return hasList.value && (hasRoomForList.value || isNothingChosen || address.value.has('list'));
});

export function App(): VNode {
  const isBeside = isListShown.value && hasRoomForList.value;
  return (
    <>
      <Header />
      <KeysDialog />
      {lists.value !== undefined && (
        <main class={isBeside ? 'beside' : undefined}>
          {isListShown.value && <TraceList />}
          {isBeside && <Divider of="list" />}
          {(isBeside || !isListShown.value) && (
            <div id={TRACE_ID} tabIndex={-1}>
              <OpenTrace />
            </div>
          )}
        </main>
      )}
    </>
  );
}

const TRACE_ID = 'trace';

/** Goes past the list: to the open trace, or to the list if that is alone. */
function skipToTrace(): void {
  const target = document.getElementById(TRACE_ID) ?? document.querySelector<HTMLElement>('nav li button');
  target?.focus();
}

function OpenTrace(): VNode {
  const { value: open } = opened;
  if (isTotals.value) return <TotalsView />;
  if (isConversation.value) return <ConversationOfTraces />;
  if (open === undefined)
    return isFiltered.value ? <p class="note">No span matches the filter.</p> : <NoTraces />;
  if (compared.value !== undefined) return <Comparison one={open.trace} other={compared.value} />;
  return (
    <>
      <Overview key={open.id} entry={open} />
      <Panels key={open.id} />
      {isLive && <Arrivals />}
    </>
  );
}

function Header(): VNode {
  const problem = filterProblem(filterWords.value);
  return (
    <header class="line">
      {hasList.value && <Button label="Skip to the trace" class="skip" onClick={skipToTrace} />}
      {hasList.value && !isListShown.value && <Button label="← Traces" onClick={showList} />}
      <h1>OpenAI traces</h1>
      <Filter />
      <output class="dim" aria-live="polite">
        {foundText()}
      </output>
      {problem !== undefined && <span class="note">{problem}</span>}
      {omitted.value > 0 && (
        <span class="note">{`${grouped(omitted.value)} spans did not fit and were left out`}</span>
      )}
      {isMissing.value && (
        <span class="note" role="status">
          The trace that the address names is not here
        </span>
      )}
      <Button label="?" aria-label="Keys" onClick={showKeys} />
      {isLive && <ConnectionState />}
    </header>
  );
}

/** What the last word of the filter may become. */
function suggestions(): string[] {
  const [, before = '', word = ''] = /^(.*\s)?(\S*)$/s.exec(typedFilter.value) ?? [];
  const facets = new Set(listedEntries.value.slice(0, MAX_SUGGESTING).flatMap(({ trace }) => trace.facets));
  const names = word === '' ? [] : TERM_NAMES;
  return [...names, ...facets]
    .filter((each) => each.startsWith(word.toLowerCase()))
    .slice(0, MAX_SUGGESTIONS)
    .map((each) => before + each);
}

function Filter(): VNode {
  return (
    <search>
      <label class="line">
        <span>Filter</span>
        <input
          id={FILTER_ID}
          type="search"
          list="terms"
          placeholder="Words, ids, model: user: error: cost>0.01   ( / )"
          value={typedFilter.value}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
      </label>
      <datalist id="terms">
        {suggestions().map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </search>
  );
}

function foundText(): string {
  const { value: entries } = listedEntries;
  const spans = entries.reduce((sum, entry) => sum + entry.found, 0);
  return `${count(spans, 'span') ?? 'No span'} in ${count(entries.length, 'trace') ?? 'no trace'}`;
}
