import type { FinishedSpan } from '../../../src/testing.ts';

/**
 * The text of a span processor, `recorder`, that writes all spans to standard output when the program ends, as
 * its last line.
 */
export const RECORDER = `
  const recorded = [];
  const recorder = {
    onStart() {},
    onEnd(span) {
      const { name, kind, status, attributes, startTime, endTime, parentSpanContext } = span;
      recorded.push({ name, kind, status, attributes, startTime, endTime, parentSpanContext,
        scope: span.instrumentationScope.name, context: span.spanContext() });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  process.on('exit', () => console.log(JSON.stringify(recorded)));
`;

export interface RecordedSpan extends FinishedSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The instrumentation that made it. */
  readonly scope: string;
}

/** The spans in what a program with {@link RECORDER} wrote. */
export function readSpans(stdout: string): RecordedSpan[] {
  const line = stdout.trim().split('\n').at(-1) ?? '[]';
  const written = JSON.parse(line) as (RecordedSpan & { context: ReturnType<FinishedSpan['spanContext']> })[];
  return written.map(({ context, ...span }) => ({ ...span, spanContext: () => context }));
}
