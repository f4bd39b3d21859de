import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Call, type CallObservation } from '../../src/sdk/call.ts';
import { now } from '../../src/util/clock.ts';

const KEY = createContextKey('test');
const CALLER = ROOT_CONTEXT.setValue(KEY, 'caller');

/** A call whose observation writes down what it is told. */
function newCall(more: Partial<CallObservation> = {}): { call: Call; told: unknown[] } {
  const told: unknown[] = [];
  const observation: CallObservation = {
    context: CALLER.setValue(KEY, 'call'),
    chunk: (value) => void told.push(value),
    settle: ({ outcome, value, error, streamEnd }) => void told.push({ outcome, value, error, streamEnd }),
    ...more,
  };
  return { call: new Call({}, { start: () => observation }, CALLER), told };
}

afterEach(() => vi.restoreAllMocks());

test('a call that starts as a millisecond passes does not put the clock forward', () => {
  const date = vi.spyOn(Date, 'now').mockReturnValue(4e12);
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(500);
  now();
  monotonic.mockReturnValueOnce(500.9).mockReturnValue(501.1);
  date.mockReturnValue(4e12 + 1);
  expect(newCall().call.startTime - 4e12).toBeCloseTo(0.9);
  monotonic.mockReturnValue(501.5);
  expect(now() - 4e12).toBeCloseTo(1.5);
});

test('a call does not end late because the thread waited as the call began', () => {
  const date = vi.spyOn(Date, 'now').mockReturnValue(6e12);
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(600);
  now();
  monotonic.mockReturnValueOnce(602).mockReturnValue(607);
  date.mockReturnValue(6e12 + 7);
  const { call } = newCall();
  expect(call.startTime - 6e12).toBeCloseTo(2);
  monotonic.mockReturnValue(610);
  expect(call.now() - 6e12).toBeCloseTo(10);
});

test.each([
  ['back', -3_600_000, (call: Call) => call.apply('completed')],
  ['forward', 3_600_000, (call: Call) => call.apply('completed')],
  ['forward, and whose stream is left unread,', 3_600_000, (call: Call) => call.apply('abandoned')],
])('a call during which the wall clock is set %s lasts as long as it took', (_, jump, end) => {
  const date = vi.spyOn(Date, 'now').mockReturnValue(7e12);
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(100);
  const { call } = newCall({ roughTimes: true });
  call.begin({ method: 'post', path: '/p', stream: true });
  for (const passed of [10, 20, 30]) {
    monotonic.mockReturnValue(100 + passed);
    date.mockReturnValue(7e12 + passed + (passed > 10 ? jump : 0));
    call.chunk({});
  }
  end(call);
  const sinceStart = (time = 0): number => Math.round(time - call.startTime);
  expect([call.chunks.first, call.endTime].map(sinceStart)).toEqual([10, 30]);
  expect(sinceStart(call.chunks.last)).toBeLessThan(31);
  expect(call.chunks.longestGap).toBeLessThan(31);
});

test('the longest time between two chunks is kept', () => {
  const { call } = newCall();
  call.begin({ stream: true });
  for (const gap of [0, 5_000, 1_000]) {
    if (call.chunks.last !== undefined) call.chunks.last -= gap;
    call.chunk('a');
  }
  expect(call.chunks.longestGap).toBeGreaterThanOrEqual(5_000);
  expect(call.chunks.longestGap).toBeLessThan(6_000);
});

function takeRaw(call: Call): void {
  call.apply('raw asked');
  call.responded({});
}

