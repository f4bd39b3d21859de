import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { diag } from '@opentelemetry/api';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type EventSink, flush, type SinkEvent } from '../../../src/client.ts';
import { handToSink } from '../../../src/telemetry/events/sink.ts';
import { endAndSend } from '../../../src/telemetry/program-end/program-end.ts';
import { processorsOf } from '../../../src/util/otel-sdk.ts';
import { ask } from '../../support/ask.ts';
import type { Session } from '../../support/session.ts';
import { openSession } from '../../support/use-session.ts';

const EVENT: SinkEvent = {
  type: 'cost.record',
  time: 0,
  traceId: '',
  spanId: '',
  operation: 'chat',
  provider: 'openai',
  cost: 1,
};

const fail = (): never => {
  throw new Error('full');
};

/** Hands events to a program, and waits after each for what it answers. */
async function handEach(program: EventSink, count: number, hand = handToSink): Promise<void> {
  for (let index = 0; index < count; index++) {
    hand(program, EVENT);
    await new Promise(setImmediate);
  }
}

/** A program whose answers the test gives. */
function answering() {
  const pending: PromiseWithResolvers<void>[] = [];
  const program = vi.fn((_: SinkEvent): unknown => {
    const answer = Promise.withResolvers<void>();
    pending.push(answer);
    return answer.promise;
  });
  const answerAll = (): void => {
    for (const { resolve } of pending.splice(0)) resolve();
  };
  return { program, pending, answerAll };
}

describe('a sink that fails', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    return () => vi.useRealTimers();
  });

  const failing: readonly (readonly [string, () => unknown])[] = [
    ['throws', fail],
    ['rejects', async () => fail()],
    ['returns an unreadable value', () => Object.defineProperty({}, 'then', { get: () => fail })],
  ];
  test.each(failing)('and %s receives nothing for a minute after ten events', async (_, failNow) => {
    const program = vi.fn(failNow);
    await handEach(program, 25);
    expect(program).toHaveBeenCalledTimes(10);
    vi.advanceTimersByTime(60_000);
    await handEach(program, 6);
    vi.advanceTimersByTime(60_000);
    program.mockImplementation(() => undefined);
    handToSink(program, EVENT);
    handToSink(program, EVENT);
    // The first of these failed, and so told nothing.
    expect(program.mock.calls.slice(10)).toEqual([
      [{ ...EVENT, dropped: 15 }],
      [{ ...EVENT, dropped: 20 }],
      [EVENT],
    ]);
  });

  test('and accepts an event late learns of each dropped event once', async () => {
    const { program, answerAll } = answering();
    handToSink(program, EVENT);
    program.mockImplementation(async () => fail());
    await handEach(program, 12);
    vi.advanceTimersByTime(60_000);
    program.mockImplementation(() => Promise.resolve());
    await handEach(program, 1);
    answerAll();
    await new Promise(setImmediate);
    handToSink(program, EVENT);
    expect(program.mock.calls.slice(11)).toEqual([[{ ...EVENT, dropped: 2 }], [EVENT]]);
  });

  test('and answers slowly learns of each dropped event once', async () => {
    const { program, answerAll } = answering();
    program.mockImplementation(async () => fail());
    await handEach(program, 12);
    vi.advanceTimersByTime(60_000);
    program.mockReset();
    handToSink(program, EVENT);
    // Dropped during the trial.
    for (let index = 0; index < 4; index++) handToSink(program, EVENT);
    answerAll();
    await new Promise(setImmediate);
    for (let index = 0; index < 3; index++) handToSink(program, EVENT);
    expect(program.mock.calls.map(([{ dropped = 0 }]) => dropped)).toEqual([2, 4, 0, 0]);
    answerAll();
    await new Promise(setImmediate);
  });

  test('and never answers receives nothing for a minute after ten seconds', async () => {
    const { program, pending } = answering();
    for (let index = 0; index < 130; index++) handToSink(program, EVENT);
    await new Promise(setImmediate);
    expect(program).toHaveBeenCalledTimes(100);
    vi.advanceTimersByTime(9_999);
    await handEach(program, 1);
    expect(program).toHaveBeenCalledTimes(100);
    vi.advanceTimersByTime(1);
    await handEach(program, 1);
    // Those that waited are dropped too.
    expect(program).toHaveBeenCalledTimes(100);
    vi.advanceTimersByTime(60_000);
    handToSink(program, EVENT);
    handToSink(program, EVENT);
    await new Promise(setImmediate);
    expect(program.mock.calls.slice(100)).toEqual([[{ ...EVENT, dropped: 32 }]]);
    // What fails late has failed before; one late answer shows that the sink is back.
    for (const { resolve } of pending) resolve();
    await new Promise(setImmediate);
    handToSink(program, EVENT);
    expect(program.mock.calls.slice(101)).toEqual([[{ ...EVENT, dropped: 1 }]]);
    pending.at(-1)?.resolve();
    await new Promise(setImmediate);
  });

  test('and never answers its only event is forgotten, as that of a client for one request', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const hang = (): WeakRef<EventSink> => {
      const sink = () => new Promise(() => undefined);
      handToSink(sink, EVENT);
      return new WeakRef(sink);
    };
    const hanging = hang();
    vi.advanceTimersByTime(10_000);
    await handEach(() => undefined, 1);
    collectGarbage();
    expect(hanging.deref()).toBeUndefined();
  });

  test('and rejects after ten seconds has failed once', async () => {
    const { program, pending } = answering();
    for (let index = 0; index < 9; index++) handToSink(program, EVENT);
    vi.advanceTimersByTime(10_000);
    program.mockImplementation(() => undefined);
    handToSink(program, EVENT);
    program.mockImplementation(fail);
    for (let index = 0; index < 9; index++) handToSink(program, EVENT);
    for (const { reject } of pending) reject(new Error());
    await new Promise(setImmediate);
    for (let index = 0; index < 3; index++) handToSink(program, EVENT);
    expect(program).toHaveBeenCalledTimes(9 + 1 + 10);
  });

  test.each(failing)('and %s is reported once', async (_, failNow) => {
    vi.resetModules();
    const module = await import('../../../src/telemetry/events/sink.ts');
    const warn = vi.fn();
    diag.setLogger({ error: warn, warn, info: warn, debug: warn, verbose: warn });
    warn.mockClear();
    await handEach(failNow, 3, module.handToSink);
    diag.disable();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^(?!.*full).*the sink of events failed/s)]]);
  });

  test('does not affect another sink', () => {
    for (let index = 0; index < 12; index++) handToSink(fail, EVENT);
    const next = vi.fn();
    handToSink(next, EVENT);
    expect(next).toHaveBeenCalledExactlyOnceWith(EVENT);
  });
});

