import type { OpenAIInstrumentationConfig } from '../config/config.ts';
import { isPlain } from '../sdk/reflect.ts';
import { Observer } from './observer.ts';
import { prepareDefaultObservers } from './observer-registry.ts';

/** The number of configurations that are compared with a new one. */
const MAX_COMPARED = 16;
/** Options have lists and objects, such as `events` and `prices`, and those have others. */
const MAX_OPTION_DEPTH = 4;

const byConfig = new WeakMap<OpenAIInstrumentationConfig, Observer>();
/** The newest last. */
const compared: { readonly config: OpenAIInstrumentationConfig; readonly observer: Observer }[] = [];

/**
 * The observer for these options, one for all clients with the same ones: a program may create a client with the same
 * literal on each request, and go on with the conversation of an earlier request.
 */
export function observerFor(config: OpenAIInstrumentationConfig): Observer {
  const known = byConfig.get(config) ?? compared.find((other) => areEqual(other.config, config))?.observer;
  const observer = known ?? new Observer(config, { beforeFirstCall: prepareDefaultObservers });
  byConfig.set(config, observer);
  if (known === undefined) {
    compared.push({ config: { ...config }, observer });
    if (compared.length > MAX_COMPARED) compared.shift();
  }
  return observer;
}

/** Functions are the same only if they are one function. */
function areEqual(one: unknown, other: unknown, depth: number = MAX_OPTION_DEPTH): boolean {
  if (Object.is(one, other)) return true;
  if (
    depth === 0 ||
    !isComparable(one) ||
    !isComparable(other) ||
    Array.isArray(one) !== Array.isArray(other)
  )
    return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && areEqual(one[key], other[key], depth - 1))
  );
}

function isComparable(value: unknown): value is Readonly<Record<string, unknown>> {
  return Array.isArray(value) || isPlain(value);
}

/** Resets the state, for tests: what comes next is as in another process. */
export function forgetObservers(): void {
  compared.length = 0;
}
