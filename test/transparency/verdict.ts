import { assertSpanTree } from '../../src/testing.ts';
import { type CheckedMetric, checkMetric, checkSpan } from '../support/conventions/check.ts';
import { isOurs, readSpan, type SpanData, type WrittenSpan } from '../support/lanes/program.ts';
import type { ReceivedRequest } from '../support/simulator/index.ts';
import type { Behaviour, Surroundings } from './behaviour.ts';
import { differences, steady, steadyRequests } from './compare.ts';

/** What became of one program: a result, or why there is none. */
export interface ProgramOutcome {
  readonly result?: unknown;
  /** What the version or the runtime lacks. */
  readonly absent?: string;
  /** The program itself failed, which none should. */
  readonly thrown?: string;
  readonly rejections: readonly unknown[];
  /** Spans that had not ended when the program had. */
  readonly open?: number;
}

/** What a process that ran programs wrote down. */
export interface Report {
  readonly outcomes: Readonly<Record<string, ProgramOutcome>>;
  readonly telemetry?: {
    readonly spans: Readonly<Record<string, readonly SpanData[]>>;
    /** Spans outside of every program's trace. */
    readonly strays: readonly SpanData[];
    readonly metrics: readonly CheckedMetric[];
    readonly warnings: readonly string[];
  };
}

export interface Run {
  readonly report: Report;
  readonly requests: (behaviour: string) => readonly ReceivedRequest[];
}

/** What a cell of the table says, and why. */
export interface Verdict {
  readonly state: 'ok' | 'absent' | 'changed' | 'spans';
  readonly findings: readonly string[];
}

/** Compares the two runs of a behaviour, and its spans with those expected. */
export function judge(
  behaviour: Behaviour,
  { plain, instrumented }: { readonly plain: Run; readonly instrumented: Run },
  surroundings: Surroundings,
): Verdict {
  const before = plain.report.outcomes[behaviour.name];
  const after = instrumented.report.outcomes[behaviour.name];
  const { ends } = behaviour;
  if (before === undefined || after === undefined) return { state: 'changed', findings: ['It was not run.'] };
  if (before.thrown !== undefined)
    return { state: 'changed', findings: [`The program fails: ${before.thrown}`] };
  const { open = 0, ...seen } = after;
  const changes = [
    ...differences(steady(before), steady(seen)),
    ...differences(...requestsOf(behaviour, plain, instrumented)).map((line) => `requests ${line}`),
  ];
  if (changes.length > 0) return { state: 'changed', findings: changes };
  if (before.absent !== undefined) return { state: 'absent', findings: [] };
  // Workers give no way to collect garbage.
  const mayBeOpen = ends === 'tracing' || (ends === 'collected' && surroundings.runtime === 'workerd');
  const findings = [
    ...judgeSpans(behaviour, spansOf(instrumented.report, behaviour.name), surroundings),
    ...(open > 0 && !mayBeOpen ? [`${open} spans were open at the end`] : []),
  ];
  return { state: findings.length === 0 ? 'ok' : 'spans', findings };
}

function requestsOf(
  { name, anyOrder = false }: Behaviour,
  plain: Run,
  instrumented: Run,
): [unknown, unknown] {
  return [
    steadyRequests(plain.requests(name), anyOrder),
    steadyRequests(instrumented.requests(name), anyOrder),
  ];
}

/** What is compared on every span, so that one that has it where it is not expected is found. */
const SHOWN = ['openai.stream.end', 'openai.response.parsed', 'openai.run.status', 'openai.run.observed'];

function withoutIndentation(tree: string): string {
  const lines = tree.split('\n').filter((line) => line.trim() !== '');
  const indentation = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indentation)).join('\n');
}

function judgeSpans(
  { spans: expected }: Behaviour,
  spans: readonly WrittenSpan[],
  surroundings: Surroundings,
): string[] {
  const trees = typeof expected === 'function' ? expected(surroundings) : expected;
  const findings = spans.flatMap((span) => checkSpan(span, { content: surroundings.content }));
  try {
    assertSpanTree(spans, trees.map(withoutIndentation).join('\n'), { attributes: SHOWN });
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  }
  return findings;
}

/** Spans below the program's own. */
export function spansOf(report: Report, behaviour: string): WrittenSpan[] {
  return (report.telemetry?.spans[behaviour] ?? []).map(readSpan).filter(isOurs);
}

/** Each behaviour has a server of its own. In the one process of a cell, they are about as many as a metric keeps. */
const MANY_SERVERS = /have reached their limit of values for server\.address\./;

/** What no behaviour is to blame for alone: spans in nobody's trace, metrics against the conventions, warnings. */
export function judgeRest({ telemetry }: Report): string[] {
  if (telemetry === undefined) return ['Nothing was recorded.'];
  return [
    ...telemetry.strays.map(({ name }) => `${name} is outside of its program's trace`),
    ...telemetry.metrics.flatMap((metric) => checkMetric(metric)),
    ...telemetry.warnings.filter((text) => !MANY_SERVERS.test(text)).map((text) => `warning: ${text}`),
  ];
}