describe('a call is settled once', () => {
  test.each<[string, (call: Call) => void, Partial<Call>]>([
    ['by its value', (call) => call.apply('value', 'v'), { outcome: 'value', value: 'v' }],
    ['by its error', (call) => call.fail('e'), { outcome: 'error', error: 'e' }],
    ['by the raw response', takeRaw, { outcome: 'raw' }],
    ['by being forgotten', (call) => call.apply('abandoned'), { outcome: 'abandoned' }],
    [
      'by a stream that broke',
      (call) => call.apply('error', 'e'),
      { outcome: 'stream', error: 'e', streamEnd: 'error' },
    ],
  ])('%s', (_, settle, expected) => {
    const { call, told } = newCall();
    call.begin({ method: 'post', path: '/p' });
    settle(call);
    for (const again of [
      () => call.apply('value', 'w'),
      () => call.fail('f'),
      () => call.apply('aborted'),
      () => takeRaw(call),
    ])
      again();
    expect(told).toEqual([{ value: undefined, error: undefined, streamEnd: undefined, ...expected }]);
    expect([call.outcome, call.streamEnd]).toEqual([expected.outcome, expected.streamEnd]);
  });

  test.each([
    ['when its answer arrived, if nobody has asked for it', { requested: false }, 1],
    ['with the program, if it was waiting for the body', { requested: true }, 60_000],
    ['when its answer arrived, if nobody has read the stream', { requested: true, streamed: true }, 1],
    ['with the program, if it was reading the stream', { streamed: true, read: true }, 60_000],
  ])('at the end of the program: %s', (_, state, duration) => {
    const date = vi.spyOn(Date, 'now').mockReturnValue(6e12);
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const { call } = newCall();
    call.begin({ method: 'post', path: '/p' });
    date.mockReturnValue(6e12 + 1);
    vi.spyOn(performance, 'now').mockReturnValue(1);
    call.responded({ status: 200, headers: new Headers() });
    Object.assign(call, state);
    date.mockReturnValue(6e12 + 60_000);
    vi.spyOn(performance, 'now').mockReturnValue(60_000);
    call.apply('interrupted');
    expect(Math.round(call.endTime - call.startTime)).toBe(duration);
  });

  test('and then releases its resources', () => {
    const { call } = newCall();
    call.begin({ method: 'post', path: '/p', body: { a: 1 } });
    expect(call.body).toBeUndefined();
    call.responded({ status: 200, headers: new Headers() });
    call.apply('value', { big: 'value' });
    expect(call).toMatchObject({
      value: undefined,
      headers: undefined,
      observation: undefined,
      context: ROOT_CONTEXT,
    });
  });
});

test('a chunk is never earlier than the previous one, even without exact times', () => {
  const { call } = newCall({ roughTimes: true });
  call.begin({ stream: true });
  call.chunk('a');
  call.chunks.first = call.chunks.last = Date.now() + 1_000.5;
  call.chunk('b');
  expect(call.chunks.last).toBe(call.chunks.first);
});

test('a call that is garbage collected ends at its last event: its response, or the last chunk', () => {
  const [unread, streamed] = [false, true].map((stream) => {
    const { call } = newCall();
    call.begin({ stream });
    call.responded({ status: 200 });
    call.headersTime -= 1_000;
    return call;
  }) as [Call, Call];
  streamed.chunk('a');
  streamed.chunks.last = 5;
  for (const call of [unread, streamed]) call.apply('abandoned');
  expect(unread.endTime).toBe(unread.headersTime);
  expect([streamed.endTime, streamed.streamEnd]).toEqual([5, 'abandoned']);
});

test('of very many attempts, the first ones and the last are kept, and all are counted', () => {
  const { call } = newCall();
  const attempt = {
    endTime: 1,
    status: 500,
    headers: undefined,
    error: undefined,
    sentURL: '',
    sentHeaders: {},
  };
  for (let startTime = 0; startTime < 1_000; startTime++) {
    call.apply('attempted');
    call.attempts.add({ ...attempt, startTime });
  }
  const times = call.attempts.all.map(({ startTime }) => startTime);
  expect(times).toEqual([...Array.from({ length: 127 }, (_, index) => index), 999]);
  expect(call.attemptCount).toBe(1_000);
});
