import { type OpenAIInstrumentationConfig, resolveSettings } from '../config/config.ts';
import { asObject, isPlainObject } from '../util/payload.ts';
import { forgetDefaultObservers, prepareDefaultObservers } from './default-observers.ts';
import { Observer } from './observer.ts';
import { readSettings } from './settings.ts';

/** How many earlier settings are compared with those of a new options object. */
const MAX_COMPARED = 16;

/** Observers by options object. `key` shows whether the object or the environment has changed since. */
const byConfig = new WeakMap<
  OpenAIInstrumentationConfig,
  { readonly observer: Observer; readonly key: string | undefined }
>();
/** Observers by their settings. The one that was looked up last is at the end. */
const bySettings = new Map<string, Observer | WeakRef<Observer>>();

/**
 * Clients with the same settings share an observer: a program may create a client for each request, and
 * continue the conversation of an earlier request.
 */
export function observerFor(config: OpenAIInstrumentationConfig): Observer {
  const settings = settingsOf(config);
  const known = byConfig.get(config);
  if (known !== undefined && known.key === settings?.key) return known.observer;
  const same = settings && bySettings.get(settings.key);
  const live = same instanceof WeakRef ? same.deref() : same;
  // This reports wrong options, which may resolve to the same settings as correct ones.
  if (live) readSettings(config);
  const observer = live ?? new Observer(config, prepareDefaultObservers);
  byConfig.set(config, { observer, key: settings?.key });
  if (settings === undefined) return observer;
  bySettings.delete(settings.key);
  // A hook that is created for each request may keep that request in memory, so its observer is first held
  // weakly. A hook that outlives its observer is not such a hook, so its next observer is held strongly.
  const isLasting = same !== undefined && (live === undefined || live === same);
  bySettings.set(settings.key, !settings.hasIdentities || isLasting ? observer : new WeakRef(observer));
  const [oldest] = bySettings.keys();
  if (bySettings.size > MAX_COMPARED && oldest !== undefined) bySettings.delete(oldest);
  return observer;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/**
 * Writes the settings as text, including those of the environment. A number identifies each function or
 * instance. Returns `undefined` if the settings cannot be read.
 */
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

/** For tests: forgets the shared observers. */
export function forgetObservers(): void {
  bySettings.clear();
  forgetDefaultObservers();
}
