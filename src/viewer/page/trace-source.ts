import type { CallTotals } from '../totals.ts';
import type { TraceFilter } from '../trace-filter.ts';
import type { OpenedTrace, TraceEntry, TraceLists, TraceStore } from '../trace-store.ts';
import type { ViewedSpan } from '../viewed-span.ts';
import { viewedConversation, viewedTrace } from '../viewed-trace.ts';

export interface PageData {
  readonly spans: readonly ViewedSpan[];
  /** The number of spans that did not fit. */
  readonly omitted: number;
  /** Whether the page requests its spans from the server that it comes from. */
  readonly live?: boolean;
}

/** Where the traces of the page come from: its own data, or a server. */
export type TraceSource = Pick<TraceStore, 'lists' | 'open' | 'totals'> | ServedTraces;

export class ServedTraces {
  /** @throws if the server does not answer */
  async lists(filter: TraceFilter): Promise<TraceLists> {
    return (await (await fetchFrom('/api/lists', queryOf(filter))).json()) as TraceLists;
  }

  async totals(filter: TraceFilter): Promise<readonly CallTotals[]> {
    return (await (await fetchFrom('/api/totals', queryOf(filter))).json()) as CallTotals[];
  }

  async open({ kind, id }: Pick<TraceEntry, 'kind' | 'id'>): Promise<OpenedTrace | undefined> {
    const answer = await fetchFrom(`/api/${kind}`, { id });
    // The trace was dropped in the meantime.
    if (answer.status === 404) return undefined;
    const { spans, omitted } = (await answer.json()) as PageData;
    return { trace: kind === 'trace' ? viewedTrace(id, spans) : viewedConversation(id, spans), omitted };
  }

  /** Calls back when something changes, and when the connection is lost. Pauses while the page is hidden. */
  watch(changed: () => void, lost: (isRefused: boolean) => void): void {
    let events: EventSource | undefined;
    const connect = (): void => {
      events?.close();
      events = undefined;
      if (document.hidden) return;
      const opened = new EventSource(serverAddress('/api/changes', {}));
      opened.addEventListener('message', changed);
      // The event source reconnects by itself, unless the server refused the connection.
      opened.addEventListener('error', () => lost(opened.readyState === EventSource.CLOSED));
      events = opened;
    };
    document.addEventListener('visibilitychange', connect);
    connect();
  }
}

function queryOf({ words, onlyErrors }: TraceFilter): Readonly<Record<string, string>> {
  return { words, ...(onlyErrors ? { errors: '' } : {}) };
}

/** An address on the server, with the token from the address of the page. */
function serverAddress(path: string, query: Readonly<Record<string, string>>): string {
  const token = new URLSearchParams(location.search).get('token') ?? '';
  return `${path}?${new URLSearchParams({ ...query, token })}`;
}

async function fetchFrom(path: string, query: Readonly<Record<string, string>>): Promise<Response> {
  const answer = await fetch(serverAddress(path, query));
  if (!answer.ok && answer.status !== 404) throw new Error(`The server answered ${answer.status}.`);
  return answer;
}
