import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FinishedSpan } from '../../../src/testing.ts';
import { type CheckedMetric, type CheckedSpan, checkMetric, checkSpan } from '../conventions/check.ts';
import { type Completed, run } from './command.ts';
import { programsDirectory } from './paths.ts';

/** A span as a program wrote it down, in the form that the tree assertion and the checker read. */
export interface WrittenSpan extends FinishedSpan, CheckedSpan {
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: Record<string, unknown>;
  /** The instrumentation that made it. */
  readonly scope: string;
}

export interface ProgramRun {
  readonly lane: string;
  /** What `node` is given: flags, and a program of test/lanes/programs. */
  readonly parameters?: readonly string[];
  /** The text of a program that is run after the flags. */
  readonly source?: { readonly format: 'cjs' | 'mjs'; readonly text: string };
  readonly env?: Readonly<Record<string, string>>;
  /** The Node that runs it. Default: the one that runs the tests. */
  readonly node?: string;
}

/** What a program left behind. */
export interface ProgramOutcome extends Completed {
  /** What it came to, `undefined` where it wrote nothing. */
  readonly result: unknown;
  readonly spans: readonly WrittenSpan[];
  readonly metrics: readonly CheckedMetric[];
  /** Everything recorded, as text: to look for what must not be there. */
  readonly recorded: string;
}

/** Longer than any program takes; one that is kept alive by something fails instead of hanging. */
const TIMEOUT = 60_000;

/**
 * Runs a program in a lane until it exits by itself.
 *
 * @throws Error with its output, when it does not exit with 0 in time: a rejection nobody handles does that too
 */
export async function runProgram(program: ProgramRun): Promise<ProgramOutcome> {
  const { lane, env, node = process.execPath } = program;
  const output = await mkdtemp(join(tmpdir(), 'lane-'));
  const written = await writeSource(program);
  try {
    const parameters = [...(program.parameters ?? []), ...written];
    const completed = await run(node, parameters, {
      cwd: programsDirectory(lane),
      env: { ...env, OUTPUT_DIRECTORY: output },
      timeout: TIMEOUT,
    });
    if (completed.code !== 0) {
      const { code, stdout, stderr } = completed;
      throw new Error(`${lane}: node ${parameters.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
    }
    const recorded = await readIfThere(join(output, 'telemetry.json'));
    const { spans = [], metrics = [] } = JSON.parse(recorded ?? '{}');
    return {
      ...completed,
      result: JSON.parse((await readIfThere(join(output, 'result.json'))) ?? 'null'),
      spans: spans.map(readSpan),
      metrics,
      recorded: recorded ?? '',
    };
  } finally {
    await rm(output, { recursive: true, force: true });
    for (const file of written) await rm(file);
  }
}

/** Puts the text of a program into its lane; gives the file. */
async function writeSource({ lane, source }: ProgramRun): Promise<string[]> {
  if (source === undefined) return [];
  const file = join(programsDirectory(lane), `program-${randomUUID()}.${source.format}`);
  await writeFile(file, source.text);
  return [file];
}

/** What the convention checker finds in what a program recorded. */
export function findings({ spans, metrics }: ProgramOutcome, options: { content: boolean }): string[] {
  return [
    ...spans.filter(isOurs).flatMap((span) => checkSpan(span, options)),
    ...metrics.flatMap((metric) => checkMetric(metric)),
  ];
}

export function isOurs(span: WrittenSpan): boolean {
  return span.scope === 'opentelemetry-instrumentation-openai';
}

/** A span as it stands in the file. */
export type SpanData = Omit<WrittenSpan, 'spanContext'> & {
  readonly spanContext: ReturnType<FinishedSpan['spanContext']>;
};

export function readSpan(written: SpanData): WrittenSpan {
  return { ...written, spanContext: () => written.spanContext };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
