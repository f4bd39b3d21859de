import { type Signal, signal } from '@preact/signals';
import type { TraceEntry } from '../trace-store.ts';

/** What the page shows, as written in the fragment of its address: `#trace=…&span=…&filter=…`. */
export interface PageAddress {
  readonly kind: TraceEntry['kind'];
  /** The open trace or conversation; `undefined` for whichever is the first of the list. */
  readonly id: string | undefined;
  readonly span: string | undefined;
  readonly words: string;
  readonly onlyErrors: boolean;
  readonly sort: TraceOrder;
  readonly other: string | undefined;
  readonly isTotals: boolean;
}

export type TraceOrder = '' | 'time' | 'duration' | 'cost' | 'errors';

export const TRACE_ORDERS: Readonly<Record<TraceOrder, string>> = {
  '': 'Default order',
  time: 'Newest',
  duration: 'Longest',
  cost: 'Costliest',
  errors: 'Most errors',
};
const ORDERS = Object.keys(TRACE_ORDERS) as TraceOrder[];

export const address: Signal<PageAddress> = signal<PageAddress>(readAddress());

addEventListener('popstate', () => {
  address.value = readAddress();
});

function readAddress(): PageAddress {
  const named = new URLSearchParams(location.hash.slice(1));
  const isConversation = named.has('conversation');
  return {
    kind: isConversation ? 'conversation' : 'trace',
    id: (isConversation ? named.get('conversation') : named.get('trace')) || undefined,
    span: named.get('span') ?? undefined,
    words: named.get('filter') ?? '',
    onlyErrors: named.has('errors'),
    sort: ORDERS.find((order) => order === named.get('sort')) ?? '',
    other: named.get('with') ?? undefined,
    isTotals: named.has('totals'),
  };
}

function linkTo({ kind, id, span, words, onlyErrors, sort, other, isTotals }: PageAddress): string {
  const parts: Readonly<Record<string, string | undefined>> = {
    // An empty id: in the list of conversations, none is open at first.
    [kind]: id ?? (kind === 'conversation' ? '' : undefined),
    span,
    filter: words || undefined,
    errors: onlyErrors ? '' : undefined,
    sort: sort || undefined,
    with: other,
    totals: isTotals ? '' : undefined,
  };
  const named = Object.entries(parts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return `#${new URLSearchParams(named)}`;
}

/** Shows something else. With `ownStep`, going back undoes the change by itself. */
export function go(changes: Partial<PageAddress>, ownStep: boolean): void {
  const next = { ...address.value, ...changes };
  const link = linkTo(next);
  if (link !== (location.hash || '#')) {
    if (ownStep) history.pushState(null, '', link);
    else history.replaceState(null, '', link);
  }
  address.value = next;
}
