import { afterEach, expect, test, vi } from 'vitest';
import { NAME } from '../../src/util/version.ts';

type OnceProcess = typeof import('../../src/util/process-events.ts').onceProcess;
type Event = Parameters<OnceProcess>[0];

/** An event of its own for each test: the listeners are those of the process. */
function newEvent(name: string): Event {
  return name as Event;
}

/** Loads another copy of the package, as Jest does after `resetModules`. */
async function onceProcessOfCopy(): Promise<OnceProcess> {
  vi.resetModules();
  return (await import('../../src/util/process-events.ts')).onceProcess;
}

afterEach(() => void vi.unstubAllGlobals());

test('many copies share one listener, which calls each of them once', async () => {
  const event = newEvent('many copies');
  const called: number[] = [];
  const listeners = Array.from({ length: 12 }, (_, copy) => () => void called.push(copy));
  for (const listener of listeners) (await onceProcessOfCopy())(event, listener);
  expect(process.listenerCount(event)).toBe(1);
  process.emit(event as 'exit', 0);
  expect(called).toEqual(listeners.map((_, copy) => copy));
  (await onceProcessOfCopy())(event, () => called.push(12));
  process.emit(event as 'exit', 0);
  expect(called).toHaveLength(13);
  expect(process.listenerCount(event)).toBe(0);
});

test('a copy that throws does not keep the event from the others', async () => {
  const event = newEvent('a copy throws');
  const heard = vi.fn();
  const broken = (): never => {
    throw new Error('broken');
  };
  for (const listener of [broken, heard]) (await onceProcessOfCopy())(event, listener);
  process.emit(event as 'exit', 0);
  expect(heard).toHaveBeenCalledTimes(1);
});

test('copies that are gone are not kept', async () => {
  const event = newEvent('copies are gone');
  vi.stubGlobal(
    'WeakRef',
    class {
      deref(): undefined {}
    },
  );
  for (let copy = 0; copy < 3; copy++) (await onceProcessOfCopy())(event, () => undefined);
  const { values } = Reflect.get(globalThis, Symbol.for(`${NAME}/state@1`)) as {
    values: Map<string, Map<Event, Set<unknown>>>;
  };
  expect(values.get('process-events')?.get(event)?.size).toBe(1);
  process.emit(event as 'exit', 0);
});

test('a process whose functions throw, as in the edge runtime of Next.js, has no events', async () => {
  const onceProcess = await onceProcessOfCopy();
  const once = vi.spyOn(process, 'once').mockImplementation(() => {
    throw new Error('A Node.js API is used (process.once) which is not supported in the Edge Runtime.');
  });
  try {
    expect(() => onceProcess(newEvent('edge'), () => undefined)).not.toThrow();
  } finally {
    once.mockRestore();
  }
});

test('copies that flush when the program ends add no listeners', async () => {
  const events = ['exit', 'beforeExit', 'uncaughtExceptionMonitor'];
  const counts: number[][] = [];
  for (let copy = 0; copy < 3; copy++) {
    vi.resetModules();
    const { flushAtProgramEnd } = await import('../../src/telemetry/program-end/program-end.ts');
    flushAtProgramEnd({ forceFlush: () => Promise.resolve() });
    counts.push(events.map((event) => process.listenerCount(event)));
  }
  expect(counts[2]).toEqual(counts[0]);
});
