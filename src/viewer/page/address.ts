import { type Signal, signal } from '@preact/signals';
import type { TraceEntry } from '../viewed-trace.ts';

/** What the page shows, as the fragment of its address: `#trace=…&span=…&filter=…`. */
export interface PageAddress {
  readonly kind: TraceEntry['kind'];
  /** The open trace or conversation; `undefined` for the first one of the list, whichever that is. */
  readonly id: string | undefined;
  readonly span: string | undefined;
  readonly words: string;
  readonly onlyErrors: boolean;
}

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
  };
}

function linkTo({ kind, id, span, words, onlyErrors }: PageAddress): string {
  const parts: Readonly<Record<string, string | undefined>> = {
    // A list of conversations has no open one at first.
    [kind]: id ?? (kind === 'conversation' ? '' : undefined),
    span,
    filter: words || undefined,
    errors: onlyErrors ? '' : undefined,
  };
  const named = Object.entries(parts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return `#${new URLSearchParams(named)}`;
}

/** Shows something else. A step of its own is one that going back undoes. */
export function go(changes: Partial<PageAddress>, ownStep: boolean): void {
  const next = { ...address.value, ...changes };
  const link = linkTo(next);
  if (link !== (location.hash || '#')) {
    if (ownStep) history.pushState(null, '', link);
    else history.replaceState(null, '', link);
  }
  address.value = next;
}
