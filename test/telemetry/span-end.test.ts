import type { Span } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test, vi } from 'vitest';
import { beforeSpanEnds } from '../../src/telemetry/span-end.ts';

function startSpan(): Span & { readonly ended: boolean } {
  return new TracerProvider().getTracer('t').startSpan('s') as Span & { readonly ended: boolean };
}

test('a removed listener is not called, and the span is restored', () => {
  const span = startSpan();
  const keys = Reflect.ownKeys(span);
  const told: string[] = [];
  beforeSpanEnds(span, () => told.push('kept'));
  beforeSpanEnds(span, () => told.push('let go'))();
  expect(Object.keys(span)).not.toContain('end');
  span.end();
  expect(told).toEqual(['kept']);
  expect(Reflect.ownKeys(span)).toEqual(keys);
});

test('a listener that is added after another package has wrapped the end is called too, even if one throws', () => {
  const span = startSpan();
  const told: string[] = [];
  beforeSpanEnds(span, () => told.push('first'));
  const wrapped = span.end;
  span.end = (time) => {
    told.push('somebody else');
    wrapped.call(span, time);
  };
  beforeSpanEnds(span, () => told.push('last'));
  beforeSpanEnds(span, () => {
    throw new Error('broken');
  });
  span.end();
  expect(told).toEqual(['last', 'somebody else', 'first']);
  expect(span.ended).toBe(true);
});

test.each<[string, Parameters<Span['end']>[0], number | undefined]>([
  ['a date', new Date(5_000_000_000_000), 5_000_000_000_000],
  ['seconds and nanoseconds', [5_000_000_000, 5_000_000], 5_000_000_000_005],
  ['milliseconds since the epoch', 5_000_000_000_000, 5_000_000_000_000],
  ['a time of the performance clock', 5, undefined],
  ['none', undefined, undefined],
  ['undefined for an invalid date', new Date(Number.NaN), undefined],
  ['undefined for invalid seconds', [Number.NaN, 0], undefined],
])('the end time is passed on as %s', (_, given, expected) => {
  const span = { end: vi.fn() } as unknown as Span;
  const listener = vi.fn();
  const { end } = span;
  beforeSpanEnds(span, listener);
  span.end(given);
  expect(listener).toHaveBeenCalledExactlyOnceWith(expected);
  expect(end).toHaveBeenCalledExactlyOnceWith(given);
});

test('a time of the performance clock is passed on as the SDK reads it', () => {
  const span = startSpan() as ReturnType<typeof startSpan> & { readonly endTime: [number, number] };
  const listener = vi.fn();
  beforeSpanEnds(span, listener);
  span.end(performance.now());
  const [seconds, nanoseconds] = span.endTime;
  expect(listener).toHaveBeenCalledExactlyOnceWith(expect.closeTo(seconds * 1e3 + nanoseconds / 1e6, 2));
});
