import { guard } from './guard.ts';
import { patchMethod } from './patch-method.ts';
import { ProcessWide } from './process-state.ts';

type ProcessEvent = 'beforeExit' | 'exit' | 'uncaughtExceptionMonitor';

/**
 * The listeners of all copies of this package, held weakly. A test runner may load many copies, and Node warns of a leak
 * if each adds its own listener.
 */
const processEvents = new ProcessWide(
  'process-events',
  () => new Map<ProcessEvent, Set<WeakRef<() => unknown>>>(),
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
  const callListeners = (): void => {
    events.delete(event);
    for (const each of listeners) guard(`at ${event}`, () => each.deref()?.());
  };
  try {
    if (event === 'beforeExit') beforeOthers(event, callListeners);
    else process.once(event, callListeners);
  } catch {
    // The edge runtime of Next.js has all functions of `process`, and each of them throws.
  }
}

/**
 * Node emits `beforeExit` again after what a listener has started, and the program's own listeners would run twice. So
 * ours gets the first one alone, and they get the second.
 */
function beforeOthers(event: ProcessEvent, run: () => void): void {
  const { emit } = process as { emit: (...given: unknown[]) => boolean };
  let isDone = false;
  const runOnce = (): void => {
    if (isDone) return;
    isDone = true;
    restore();
    run();
  };
  const restore = patchMethod(process, 'emit', function (this: NodeJS.Process, ...given: unknown[]) {
    if (isDone || given[0] !== event) return emit.apply(this, given);
    runOnce();
    // Without anything to wait for, Node would not emit it again.
    setImmediate(() => undefined);
    return true;
  });
  // For runtimes that do not call `emit`.
  process.once(event, runOnce);
}

const endings = new Set<() => void>();
const lastEndings = new Set<() => void>();
let listening = false;

/**
 * Runs something when the process exits, where there is a process. All share one listener: many would make Node warn
 * the program of a leak.
 *
 * @param order `last`: after all those that are not
 * @returns takes it back
 */
export function atExit(end: () => void, { last = false }: { readonly last?: boolean } = {}): () => void {
  const group = last ? lastEndings : endings;
  group.add(end);
  if (!listening) onceProcess('exit', endAll);
  listening = true;
  return () => group.delete(end);
}

/** What ends may add something to end, such as a view of the span that has just ended. Each runs once. */
function endAll(): void {
  const ended = new Set<() => void>();
  for (const group of [endings, lastEndings])
    for (const end of group) {
      if (ended.has(end)) continue;
      ended.add(end);
      guard('ending spans at exit', end);
    }
}
