import { type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import type { TraceChanges } from '../trace-store.ts';
import { changes, isLive, store } from './state.ts';

/** The states of the connection to the server, as the page says them. */
const STATES = {
  live: 'live',
  lost: 'connection lost',
  refused: 'refused: open the address that view printed last',
};
const connection: Signal<keyof typeof STATES> = signal('live');

/** How often spans in progress get longer. */
const TICK_MS = 1_000;

/** The last change that the page has. */
let revision = 0;
/** Whether a request waits for the one before it. */
let isWaiting = false;

/** Receives the traces of the server that the page comes from. Pauses while the page is hidden. */
export function receiveTraces(): void {
  let receiving = Promise.resolve();
  let events: EventSource | undefined;
  const connect = (): void => {
    events?.close();
    if (document.hidden) return;
    const opened = new EventSource(serverAddress('/api/changes', {}));
    // The event source reconnects by itself, unless the server refused the connection.
    const lost = (): void => {
      connection.value = opened.readyState === EventSource.CLOSED ? 'refused' : 'lost';
    };
    opened.addEventListener('message', () => {
      if (!isWaiting) receiving = receiving.then(receiveChanges).catch(lost);
      isWaiting = true;
    });
    opened.addEventListener('error', lost);
    events = opened;
  };
  document.addEventListener('visibilitychange', connect);
  connect();
  setInterval(() => {
    if (store.refreshOpen()) changes.value++;
  }, TICK_MS);
}

/** @throws if the server does not answer */
async function receiveChanges(): Promise<void> {
  isWaiting = false;
  for (let hasMore = true; hasMore; ) {
    const answer = await fetch(serverAddress('/api/spans', { after: String(revision) }));
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    const received = (await answer.json()) as TraceChanges;
    store.receive(received);
    ({ revision, hasMore } = received);
    changes.value++;
  }
  connection.value = 'live';
}

/** An address on the server, with the token from the address of the page. */
function serverAddress(path: string, query: Readonly<Record<string, string>>): string {
  const token = new URLSearchParams(location.search).get('token') ?? '';
  return `${path}?${new URLSearchParams({ ...query, token })}`;
}

export function ConnectionState(): VNode {
  const { value: state } = connection;
  return (
    <span class={`badge ${state === 'live' ? 'good' : 'bad'}`} role="status">
      {STATES[state]}
    </span>
  );
}

/** Shown when there are no traces. If the page comes from a server, says how to send spans to it. */
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
      <p>Start a program that calls openai, and its traces appear here as they arrive:</p>
      <pre>{command}</pre>
      <p class="dim">
        The second line records prompts and answers. Any other program that sends OTLP over HTTP works too.
      </p>
    </section>
  );
}
