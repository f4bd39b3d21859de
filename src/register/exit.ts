/** How long the end of the process waits for what is still to be sent. */
const PATIENCE = 5_000;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs the shutdown before the process ends: when it has nothing left to do, and on signals, which keep their
 * effect. Where the program handles a signal itself, it decides what happens; the shutdown only runs beside it.
 */
export function shutDownAtExit(shutdown: () => Promise<void>): void {
  let done: Promise<void> | undefined;
  const once = (): Promise<void> => {
    done ??= Promise.race([shutdown(), patience()]).catch(() => undefined);
    return done;
  };
  process.once('beforeExit', () => void once());
  for (const signal of SIGNALS) {
    const handle = (): void => {
      const alone = process.listenerCount(signal) === 0;
      void once().then(() => {
        if (alone) process.kill(process.pid, signal);
      });
    };
    process.once(signal, handle);
  }
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
}
