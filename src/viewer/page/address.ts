import type { TraceEntry } from '../viewed-trace.ts';

/** What the fragment of the page's address names: `#trace=…&span=…` or `#conversation=…&span=…`. */
export interface PageAddress {
  readonly kind: TraceEntry['kind'];
  readonly id: string;
  readonly span: string | undefined;
}

/** @returns `undefined` if the address names no trace and no conversation */
export function readAddress(): PageAddress | undefined {
  const named = new URLSearchParams(location.hash.slice(1));
  for (const kind of ['trace', 'conversation'] as const) {
    const id = named.get(kind);
    if (id !== null) return { kind, id, span: named.get('span') ?? undefined };
  }
  return undefined;
}

/** The link to a trace, a conversation, or a span in it. */
export function linkTo({ kind, id, span }: PageAddress): string {
  return `#${new URLSearchParams({ [kind]: id, ...(span === undefined ? {} : { span }) })}`;
}

/** Writes what is shown into the address. A step of its own is one that going back undoes. */
export function writeAddress(address: PageAddress, ownStep: boolean): void {
  const link = linkTo(address);
  if (link === location.hash) return;
  if (ownStep) history.pushState(null, '', link);
  else history.replaceState(null, '', link);
}
