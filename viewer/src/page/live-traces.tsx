import { type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import type { TraceChanges, TraceEntry } from '../trace-store.ts';
import { changes, isLive, lists, store } from './state.ts';

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

export function NoTraces(): VNode {
  if (!isLive) return <p class="note">There are no spans.</p>;
  const command = [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin} \\`,
    'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY \\',
    'node --import opentelemetry-instrumentation-openai/register app.mjs',
  ].join('\n');
  return (
    <section class="overview card stack" aria-label="No traces yet">
      <h2>Waiting for traces</h2>
      <p>Start a program that calls openai, and its traces appear here, with prompts and answers:</p>
      <pre>{command}</pre>
    </section>
  );
}
