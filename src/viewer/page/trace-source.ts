import type { CallTotals } from '../totals.ts';
import type { TraceFilter } from '../trace-filter.ts';
import { type OpenedTrace, type TraceEntry, type TraceLists, TraceStore } from '../trace-store.ts';
import type { ViewedSpan } from '../viewed-span.ts';
import { viewedConversation, viewedTrace } from '../viewed-trace.ts';

export interface PageData {
  readonly spans: readonly ViewedSpan[];
  /** The number of spans that did not fit. */
  readonly omitted: number;
  /** Whether the page requests its spans from the server that it comes from. */
  readonly live?: boolean;
}

export interface TraceSource {
  readonly omitted: number;
  /** @throws if the lists are not available now */
  lists(filter: TraceFilter): Promise<TraceLists>;
  open(entry: Pick<TraceEntry, 'kind' | 'id'>): Promise<OpenedTrace | undefined>;
  /** What the calls of the traces that match a filter used, by model and tool. */
  totals(filter: TraceFilter): Promise<readonly CallTotals[]>;
}

export class ContainedTraces implements TraceSource {
  readonly #store = new TraceStore({ isLive: false });
  readonly omitted: number;

  constructor({ spans, omitted }: PageData) {
    this.#store.add(spans);
    this.omitted = omitted;
  }

  async lists(filter: TraceFilter): Promise<TraceLists> {
    const lists = this.#store.lists(filter);
    const { traces, conversations } = lists;
    return { ...lists, traces: failedFirst(traces), conversations: failedFirst(conversations) };
  }

  async totals(filter: TraceFilter): Promise<readonly CallTotals[]> {
    return this.#store.totals(filter);
  }

  async open(entry: Pick<TraceEntry, 'kind' | 'id'>): Promise<OpenedTrace | undefined> {
    const opened = this.#store.open(entry);
    return opened && { ...opened, omitted: this.omitted };
  }
}

function failedFirst(entries: readonly TraceEntry[]): TraceEntry[] {
  return entries.toSorted((a, b) => Number(b.errors > 0) - Number(a.errors > 0));
}

export class ServedTraces implements TraceSource {
  readonly omitted = 0;

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
