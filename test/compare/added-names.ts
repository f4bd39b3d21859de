import type { SteadyOutcome } from './steady.ts';

/** The names that a version's registry defines, read from its `docs/telemetry.md`, which is generated from it. */
function registeredNames(documentation: string): ReadonlySet<string> {
  return new Set([...documentation.matchAll(/`([a-z_\d]+(?:\.[a-z_\d]+)+)`/g)].map(([, name = '']) => name));
}

/** The names of attributes, metrics and events that only the candidate's registry defines. */
export function addedNames(reference: string, candidate: string): ReadonlySet<string> {
  return registeredNames(candidate).difference(registeredNames(reference));
}

/**
 * The candidate's outcome without what its registry adds. A new attribute, metric or event is no difference; what it
 * does to others, such as a metric that it splits into more points, still is.
 */
export function withoutAdded(outcome: SteadyOutcome, added: ReadonlySet<string>): SteadyOutcome {
  const isKnown = ({ name }: { readonly name: string }): boolean => !added.has(name);
  const known = <Item extends Attributed>(item: Item): Item => ({
    ...item,
    attributes: Object.fromEntries(Object.entries(item.attributes).filter(([name]) => !added.has(name))),
  });
  return {
    ...outcome,
    spans: outcome.spans.map((span) => ({ ...known(span), events: span.events.filter(isKnown).map(known) })),
    metrics: outcome.metrics.filter(isKnown).map(known),
    logs: outcome.logs.filter(isKnown).map(known),
  };
}

interface Attributed {
  readonly attributes: Readonly<Record<string, unknown>>;
}
