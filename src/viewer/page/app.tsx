import { effect, signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { count, grouped } from '../amounts.ts';
import { idsOf } from '../viewed-trace.ts';
import { address } from './address.ts';
import { ConnectionState, connection, NoTraces } from './connection.tsx';
import { KeyList, listenForKeys } from './keys.tsx';
import { Overview } from './overview.tsx';
import { Panels } from './panels.tsx';
import { FILTER_ID, isMissing, lists, omitted, opened, setFilter } from './state.ts';
import { TraceList } from './trace-list.tsx';

/** The number of ids suggested in the filter. */
const MAX_IDS = 500;

/** The page: the lists, the open trace or conversation, and the filter. */
export function App(): VNode {
  const keys = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => listenForKeys(() => keys.current?.showModal()), []);
  return (
    <>
      <Header showKeys={() => keys.current?.showModal()} />
      <Frame />
      <KeyList dialog={keys} />
    </>
  );
}

effect(() => {
  const { trace } = opened.value ?? {};
  if (trace !== undefined) document.title = `${trace.title.slice(0, 100)} · OpenAI traces`;
});

const hasList = signal(false);
effect(() => {
  // One trace needs no list, and neither does one that nothing but the filter leaves.
  const isListed = connection.value !== undefined || (lists.value?.traces.length ?? 0) > 1;
  if (lists.value !== undefined && isListed) hasList.value = true;
});

function Frame(): VNode | null {
  if (lists.value === undefined) return <main />;
  return (
    <div class={hasList.value ? 'frame' : 'frame alone'}>
      {hasList.value && <TraceList />}
      <main>
        <OpenTrace />
      </main>
    </div>
  );
}

function OpenTrace(): VNode {
  const { value: open } = opened;
  const { words, onlyErrors } = address.value;
  if (open !== undefined)
    return (
      <>
        <Overview entry={open.entry} trace={open.trace} />
        <Panels key={`${open.entry.kind} ${open.entry.id}`} />
      </>
    );
  const isFiltered = words.trim() !== '' || onlyErrors;
  return isFiltered ? <p class="note">No span matches the filter.</p> : <NoTraces />;
}

function Header({ showKeys }: { readonly showKeys: () => void }): VNode {
  return (
    <header>
      <h1>OpenAI traces</h1>
      <Filter />
      <output aria-live="polite">{foundText()}</output>
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
      <Theme />
    </header>
  );
}

function Filter(): VNode {
  const { words, onlyErrors } = address.value;
  const ids = opened.value === undefined ? [] : idsOf([opened.value.trace], MAX_IDS);
  return (
    <search>
      <label>
        <span>Filter</span>
        <input
          id={FILTER_ID}
          type="search"
          list="ids"
          placeholder="Name, id or message   ( / )"
          value={words}
          onInput={({ currentTarget }) => setFilter({ words: currentTarget.value })}
        />
      </label>
      <datalist id="ids">
        {ids.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <label>
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
  const { traces = [], conversations = [] } = lists.value ?? {};
  const entries = kind === 'trace' ? traces : conversations;
  const spans = count(
    entries.reduce((sum, entry) => sum + entry.spans, 0),
    'span',
  );
  return `${spans ?? 'No span'} in ${count(entries.length, kind) ?? `no ${kind}`}`;
}

const THEMES = ['auto', 'light', 'dark'] as const;
const theme = signal(0);
effect(() => {
  document.documentElement.dataset.theme = THEMES[theme.value % THEMES.length];
});

function Theme(): VNode {
  return (
    <button type="button" onClick={() => theme.value++}>
      {`Theme: ${THEMES[theme.value % THEMES.length]}`}
    </button>
  );
}
