/** Time that passes only as it is told to, and a little with every look at the clock, for the whole process. */
export interface ScriptedTime {
  /** Lets so many milliseconds pass, and calls what is due, in order. */
  advance(milliseconds: number): void;
}

interface Interval {
  readonly run: () => void;
  readonly every: number;
  due: number;
}

const EPOCH = Date.UTC(2026, 0, 1);
/** Milliseconds between two looks. */
const LOOK = 0.25;

/**
 * Replaces the clocks and `setInterval`, so that two runs of a program do the same. `setTimeout`
 * stays what it is: the SDK's request timeouts are cleared before they are due.
 */
export function scriptTime(): ScriptedTime {
  let time = 1_000;
  const intervals = new Set<Interval>();
  performance.now = () => {
    time += LOOK;
    return time;
  };
  Date.now = () => Math.floor(EPOCH + performance.now());
  const start = (run: () => void, every = 1): Interval & { unref(): void } => {
    const interval = { run, every, due: time + every, unref: () => undefined };
    intervals.add(interval);
    return interval;
  };
  Object.assign(globalThis, {
    setInterval: start,
    clearInterval: (interval: Interval) => intervals.delete(interval),
  });
  const next = (): Interval | undefined => [...intervals].sort((one, other) => one.due - other.due)[0];
  return {
    advance(milliseconds) {
      const end = time + milliseconds;
      for (let first = next(); first !== undefined && first.due <= end; first = next()) {
        time = Math.max(time, first.due);
        first.due += first.every;
        first.run();
      }
      time = Math.max(time, end);
    },
  };
}
