import { type OpenAIInstrumentationConfig, resolveSettings } from '../config/config.ts';
import { asObject, isPlainObject } from '../util/payload.ts';
import { prepareDefaultObservers } from './default-observers.ts';
import { Observer, readSettings } from './observer.ts';

/** The number of settings that those of a new client are compared with. */
const MAX_COMPARED = 16;

/** With the settings it was created with: options and variables may change. */
const byConfig = new WeakMap<
  OpenAIInstrumentationConfig,
  { readonly observer: Observer; readonly key: string | undefined }
>();
/** By their settings, the last used last. */
const bySettings = new Map<string, Observer | WeakRef<Observer>>();

/**
 * The observer for these options, one for all clients with the same settings: a program may create a client with the
 * same literal on each request, and go on with the conversation of an earlier request.
 */
export function observerFor(config: OpenAIInstrumentationConfig): Observer {
  const settings = settingsOf(config);
  const known = byConfig.get(config);
  if (known !== undefined && known.key === settings?.key) return known.observer;
  const same = settings && bySettings.get(settings.key);
  const live = same instanceof WeakRef ? same.deref() : same;
  // Options with a mistake can have the same settings as options without one.
  if (live) readSettings(config);
  const observer = live ?? new Observer(config, { beforeFirstCall: prepareDefaultObservers });
  byConfig.set(config, { observer, key: settings?.key });
  if (settings === undefined) return observer;
  bySettings.delete(settings.key);
  // A hook that is created for each request may keep that request in memory, so its observer is held weakly. A hook that
  // was seen before, with an observer that is gone, belongs to the program.
  const isLasting = same !== undefined && (live === undefined || live === same);
  bySettings.set(settings.key, !settings.hasIdentities || isLasting ? observer : new WeakRef(observer));
  const [oldest] = bySettings.keys();
  if (bySettings.size > MAX_COMPARED && oldest !== undefined) bySettings.delete(oldest);
  return observer;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** The settings as text, the environment's included. Functions and objects of classes have a number each. */
function settingsOf(
  config: OpenAIInstrumentationConfig,
): { readonly key: string; readonly hasIdentities: boolean } | undefined {
  let hasIdentities = false;
  const plain = (_: string, value: unknown): unknown => {
    const own = typeof value === 'function' ? value : asObject(value);
    if (own === undefined || isPlainObject(own)) return value;
    hasIdentities = true;
    const identity = identities.get(own) ?? ++lastIdentity;
    identities.set(own, identity);
    return { identity };
  };
  try {
    const settings = resolveSettings(config, () => undefined);
    return { key: JSON.stringify(settings, plain), hasIdentities };
  } catch {
    return undefined;
  }
}

/** Resets the state, for tests: what comes next is as in another process. */
export function forgetObservers(): void {
  bySettings.clear();
}
