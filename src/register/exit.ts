/** What is done on a signal. Both resolve in time, and never reject. */
export interface SignalActions {
  /** The program goes on: sends what is recorded. */
  flush(): Promise<void>;
  /** The process is about to die: ends and sends everything. */
  finish(): Promise<void>;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Flushes on signals, which keep their effect. If the program has no listener for a signal, the process dies of it once
 * everything is sent. If it has one, that listener decides what happens, and the flush runs beside it.
 *
 * @returns stops it
 */
export function flushOnSignals(actions: SignalActions): () => void {
  const stops = SIGNALS.map((signal) => onSignal(signal, actions));
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * Libraries count the listeners of a signal, some of them seconds after it came, and end the process only if nobody else
 * listens. So ours is called first, is gone before any other is called, and does not come back.
 */
function onSignal(signal: NodeJS.Signals, actions: SignalActions): () => void {
  const stop = (): void => {
    process.removeListener(signal, heard);
    process.removeListener('newListener', stayFirst);
  };
  const heard = (): void => {
    stop();
    if (process.listenerCount(signal) === 0) dieOf(signal, actions);
    else void actions.flush();
  };
  /** A listener that is prepended later would be called before ours. */
  const stayFirst = (event: string | symbol, listener: unknown): void => {
    if (event !== signal || listener === heard) return;
    queueMicrotask(() => {
      if (!process.listeners(signal).includes(heard)) return;
      process.removeListener(signal, heard);
      process.prependListener(signal, heard);
    });
  };
  process.prependListener(signal, heard);
  process.on('newListener', stayFirst);
  return stop;
}

/** The signal comes again while we wait: the process dies at once, as nobody listens any more. */
function dieOf(signal: NodeJS.Signals, actions: SignalActions): void {
  const die = (): void => void process.kill(process.pid, signal);
  actions.finish().then(die, die);
}
