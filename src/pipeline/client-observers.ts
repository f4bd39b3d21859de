import { type OpenAIInstrumentationConfig, resolveSettings } from '../config/config.ts';
import { asObject, isPlainObject } from '../util/payload.ts';
import { forgetDefaultObservers, prepareDefaultObservers } from './default-observers.ts';
import { Observer, readSettings } from './observer.ts';

/** How many of the last used settings are remembered. Clients with the same settings share an observer. */
const MAX_COMPARED = 16;

/** Observers by options object, with the settings at that time: the object or the environment may change. */
const byConfig = new WeakMap<
  OpenAIInstrumentationConfig,
  { readonly observer: Observer; readonly key: string | undefined }
>();
/** Observers by their settings, in the order of their last use. */
const bySettings = new Map<string, Observer | WeakRef<Observer>>();

/**
 * Returns the observer for these options. All clients with the same settings share one, because a program may create a
 * client with the same options for each request, and continue the conversation of an earlier request.
 */
export function observerFor(config: OpenAIInstrumentationConfig): Observer {
  const settings = settingsOf(config);
  const known = byConfig.get(config);
  if (known !== undefined && known.key === settings?.key) return known.observer;
  const same = settings && bySettings.get(settings.key);
  const live = same instanceof WeakRef ? same.deref() : same;
  // Called to report wrong options, which can resolve to the same settings as correct ones.
  if (live) readSettings(config);
  const observer = live ?? new Observer(config, prepareDefaultObservers);
  byConfig.set(config, { observer, key: settings?.key });
  if (settings === undefined) return observer;
  bySettings.delete(settings.key);
  // A hook that is created for each request may keep that request in memory, so its observer is held weakly at first.
  // A hook that comes again after its observer was garbage collected lasts, so its new observer is held strongly.
  const isLasting = same !== undefined && (live === undefined || live === same);
  bySettings.set(settings.key, !settings.hasIdentities || isLasting ? observer : new WeakRef(observer));
  const [oldest] = bySettings.keys();
  if (bySettings.size > MAX_COMPARED && oldest !== undefined) bySettings.delete(oldest);
  return observer;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** Writes the settings as text, including those of the environment. A number identifies each function or instance. */
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

/** Resets the state, so that a test can continue as if in a new process. */
export function forgetObservers(): void {
  bySettings.clear();
  forgetDefaultObservers();
}
