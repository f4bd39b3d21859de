/**
 * Runs programs of libraries that the tests do not use, without and with the instrumentation. Output, results and
 * requests must be the same, and the spans must be the expected tree. Also adds the instrumentation to distributions of
 * OpenTelemetry: a program must get its answers, and its spans must be in one trace.
 *
 * `npm run frameworks -- instructor` runs only one library.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { assertSpanTree, type FinishedSpan } from '../../src/testing.ts';
import type { Lane } from '../../test/support/lanes/lanes.ts';
import { startOtlpReceiver } from '../../test/support/lanes/otlp.ts';
import { programsDirectory } from '../../test/support/lanes/paths.ts';
import { makeLanes } from '../../test/support/lanes/prepare.ts';
import { findings, isOurs, type ProgramOutcome, runProgram } from '../../test/support/lanes/program.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';
import { type ReceivedRequest, startSimulator } from '../../test/support/simulator/index.ts';
import { DISTRIBUTIONS, type Distribution } from './distributions.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');
/** Finds times, and ids of evaluations and processes, which differ in each run. */
const VOLATILE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}Z)?|(?<=eval-)\w+|(?<=node:)\d+/g;
const IN_CONVERSATION = { AROUND: './in-conversation.mjs' };

/** The expected tree of all distributions. The spans of their other instrumentations are left out. */
const QUESTION = `
  question
  ├─ chat gpt-4o-mini
  └─ chat gpt-4o-mini
`;
const COMPARED = ['program', 'opentelemetry-instrumentation-openai', '@opentelemetry/instrumentation-openai'];

interface Observed extends ProgramOutcome {
  readonly requests: readonly ReceivedRequest[];
}

const wanted = process.argv.slice(2);
const isWanted = ({ lane }: { lane: Lane }): boolean => wanted.length === 0 || wanted.includes(lane.name);
const frameworks = FRAMEWORKS.filter(isWanted);
const distributions = DISTRIBUTIONS.filter(isWanted);
await makeLanes(
  [...frameworks, ...distributions].map(({ lane }) => lane),
  await packPackage(),
);
for (const framework of frameworks) await report(framework, () => examine(framework));
for (const distribution of distributions) await report(distribution, () => examineDistribution(distribution));

async function report({ lane: { name } }: { lane: Lane }, find: () => Promise<string[]>): Promise<void> {
  await cp(PROGRAMS, programsDirectory(name), { recursive: true });
  const problems = await find();
  console.log(problems.length === 0 ? `${name}: as expected` : `${name}:\n${problems.join('\n')}`);
  if (problems.length > 0) process.exitCode = 1;
}

/** Runs a framework's program. @returns a text for each difference from what is expected */
async function examine(framework: Framework): Promise<string[]> {
  const plain = await run(framework, []);
  const setUp = ['--import', framework.setUp ?? './sdk-3.mjs'];
  const observed = await run(framework, setUp);
  const problems = [...compare(plain, observed), ...examineSpans(observed, framework.tree)];
  if (framework.named === undefined) return problems;
  const named = await run(framework, setUp, IN_CONVERSATION);
  return [...problems, ...compare(plain, named), ...examineSpans(named, framework.named)];
}

async function run(
  { lane, answers = [], env: own = {} }: Framework,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Observed> {
  const simulator = await startSimulator();
  for (const answer of answers) simulator.next(answer);
  try {
    const outcome = await runProgram({
      lane: lane.name,
      parameters: [...flags, `${lane.name}.mjs`],
      env: { ...own, ...env, BASE_URL: simulator.url },
    });
    return { ...outcome, requests: simulator.requests };
  } finally {
    await simulator.close();
  }
}

function compare(plain: Observed, observed: Observed): string[] {
  const parts: readonly (readonly [what: string, of: (outcome: Observed) => unknown])[] = [
    ['results', ({ result }) => result],
    ['output', ({ stdout, stderr }) => [stdout, stderr].map((text) => text.replace(VOLATILE, '…'))],
    ['requests', sentBy],
  ];
  return parts
    .filter(([, of]) => !isDeepStrictEqual(of(plain), of(observed)))
    .map(([what, of]) => `${what} differ: ${JSON.stringify(of(plain))} and ${JSON.stringify(of(observed))}`);
}

async function examineDistribution({ lane, setUp, exports, env }: Distribution): Promise<string[]> {
  const [simulator, collector] = await Promise.all([startSimulator(), startOtlpReceiver()]);
  try {
    const outcome = await runProgram({
      lane: lane.name,
      parameters: [...setUp, 'question.mjs'],
      env: {
        ...env,
        BASE_URL: simulator.url,
        ...(exports && { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl }),
      },
    });
    const spans = exports ? collector.spans : outcome.spans;
    const isAnswered = outcome.result === 'This is a simulated answer.';
    return [
      ...(isAnswered ? [] : [`the program's result is ${JSON.stringify(outcome.result)}`]),
      ...draws(
        spans.filter(({ scope }) => COMPARED.includes(scope)),
        QUESTION,
      ),
    ];
  } finally {
    await Promise.all([simulator.close(), collector.close()]);
  }
}

/** The requests that reached the server, without what differs in each run. */
function sentBy({ requests }: Observed): readonly unknown[] {
  return requests.map(({ method, path, body, headers: { host: _, ...headers } }) => {
    return { method, path, body, headers };
  });
}

function examineSpans(outcome: Observed, tree: string): string[] {
  // Findings include metrics, which do not name their instrumentation. So look only if there are spans of ours.
  const ours = outcome.spans.some(isOurs);
  return [...(ours ? findings(outcome, { content: false }) : []), ...draws(outcome.spans, tree)];
}

function draws(spans: readonly FinishedSpan[], tree: string): string[] {
  try {
    assertSpanTree(spans, tree);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
