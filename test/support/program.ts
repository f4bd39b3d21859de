import { type Attributes, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { onTestFinished } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { type Session, type SessionOptions, startSession } from './session.ts';
import type { RecordedTelemetry } from './telemetry.ts';

/** What was measured under one combination of dimensions. */
export interface Point {
  readonly attributes: Attributes;
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

/** A session with what most tests do with it. */
export interface Program extends Pick<Session, 'client' | 'plain' | 'simulator' | 'warnings'> {
  readonly telemetry: RecordedTelemetry;
  /** Runs something below a span of the program's own. */
  inSpan<Result>(run: () => Promise<Result>, name?: string): Promise<Result>;
  /** The ended spans of a name, or of all names that begin with this word. */
  ended(name: string): readonly ReadableSpan[];
  /** The same, once everything is flushed. */
  flushed(name: string): Promise<readonly ReadableSpan[]>;
  /** The names of what each span of a name is linked to. */
  linked(name: string): (string | undefined)[][];
  /** What an instrument has measured, of one operation or of all. */
  points(instrument: string, operation?: string): Promise<readonly Point[]>;
  /** Flushes, and compares all that was recorded with a tree. */
  expectTree(expected: string): Promise<void>;
  /** The same, once the provider is shut down, as at the end of a program. */
  expectTreeAtEnd(this: Pick<Program, 'expectTree'>, expected: string): Promise<void>;
}

/** What the program has recorded is verified when its test ends. */
export async function startProgram(options?: SessionOptions): Promise<Program> {
  const telemetry = await startSession(options);
  const { client, plain, simulator, warnings, verify } = telemetry;
  // Not `afterEach`: where test files share a process, it would be registered for the first file only.
  onTestFinished(verify);
  const ended: Program['ended'] = (name) =>
    telemetry.spans.filter((span) => span.name === name || span.name.startsWith(`${name} `));
  return {
    client,
    plain,
    simulator,
    warnings,
    telemetry,
    ended,
    async flushed(name) {
      await telemetry.provider.forceFlush();
      return ended(name);
    },
    linked: (name) =>
      ended(name).map(({ links }) =>
        links.map(
          ({ context: { spanId } }) =>
            telemetry.spans.find((span) => span.spanContext().spanId === spanId)?.name,
        ),
      ),
    async points(instrument, operation) {
      const metrics = await telemetry.metrics();
      const found = metrics.find(({ descriptor }) => descriptor.name === instrument)?.dataPoints ?? [];
      return found
        .map(({ attributes, value }) => ({ attributes, ...(value as Omit<Point, 'attributes'>) }))
        .filter(({ attributes }) => [undefined, attributes['gen_ai.operation.name']].includes(operation));
    },
    inSpan: (run, name = 'program') =>
      trace.getTracer('program').startActiveSpan(name, async (span) => {
        try {
          return await run();
        } finally {
          span.end();
        }
      }),
    async expectTree(expected) {
      await telemetry.provider.forceFlush();
      assertSpanTree(telemetry.spans, expected);
    },
    async expectTreeAtEnd(expected) {
      await telemetry.provider.shutdown();
      await this.expectTree(expected);
    },
  };
}
