import { type Signal, signal } from '@preact/signals';

type AddressPart = 'trace' | 'conversation' | 'span' | 'filter' | 'errors' | 'sort' | 'with' | 'totals';

/** What the page shows, as written in the fragment of its address: `#trace=…&span=…&filter=…`. */
export const address: Signal<URLSearchParams> = signal(readAddress());

addEventListener('popstate', () => {
  address.value = readAddress();
});

function readAddress(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

/** Changes parts of the address; `undefined` removes a part. With `ownStep`, going back undoes the change by itself. */
export function go(changes: { readonly [part in AddressPart]?: string | undefined }, ownStep: boolean): void {
  const next = new URLSearchParams(address.peek());
  for (const [part, value] of Object.entries(changes)) {
    if (value === undefined) next.delete(part);
    else next.set(part, value);
  }
  const link = `#${next}`;
  if (link !== (location.hash || '#')) history[ownStep ? 'pushState' : 'replaceState'](null, '', link);
  address.value = next;
}
