import { guard } from './guard.ts';
import { processWideCollection } from './process-wide.ts';

type ProcessEvent = 'beforeExit' | 'exit' | 'uncaughtExceptionMonitor';

/**
 * The listeners of all copies of this package, held weakly. A test runner may load many copies, and Node warns of a leak
 * if each adds its own listener.
 */
const processEvents = processWideCollection<Map<ProcessEvent, Set<WeakRef<() => unknown>>>>(
  Map,
  'process-events',
  1,
);

/**
 * Calls a listener at the next event of the process, where there is one.
 *
 * @param listener a function of a module: it is held weakly
 */
export function onceProcess(event: ProcessEvent, listener: () => unknown): void {
  if (typeof globalThis.process?.once !== 'function') return;
  const events = processEvents.value;
  const listeners = events.get(event) ?? new Set();
  for (const each of listeners) if (each.deref() === undefined) listeners.delete(each);
  listeners.add(new WeakRef(listener));
  if (events.has(event)) return;
  events.set(event, listeners);
  try {
    process.once(event, function callListeners() {
      events.delete(event);
      for (const each of listeners) guard(`at ${event}`, () => each.deref()?.());
    });
  } catch {
    // The edge runtime of Next.js has all functions of `process`, and each of them throws.
  }
}
