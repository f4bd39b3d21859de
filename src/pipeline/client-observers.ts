import { type OpenAIInstrumentationConfig, resolveSettings } from '../config/config.ts';
import { keepNewest } from '../util/bounded-map.ts';
import { asObject, isPlainObject } from '../util/payload.ts';
import { prepareDefaultObservers } from './default-observers.ts';
import { Observer } from './observer.ts';
import { readSettings } from './settings.ts';

/** Observers by their settings as text. The one that was looked up last is at the end. */
type Observers = Map<string, Observer>;

/** The observers whose settings have neither functions nor instances. */
export const plainObservers: Observers = new Map();

/**
 * For each function or instance in the settings: its number, and the observers whose settings have no newer one. It
 * holds them, because a hook that is created for each request may keep that request in memory.
 */
const identities = new WeakMap<object, { readonly number: number; readonly observers: Observers }>();
let lastNumber = 0;

/**
 * Clients with the same settings share an observer: a program may create a client for each request, and
 * continue the conversation of an earlier request.
 */
export function observerFor(config: OpenAIInstrumentationConfig): Observer {
  const { key, observers } = settingsOf(config);
  const known = observers.get(key);
  // This reports wrong options, which may resolve to the same settings as correct ones.
  if (known !== undefined) readSettings(config);
  const observer = known ?? new Observer(config, prepareDefaultObservers);
  observers.delete(key);
  keepNewest(observers.set(key, observer));
  return observer;
}

/** Writes the settings as text, including those of the environment. Settings that cannot be read are never the same. */
function settingsOf(config: OpenAIInstrumentationConfig): { key: string; observers: Observers } {
  let observers = plainObservers;
  let newest = 0;
  const plain = (_: string, value: unknown): unknown => {
    const own = typeof value === 'function' ? value : asObject(value);
    if (own === undefined || isPlainObject(own)) return value;
    const identity = identities.get(own) ?? { number: ++lastNumber, observers: new Map() };
    identities.set(own, identity);
    if (identity.number > newest) ({ number: newest, observers } = identity);
    return { identity: identity.number };
  };
  try {
    return {
      key: JSON.stringify(
        resolveSettings(config, () => undefined),
        plain,
      ),
      observers,
    };
  } catch {
    return { key: '', observers: new Map() };
  }
}
