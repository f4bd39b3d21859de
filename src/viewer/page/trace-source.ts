import { fromPageSpan, type PageSpan } from '../page-span.ts';
import { type CallTotals, callTotals } from '../totals.ts';
import type { TraceFilter } from '../trace-filter.ts';
import type { FinishedSpan } from '../tree.ts';
import {
  conversationSpans,
  conversationTrace,
  entryOf,
  type PageData,
  readTrace,
  readTraces,
  type Trace,
  type TraceEntry,
  type TraceLists,
} from '../viewed-trace.ts';

/** A trace, or a conversation as if it were one. */
export interface OpenedTrace {
  readonly trace: Trace;
  /** The number of spans that did not fit. */
  readonly omitted: number;
}

/** Where the page gets its traces from. */
export interface TraceSource {
  /** The number of spans that did not fit into the page. */
  readonly omitted: number;
  /** @throws if the lists are not available now */
  lists(filter: TraceFilter): Promise<TraceLists>;
  open(entry: Pick<TraceEntry, 'kind' | 'id'>): Promise<OpenedTrace | undefined>;
  /** What the calls of the traces that match a filter used, by model and tool. */
  totals(filter: TraceFilter): Promise<readonly CallTotals[]>;
}

/** The source of a page that contains its traces. */
export class ContainedTraces implements TraceSource {
  readonly #traces: readonly Trace[];
  readonly #conversations: readonly Trace[];
  readonly omitted: number;

  constructor(data: PageData) {
    this.#traces = readTraces(data);
    this.omitted = data.omitted;
    const parts = new Map<string, FinishedSpan[]>();
    for (const trace of this.#traces)
      for (const [id, spans] of conversationSpans(trace)) {
        const known = parts.get(id);
        if (known === undefined) parts.set(id, spans);
        else for (const span of spans) known.push(span);
      }
    this.#conversations = [...parts].map(([id, spans]) => conversationTrace(id, spans));
  }

  async lists(filter: TraceFilter): Promise<TraceLists> {
    const entries = (traces: readonly Trace[], kind: TraceEntry['kind']): TraceEntry[] =>
      traces
        .map((trace) => entryOf(trace, kind, filter))
        .filter((entry) => entry !== undefined)
        // Never shown as in progress: a parent in another process may be missing for good.
        .map((entry) => ({ ...entry, underWay: false }));
    return {
      traces: entries(this.#traces, 'trace'),
      conversations: entries(this.#conversations, 'conversation'),
      total: this.#traces.length,
      dropped: 0,
      unlisted: 0,
    };
  }

  async totals(filter: TraceFilter): Promise<readonly CallTotals[]> {
    return callTotals(this.#traces.filter((trace) => entryOf(trace, 'trace', filter) !== undefined));
  }

  async open({ kind, id }: Pick<TraceEntry, 'kind' | 'id'>): Promise<OpenedTrace | undefined> {
    const traces = kind === 'trace' ? this.#traces : this.#conversations;
    const trace = traces.find(({ tree }) => tree.traceId === id);
    return trace && { trace, omitted: this.omitted };
  }
}

/** The source of a page that requests its traces from the server. */
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
    const { spans, omitted } = (await answer.json()) as { spans: PageSpan[]; omitted: number };
    const trace = kind === 'trace' ? readTrace(spans) : conversationTrace(id, spans.map(fromPageSpan));
    return { trace, omitted };
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
