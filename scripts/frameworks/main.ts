/**
 * Runs programs of libraries that the tests leave out, without and with the instrumentation: output, results and requests
 * have to be the same, and what is recorded the tree that is expected.
 *
 * `npm run frameworks -- instructor` runs one of them.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { assertSpanTree } from '../../src/testing.ts';
import { programsDirectory } from '../../test/support/lanes/paths.ts';
import { makeLanes } from '../../test/support/lanes/prepare.ts';
import { findings, isOurs, type ProgramOutcome, runProgram } from '../../test/support/lanes/program.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';
import { type ReceivedRequest, startSimulator } from '../../test/support/simulator/index.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');
/** Times, and ids of evaluations and processes. */
const VOLATILE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}Z)?|(?<=eval-)\w+|(?<=node:)\d+/g;
const IN_CONVERSATION = { AROUND: './in-conversation.mjs' };

interface Observed extends ProgramOutcome {
  readonly requests: readonly ReceivedRequest[];
}

const wanted = process.argv.slice(2);
const chosen = FRAMEWORKS.filter(({ lane }) => wanted.length === 0 || wanted.includes(lane.name));
await makeLanes(
  chosen.map(({ lane }) => lane),
  await packPackage(),
);
for (const framework of chosen) {
  const { name } = framework.lane;
  await cp(PROGRAMS, programsDirectory(name), { recursive: true });
  const problems = await examine(framework);
  console.log(problems.length === 0 ? `${name}: as expected` : `${name}:\n${problems.join('\n')}`);
  if (problems.length > 0) process.exitCode = 1;
}

/** What differs from what is expected, one text for each. */
async function examine(framework: Framework): Promise<string[]> {
  const plain = await run(framework, []);
  const observed = await run(framework, ['--import', './sdk-3.mjs']);
  const problems = [...compare(plain, observed), ...draws(observed, framework.tree)];
  if (framework.named === undefined) return problems;
  const named = await run(framework, ['--import', './sdk-3.mjs'], IN_CONVERSATION);
  return [...problems, ...compare(plain, named), ...draws(named, framework.named)];
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

/** What reached the server, but for what differs from run to run. */
function sentBy({ requests }: Observed): readonly unknown[] {
  return requests.map(({ method, path, body, headers: { host: _, ...headers } }) => {
    return { method, path, body, headers };
  });
}

function draws(outcome: Observed, tree: string): string[] {
  // Metrics do not say whose they are.
  const ours = outcome.spans.some(isOurs);
  const problems = ours ? findings(outcome, { content: false }) : [];
  try {
    assertSpanTree(outcome.spans, tree);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return problems;
}
