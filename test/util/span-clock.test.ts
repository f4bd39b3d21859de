import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { clockIn, notAfter, ownClock, shareClock } from '../../src/util/clock.ts';

const tracer = new TracerProvider().getTracer('test');

function clockOf(span: object): number | undefined {
  return clockIn(trace.setSpan(context.active(), span as Span));
}

describe('the clock of a span', () => {
  it('is the one by which the SDK ends it', () => {
    const span = tracer.startSpan('program');
    const clock = clockOf(span) ?? Number.NaN;
    const before = clock + performance.now();
    span.end();
    const { endTime } = span as unknown as { endTime: [number, number] };
    const ended = endTime[0] * 1e3 + endTime[1] / 1e6;
    expect(ended).toBeGreaterThanOrEqual(before);
    expect(ended).toBeLessThanOrEqual(clock + performance.now() + 0.001);
  });

  it.each([
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

  it('is shared with the spans of functions that run below it', () => {
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

  it('is no later than the clock', () => {
    const time = clock + performance.now() + 0.9;
    expect(notAfter(clock, time)).toBeLessThan(time);
    expect(notAfter(clock, time - 2)).toBe(time - 2);
    expect(notAfter(undefined, time)).toBe(time);
  });

  it('of a clock that was set is left as it is', () => {
    const time = clock + performance.now() + 60_000;
    expect(notAfter(clock, time)).toBe(time);
  });
});
