import { guard } from '../../util/guard.ts';
import { startOutside } from '../../util/timers.ts';
import { endAndSend, FLUSH_TIMEOUT_MS, sendWithin } from './program-end.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Shorter than a person takes to press Ctrl-C again. */
const REPEATED_SIGNAL_MS = 100;

/**
 * Flushes on `SIGTERM`, `SIGINT` and `SIGHUP`. If the program has no listener for the signal, the process
 * ends by that signal after the flush, unless it is process 1. If it has one, that listener decides what
 * happens, and the flush runs in parallel. If the program later sends the signal to itself and has no
 * listener any more, the process ends after another flush.
 *
 * @returns removes the listeners
 */
export function flushOnSignals(providers: readonly object[]): () => void {
  const stopAll = (): void => {
    for (const stop of stops) stop();
  };
  const stops = SIGNALS.map((signal) => onSignal(signal, providers, stopAll));
  return stopAll;
}

/**
 * Libraries count the listeners of a signal, some of them seconds after it arrived, and end the process only if there
 * is no other listener. So our listener runs first and removes itself for good before any other listener runs.
 */
function onSignal(signal: NodeJS.Signals, providers: readonly object[], stopAll: () => void): () => void {
  const stop = (): void => {
    process.off(signal, onArrival);
    process.off('newListener', stayFirst);
  };
  const onArrival = (_: NodeJS.Signals, number?: number): void => {
    const isAlone = process.listenerCount(signal) === 1;
    // Node passes the number of a signal. `process.emit('SIGTERM')` passes none, and does nothing without listeners.
    if (isAlone && typeof number !== 'number') return;
    // The kernel ignores a signal without a listener in process 1, as in a container, so the program continues.
    if (isAlone && process.pid !== 1) {
      finishAndDie(signal, providers, stopAll);
    } else {
      stop();
      void sendWithin(FLUSH_TIMEOUT_MS, providers, { reads: false });
      // Without this, the flush is cut off if a library cleans up and then sends the signal again.
      guard('wrapping process.kill', flushBeforeKill, signal, number, providers, stopAll);
    }
  };
  /** A listener that is prepended later would run before ours. */
  const stayFirst = (event: string | symbol, listener: unknown): void => {
    if (event !== signal || listener === onArrival) return;
    queueMicrotask(() => {
      if (!process.listeners(signal).includes(onArrival)) return;
      process.off(signal, onArrival);
      process.prependListener(signal, onArrival);
    });
  };
  process.prependListener(signal, onArrival);
  process.on('newListener', stayFirst);
  return stop;
}

/**
 * Flushes before the process ends by a signal that it sends to itself: NestJS, terminus and `signal-exit` do this after
 * they have cleaned up. It patches `process.kill` instead of adding a listener, because such libraries count listeners.
 */
function flushBeforeKill(
  signal: NodeJS.Signals,
  number: number | undefined,
  providers: readonly object[],
  stopAll: () => void,
): void {
  const { kill } = process;
  process.kill = (pid, sent = 'SIGTERM') => {
    const isSame = sent === signal || sent === number;
    const ends = pid === process.pid && isSame && process.listenerCount(signal) === 0;
    if (!ends || pid === 1) return kill.call(process, pid, sent);
    process.kill = kill;
    finishAndDie(signal, providers, stopAll);
    return true;
  };
}

/**
 * Flushes and then sends the signal again. Another signal during the flush ends the process at once, unless it
 * arrives within {@link REPEATED_SIGNAL_MS}: with `node --watch`, one Ctrl-C arrives twice.
 */
function finishAndDie(signal: NodeJS.Signals, providers: readonly object[], stopAll: () => void): void {
  const ignore = (): void => undefined;
  const stopIgnoring = (): unknown => process.off(signal, ignore);
  process.on(signal, ignore);
  stopAll();
  startOutside(() => setTimeout(stopIgnoring, REPEATED_SIGNAL_MS));
  const die = (): void => {
    stopIgnoring();
    process.kill(process.pid, signal);
  };
  // Without this, a program that sends itself the signal and then calls `process.exit` would not end by the signal.
  process.prependOnceListener('exit', die);
  endAndSend(providers, true).then(die, die);
}
