/** What there is to do when the program may end. */
export interface Ending {
  /** Sends what is recorded; recording goes on. */
  flush(): Promise<void>;
  /** Ends and sends everything. */
  shutdown(): Promise<void>;
}

/** Milliseconds that a signal waits for what is still to be sent. */
const PATIENCE = 5_000;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Shuts down when the process has nothing left to do, and on signals, which keep their effect: a process that
 * handles none dies of the signal. Where the program handles it, the program decides what happens, and what is
 * recorded is sent beside that.
 *
 * @returns stops it
 */
export function shutDownAtExit(ending: Ending): () => void {
  const stops = SIGNALS.map((signal) => onSignal(signal, ending));
  const beforeExit = (): void => {
    for (const stop of stops) stop();
    ending.shutdown().catch(() => undefined);
  };
  process.once('beforeExit', beforeExit);
  return () => {
    process.removeListener('beforeExit', beforeExit);
    for (const stop of stops) stop();
  };
}

/**
 * The listener is the first to be called, and is gone before any other is: libraries that only act when nobody
 * else listens count the listeners, and must not find ours.
 */
function onSignal(signal: NodeJS.Signals, ending: Ending): () => void {
  let stopped = false;
  const listen = (): void => {
    if (!stopped) process.prependListener(signal, heard);
  };
  const heard = (): void => {
    process.removeListener(signal, heard);
    if (process.listenerCount(signal) === 0) {
      dieOf(signal, ending);
    } else {
      ending.flush().catch(() => undefined);
      process.nextTick(listen);
    }
  };
  listen();
  return () => {
    stopped = true;
    process.removeListener(signal, heard);
  };
}

/** The timer is what keeps a process that has nothing else to do from ending before the signal ends it. */
function dieOf(signal: NodeJS.Signals, ending: Ending): void {
  const die = (): void => {
    clearTimeout(timer);
    process.kill(process.pid, signal);
  };
  const timer = setTimeout(die, PATIENCE);
  ending.shutdown().then(die, die);
}
