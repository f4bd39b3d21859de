import { computed, effect, type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { count } from '../format-amounts.ts';
import { NAME } from '../shared/names.ts';
import type { TraceChanges, TraceEntry } from '../trace-store.ts';
import { openById, pinOpen } from './actions.ts';
import { CopyButton } from './content.tsx';
import { Button } from './elements.tsx';
import { changes, isLive, lists, namedId, openId, store } from './state.ts';

const STATES = {
  live: 'live',
  lost: 'connection lost',
  refused: 'refused: open the address that view printed last',
};
const connection: Signal<keyof typeof STATES> = signal('live');

/** The pause between two requests. All changes during the pause come in one answer. */
const PAUSE_MS = 200;
const PAUSE_WITHOUT_SERVER_MS = 1_000;
/** The interval at which spans in progress are drawn longer. */
const TICK_MS = 1_000;

/** Whether the traces that the server had at first are all here. */
const isLoaded = signal(false);
/** The ids of the traces that were here when the reader opened one. */
const seenIds = signal<ReadonlySet<string>>(new Set());
effect(() => {
  namedId.value;
  if (isLoaded.value) seenIds.value = store.ids;
});

/** The listed traces that have arrived since then, newest first. */
const arrived = computed(() => {
  if (!isLoaded.value || namedId.value === undefined) return [];
  return (lists.value?.traces ?? []).filter(({ id }) => !seenIds.value.has(id) && id !== openId.value);
});

/** Receives the traces of the server that the page comes from. Pauses while the page is hidden. */
export async function receiveTraces(): Promise<void> {
  setInterval(() => {
    const isGrowing = ({ inProgress, trace }: TraceEntry): boolean =>
      inProgress && trace.rows.some(({ span }) => span.isOpen);
    if (lists.peek()?.traces.some(isGrowing)) changes.value++;
  }, TICK_MS);
  const token = new URLSearchParams(location.search).get('token') ?? '';
  for (let after = -1; ; ) {
    while (document.hidden)
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    try {
      const asked = new URLSearchParams({ after: String(after), wait: '', token });
      const answer = await fetch(`/api/spans?${asked}`);
      connection.value = answer.ok ? 'live' : 'refused';
      if (!answer.ok) return;
      const received = (await answer.json()) as TraceChanges;
      store.receive(received);
      after = received.revision;
      changes.value++;
      if (received.hasMore) continue;
      isLoaded.value = true;
    } catch {
      connection.value = 'lost';
    }
    const pause = connection.value === 'lost' ? PAUSE_WITHOUT_SERVER_MS : PAUSE_MS;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export function ConnectionState(): VNode {
  const { value: state } = connection;
  return (
    <span class={`badge ${state === 'live' ? 'good' : 'bad'}`} role="status">
      {STATES[state]}
    </span>
  );
}

/** What a reader does with the open trace. After that, it is not replaced by a newer one. */
const INTERACTIONS = ['click', 'keydown', 'pointerdown', 'scroll', 'selectionchange'] as const;

/** Offers the newest trace, beside the open one. */
export function Arrivals(): VNode {
  useEffect(() => {
    for (const type of INTERACTIONS) document.addEventListener(type, pinOpen, true);
    return () => {
      for (const type of INTERACTIONS) document.removeEventListener(type, pinOpen, true);
    };
  }, []);
  const { value: traces } = arrived;
  const [newest] = traces;
  return (
    <div class="arrivals" role="status">
      {newest && <Button label={count(traces.length, 'new trace')} onClick={() => openById(newest.id)} />}
    </div>
  );
}

export function NoTraces(): VNode {
  if (!isLive) return <p class="note">There are no spans.</p>;
  const command = [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin} OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY \\`,
    `  node --import ${NAME}/register app.mjs`,
  ].join('\n');
  return (
    <section class="overview card stack" aria-label="No traces yet">
      <h2>Waiting for traces</h2>
      <p>Start a program that calls openai, and its traces appear here, with prompts and answers:</p>
      <pre>{command}</pre>
      <CopyButton label="Copy" text={() => command} />
      <p>
        A program in a container reaches this address if it shares the network of this machine: start it with{' '}
        <code>docker run --network host</code>, or with <code>network_mode: host</code> in its compose file.
      </p>
    </section>
  );
}
