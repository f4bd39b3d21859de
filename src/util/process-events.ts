import { builtIn } from './built-in.ts';
import { activeContext, isSuppressed } from './context.ts';
import { guard } from './guard.ts';
import { patchMethod } from './patch-method.ts';
import { field } from './payload.ts';
import { platform } from './platform.ts';
import { ProcessWide } from './process-state.ts';
import { nextTurn } from './wait.ts';

type ProcessEvent = 'beforeExit' | 'exit' | 'uncaughtExceptionMonitor';
type Listener = (...given: readonly unknown[]) => unknown;

/**
 * The listeners of all copies of this package, held weakly. Node would warn of a leak if a test runner loaded
 * many copies and each added its own listener.
 */
const processEvents = new ProcessWide(
  'process-events',
  () => new Map<ProcessEvent, Set<WeakRef<Listener>>>(),
);

/** The listener runs at the next event. It is held weakly, so its module must keep it alive. */
export function onceProcess(event: ProcessEvent, listener: Listener): void {
  if (typeof globalThis.process?.once !== 'function') return;
  const events = processEvents.value;
  const listeners = events.get(event) ?? new Set();
  for (const each of listeners) if (each.deref() === undefined) listeners.delete(each);
  listeners.add(new platform.WeakRef(listener));
  if (events.has(event)) return;
  events.set(event, listeners);
  const callListeners: Listener = (...given) => {
    events.delete(event);
    for (const each of listeners) guard(`at ${event}`, () => each.deref()?.(...given));
  };
  try {
    if (event === 'beforeExit') beforeOthers(event, callListeners);
    else process.once(event, callListeners);
  } catch {
    // In the edge runtime of Next.js, every function of `process` throws.
  }
}

/**
 * If a listener for `beforeExit` starts work, Node emits the event again after that work, and the program's listeners
 * would run twice. So only our listener gets the first event, and the program's listeners get the second.
 */
function beforeOthers(event: ProcessEvent, run: () => void): void {
  const { emit } = process as { emit: (...given: unknown[]) => boolean };
  let isDone = false;
  const runOnce = (): void => {
    if (isDone) return;
    isDone = true;
    restore();
    process.off(event, onEvent);
    run();
  };
  const onEvent = (code: unknown): void => {
    if (!isByProgram(code)) runOnce();
  };
  const restore = patchMethod(process, 'emit', function (this: NodeJS.Process, ...given: unknown[]) {
    if (isDone || given[0] !== event || isByProgram(given[1])) return emit.apply(this, given);
    runOnce();
    // Without pending work, Node would not emit the event again.
    setImmediate(() => undefined);
    return true;
  });
  // For runtimes that do not call `emit`.
  process.on(event, onEvent);
}

/**
 * Whether the program itself emits `beforeExit`, for example to clean up before `process.exit()`. Node passes an exit
 * code, and emits the event only when no timer or server is left.
 */
function isByProgram(code: unknown): boolean {
  const resources = guard('reading active resources', () => process.getActiveResourcesInfo?.()) ?? [];
  return (
    typeof code !== 'number' || resources.some((each) => /^(Timeout|Immediate|\w+ServerWrap)$/.test(each))
  );
}

/**
 * Call this when nothing else keeps the process alive. From then on, it notes timers and the sockets of
 * exporters.
 *
 * @returns a function that lets the process end without waiting for these timers or for open sockets
 */
export function releasesProcess(): () => Promise<void> {
  const timers = new Set<unknown>();
  const exporting = new Set<unknown>();
  const hook = builtIn('node:async_hooks')
    ?.createHook?.({
      init(_, type, __, resource) {
        if (type === 'Timeout') timers.add(resource);
        else if (type === 'TCPWRAP' && isSuppressed(activeContext())) exporting.add(resource);
      },
    })
    .enable();
  const call = (each: unknown, name: string, ...args: unknown[]): void => {
    const method = field(each, name);
    if (typeof method === 'function') method.apply(each, args);
  };
  return async () => {
    const activeHandles = field(process, '_getActiveHandles');
    const handles: unknown[] = typeof activeHandles === 'function' ? activeHandles.call(process) : [];
    for (const each of handles) {
      call(each, 'unref');
      // A socket that is connecting keeps the process alive even after `unref`.
      if (field(each, 'connecting') !== true || !exporting.has(field(each, '_handle'))) continue;
      const closed = new Promise<void>((resolve) => call(each, 'once', 'close', resolve));
      call(each, 'destroy');
      await closed;
    }
    // An exporter may now start a timer for a retry.
    await nextTurn();
    hook?.disable();
    for (const each of timers) call(each, 'unref');
  };
}

let endsByError = false;

/** Whether an error that nothing catches, or an unhandled rejection, is ending the program. */
export function isEndedByError(): boolean {
  return endsByError;
}

export function watchUncaughtErrors(): void {
  onceProcess('uncaughtExceptionMonitor', noteUncaughtError);
}

function noteUncaughtError(): void {
  // The program survives an error that it handles itself.
  endsByError =
    process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback();
  watchUncaughtErrors();
}

const endings = new Set<() => void>();
let listening = false;

/**
 * Calls a function when the process exits, after those that were passed before. The returned function cancels this. All
 * functions share one listener: with many listeners, Node would warn the program of a leak.
 */
export function atExit(end: () => void): () => void {
  endings.add(end);
  if (!listening) onceProcess('exit', endAll);
  listening = true;
  return () => endings.delete(end);
}

/** Calls every function once, including those that are added meanwhile, such as by a view of a span that just ended. */
function endAll(): void {
  const ended = new Set<() => void>();
  for (const end of endings) {
    if (ended.has(end)) continue;
    ended.add(end);
    guard('ending spans at exit', end);
  }
}
