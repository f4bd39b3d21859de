import { type Signal, signal } from '@preact/signals';
import type { TraceChanges } from '../trace-store.ts';
import { changes, store } from './state.ts';

/** The state of the connection to the server; `undefined` if the page comes from a file. */
export const connection: Signal<'live' | 'lost' | 'refused' | undefined> = signal();

/** How often spans in progress get longer. */
const TICK_MS = 1_000;

/** The last change that the page has. */
let revision = 0;
/** Whether a request waits for the one before it. */
let isWaiting = false;

/** Receives the traces of the server that the page comes from. Pauses while the page is hidden. */
export function receiveTraces(): void {
  connection.value = 'live';
  let receiving = Promise.resolve();
  let events: EventSource | undefined;
  const connect = (): void => {
    events?.close();
    events = undefined;
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
