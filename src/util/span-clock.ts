import { type Context, type HrTime, type Span, trace } from '@opentelemetry/api';
import { now, type SpanClock } from './clock.ts';

/** Clocks further apart have been set, or the machine has slept. */
const MAX_DIFFERENCE_MS = 1_000;
/** Numbers of this size are exact to a quarter of a microsecond. */
const ROUNDING_MS = 0.0005;

/** The clocks of our own spans that functions of the program run in. */
const clocks = new WeakMap<Span, number>();

/**
 * The clock of the active span.
 *
 * @param monotonicTime a reading of `performance.now()` to use instead of another one, which allocates
 */
export function clockIn(context: Context, monotonicTime: number = performance.now()): SpanClock {
  const span = trace.getSpan(context);
  if (span === undefined) return undefined;
  const clock = clocks.get(span) ?? ownClock(span);
  if (clock === undefined) return undefined;
  return Math.abs(clock + monotonicTime - Date.now()) < MAX_DIFFERENCE_MS ? clock : undefined;
}

/** What the SDK's spans know of their start. */
interface TimedSpan {
  readonly startTime?: HrTime;
  readonly _startTimeProvided?: boolean;
  readonly _performanceStartTime?: number;
}

/** The clock by which the SDK times a span. A span that was given its start goes by that of the process. */
export function ownClock(span: Span): SpanClock {
  try {
    const { _startTimeProvided: given, _performanceStartTime: started, startTime } = span as TimedSpan;
    if (given !== false || started === undefined || startTime === undefined) return undefined;
    const clock = startTime[0] * 1e3 + startTime[1] / 1e6 - started - ROUNDING_MS;
    return Number.isFinite(clock) ? clock : undefined;
  } catch {
    // Spans may be of any package.
    return undefined;
  }
}

/** Calls below the span go by this clock. */
export function shareClock(span: Span, clock: SpanClock): void {
  if (clock !== undefined) clocks.set(span, clock);
}

/** The time, or that of the clock if it has not come as far. */
export function notAfter(clock: SpanClock, time: number): number {
  if (clock === undefined) return time;
  const ahead = time - now(clock);
  return ahead > 0 && ahead < MAX_DIFFERENCE_MS ? time - ahead : time;
}