describe('a slow sink', () => {
  test('receives a burst of events in order, a hundred at once', async () => {
    let current = 0;
    let most = 0;
    const received: number[] = [];
    const program = async ({ time }: SinkEvent): Promise<void> => {
      received.push(time);
      most = Math.max(most, ++current);
      await new Promise(setImmediate);
      current--;
    };
    const times = Array.from({ length: 1_000 }, (_, time) => time);
    for (const time of times) handToSink(program, { ...EVENT, time });
    await vi.waitUntil(() => received.length === times.length && current === 0);
    expect(received).toEqual(times);
    expect(most).toBe(100);
  });

  test('learns how many events beyond 1,000 it missed', async () => {
    const { program, pending, answerAll } = answering();
    for (let index = 0; index < 1_007; index++) handToSink(program, EVENT);
    while (pending.length > 0) {
      answerAll();
      await new Promise(setImmediate);
    }
    expect(program).toHaveBeenCalledTimes(1_000);
    const told = program.mock.calls.flatMap(([{ dropped }]) => dropped ?? []);
    expect(told).toEqual([7]);
  });
});

test.each<[string, (session: Session) => Promise<unknown>]>([
  ['flush()', () => flush()],
  ['the end of the program', ({ provider }) => endAndSend([provider], true)],
  ['a flush of the provider', ({ provider }) => provider.forceFlush()],
  ['a shutdown of the provider', ({ provider }) => provider.shutdown()],
])('%s awaits the promise of a sink, and spans are sent meanwhile; a call does not', async (_, end) => {
  const { program: sink, answerAll } = answering();
  const session = await openSession({ config: { events: { sink, preset: 'minimal' } } });
  await ask(session.client);
  expect(sink).toHaveBeenCalledOnce();
  const [processor] = processorsOf(session.provider) as [{ forceFlush(): unknown; shutdown(): unknown }];
  const sent = [vi.spyOn(processor, 'forceFlush'), vi.spyOn(processor, 'shutdown')];
  const ended = vi.fn();
  const ending = end(session).then(ended);
  await vi.waitUntil(() => sent.some(({ mock }) => mock.calls.length > 0));
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect(ended).not.toHaveBeenCalled();
  answerAll();
  await ending;
});

test('flush() awaits a sink without any provider, and all events that wait for their turn', async () => {
  let stored = 0;
  const store = async (): Promise<void> => {
    await new Promise(setImmediate);
    stored++;
  };
  for (let index = 0; index < 250; index++) handToSink(store, EVENT);
  await flush();
  expect(stored).toBe(250);
});
