import {
  type Attributes,
  type Baggage,
  baggageEntryMetadataFromString,
  type Context,
  createContextKey,
  propagation,
} from '@opentelemetry/api';
import { logError, warnOnce } from './guard.ts';

/** A property of our entries. It travels with them, so that services that receive them keep them from OpenAI, too. */
const MARK = 'openai=never';
/** The program's own baggage, for the entries that ours replace. */
const OWN: symbol = createContextKey('opentelemetry-instrumentation-openai own baggage');
/** Entries of one call, and bytes of each. Together they take half of W3C's limit: the program has baggage, too. */
const MAX_PROPAGATED = 8;
const MAX_PROPAGATED_BYTES = 496;

/** Adds attributes to the baggage, for the program's own services. Removes earlier values that no longer hold. */
export function propagateIn(outer: Context, attributes: Attributes, names: readonly string[]): Context {
  const context = withoutPropagated(outer, attributes);
  const sent = names.slice(0, MAX_PROPAGATED).filter((name) => isPropagable(name, attributes[name]));
  if (sent.length === 0) return context;
  const metadata = baggageEntryMetadataFromString(MARK);
  let baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const name of sent) baggage = baggage.setEntry(name, { value: String(attributes[name]), metadata });
  const own = context.setValue(OWN, propagation.getBaggage(withoutPropagated(outer)));
  return propagation.setBaggage(own, baggage);
}

/** Propagators throw into the program's request if they cannot encode a value, such as half of a surrogate pair. */
function isPropagable(name: string, value: unknown): boolean {
  const pair = name + value;
  if (value === undefined) return false;
  if (pair.isWellFormed() && encodeURIComponent(pair).length <= MAX_PROPAGATED_BYTES) return true;
  warnOnce('propagate', 'withMetadata did not propagate a long value: expected at most 496 bytes.');
  return false;
}

/** A context without our entries in the baggage, or only without those that have other values now. */
export function withoutPropagated(context: Context, changed?: Attributes): Context {
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return context;
  try {
    let left = baggage;
    for (const [key, { value, metadata }] of baggage.getAllEntries()) {
      const isKept = changed !== undefined && (changed[key] ?? value) === value;
      if (isKept || !metadata?.toString().includes(MARK)) continue;
      const own = (context.getValue(OWN) as Baggage | undefined)?.getEntry(key);
      left = own === undefined ? left.removeEntry(key) : left.setEntry(key, own);
    }
    return left === baggage ? context : propagation.setBaggage(context, left);
  } catch (error) {
    // The program may have set an object of its own.
    logError('reading baggage', error);
    return context;
  }
}
