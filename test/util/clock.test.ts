import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  clockIn,
  inOrder,
  justAfter,
  LastingClock,
  notAfter,
  now,
  ownClock,
  shareClock,
} from '../../src/util/clock.ts';

afterEach(() => vi.restoreAllMocks());

/** Sets both clocks, in milliseconds. */
function set(date: number, performanceTime: number): void {
  vi.spyOn(Date, 'now').mockReturnValue(date);
  vi.spyOn(performance, 'now').mockReturnValue(performanceTime);
}

test('the clock continues in fractions between two milliseconds', () => {
  set(1_000_000, 10);
  const start = now();
  set(1_000_000, 10.25);
  expect(now() - start).toBeCloseTo(0.25);
});

test('the clock follows jumps of the wall clock in both directions', () => {
  set(2_000_000, 20);
  now();
  set(1_000_000, 21);
  expect(Math.floor(now())).toBe(1_000_000);
  set(9_000_000, 22);
  expect(now()).toBe(9_000_000);
});

test('the clock continues at once after the wall clock was set back', () => {
  set(4_000_000, 40);
  now();
  set(3_000_000, 40.25);
  const start = now();
  set(3_000_000, 40.5);
  expect(now() - start).toBeCloseTo(0.25);
  expect(now() - 3_000_000).toBeLessThan(1);
});

test('a wait between the readings of the two clocks does not set the clock', () => {
  set(3_000_000, 30);
  const start = now();
  vi.spyOn(Date, 'now').mockReturnValue(3_000_005);
  vi.spyOn(performance, 'now').mockReturnValueOnce(30.25).mockReturnValue(35.5);
  expect(now() - start).toBeCloseTo(0.25);
  set(3_000_006, 36);
  expect(now() - start).toBeCloseTo(6);
});

test('the clock is never a millisecond away from that of the SDK, and does not visibly step back', () => {
  let last = 0;
  for (let step = 0; step < 10_000; step++) {
    set(Math.floor(6_000_000 + step * 0.3), 100 + step * 0.3003);
    const time = now();
    expect(time - last).toBeGreaterThan(-0.01);
    expect(Math.abs(time - Date.now())).toBeLessThanOrEqual(1);
    last = time;
  }
});

describe('the clock of something that lasts', () => {
  test('continues as before when the wall clock is set meanwhile', () => {
    set(1_000_000, 10);
    const clock = new LastingClock();
    const start = clock.now();
    for (const date of [-2_600_000, 4_600_000]) {
      set(date, 20);
      expect(clock.now() - start).toBeCloseTo(10);
    }
    expect(clock.current).toBeDefined();
  });

  test('follows the wall clock as far as that is only adjusted', () => {
    set(1_000_000, 10);
    const clock = new LastingClock();
    set(1_010_005, 10_010);
    expect(clock.now()).toBe(now());
    expect(clock.current).toBeUndefined();
  });

  test('catches up with the wall clock as what begins meanwhile does, and is not behind it', () => {
    set(2_000_000, 10);
    const clock = new LastingClock();
    set(2_000_001, 10.2);
    const below = new LastingClock();
    set(2_000_001, 10.6);
    expect(clock.now()).toBe(below.now());
    expect(clock.current).toBeUndefined();
  });

  test('is that of the span above, if it has one', () => {
    set(1_000_000, 10);
    expect(new LastingClock(500).now()).toBe(510);
  });
});

const ABOVE = 1_763_600_000_000.5;

test.each<[string, start: number, above: number | undefined, expected: number]>([
  ['its own time if that is later than the start of the span above', ABOVE + 0.002, ABOVE, ABOVE + 0.002],
  ['its own time if there is no span above', ABOVE, undefined, ABOVE],
  ['just after that of the span above if both are in one microsecond', ABOVE, ABOVE, justAfter(ABOVE)],
  ['just after that of the span above if its clock lags', ABOVE - 0.0017, ABOVE, justAfter(ABOVE)],
  ['just after that of the span above if its clock lags much', ABOVE - 0.99, ABOVE, justAfter(ABOVE)],
  ['earlier by more than clocks can differ, as a server may report it', ABOVE - 1, ABOVE, ABOVE - 1],
])('the start of a span is %s', (_, start, above, expected) => {
  expect(inOrder(start, above)).toBe(expected);
});

const tracer = new TracerProvider().getTracer('test');

function clockOf(span: object): number | undefined {
  return clockIn(trace.setSpan(context.active(), span as Span));
}

describe('the clock of a span', () => {
  test('is the one by which the SDK ends it', () => {
    const span = tracer.startSpan('program');
    const clock = clockOf(span) ?? Number.NaN;
    const before = clock + performance.now();
    span.end();
    const { endTime } = span as unknown as { endTime: [number, number] };
    const ended = endTime[0] * 1e3 + endTime[1] / 1e6;
    expect(ended).toBeGreaterThanOrEqual(before);
    expect(ended).toBeLessThanOrEqual(clock + performance.now() + 0.001);
  });

  test.each([
    ['no span', undefined],
    ['a span that was given its start', tracer.startSpan('program', { startTime: 1_700_000_000_000 })],
    ['a span that only carries ids', trace.wrapSpanContext({ traceId: 'a', spanId: 'b', traceFlags: 1 })],
    ['a span of another package', { startTime: 5, _startTimeProvided: false, _performanceStartTime: 'x' }],
    ['a span without a start', { _startTimeProvided: false, _performanceStartTime: 1 }],
    [
      'a span that throws',
      {
        get _startTimeProvided(): boolean {
          throw new Error('Not yours');
        },
      },
    ],
    [
      'a span since whose start the clock was set',
      {
        startTime: [Date.now() / 1e3 - 60, 0],
        _startTimeProvided: false,
        _performanceStartTime: performance.now(),
      },
    ],
  ])('is ours for %s', (_, span) => {
    expect(span === undefined ? clockIn(ROOT_CONTEXT) : clockOf(span)).toBeUndefined();
  });

  test('is shared with the spans of functions that run below it', () => {
    const own = tracer.startSpan('function', { startTime: Date.now() });
    const clock = clockOf(tracer.startSpan('program'));
    expect(clock).toBeDefined();
    shareClock(own, clock);
    expect(clockOf(own)).toBe(clock);
    expect(ownClock(own)).toBeUndefined();
  });
});

describe('a time', () => {
  const clock = Date.now() - performance.now();

  test('is no later than the clock', () => {
    const time = clock + performance.now() + 0.9;
    expect(notAfter(clock, time)).toBeLessThan(time);
    expect(notAfter(clock, time - 2)).toBe(time - 2);
    expect(notAfter(undefined, time)).toBe(time);
  });

  test('of a clock that was set is left as it is', () => {
    const time = clock + performance.now() + 60_000;
    expect(notAfter(clock, time)).toBe(time);
  });
});
