/**
 * Leaves out each check of `src` and of the viewer in turn, and runs the tests of the projects `units` and `shared` that reach it: one of
 * them should fail. A check that survives lacks a test, is not needed, or is tested by a program that a test starts.
 *
 *   npm run mutation                                 all of them
 *   npm run mutation -- sdk/seam.ts sdk/sockets      files and folders of src
 *   npm run mutation -- util test/util               only src/util, with only these tests
 *   npm run mutation -- viewer viewer/test           only the viewer, with only its tests
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Entries, Journal } from './journal.ts';
import { type ListedMutant, listMutants } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
/** How many tests may try a mutant in each round. Most mutants are killed by the first. */
const ROUNDS = [2, 4, 12];
/** A test that takes longer is not repeated. */
const MAX_TEST_MS = 3_000;
/** Tests that write nothing to the journal for this time are ended: a mutant may make their process hang. */
const MAX_SILENCE_MS = 120_000;

const parameters = process.argv.slice(2);
const filters = parameters.filter((path) => /^(?:viewer\/)?test\//.test(`${path}/`));
const wanted = parameters
  .filter((path) => !filters.includes(path))
  .map((path) => (/^viewer\b/.test(path) ? path : `src/${path.replace(/^src\//, '')}`));
const isWanted = (file: string): boolean =>
  wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`));
/** The texts of test files, by path. */
const sources = new Map<string, string>();
const directory = mkdtempSync(join(tmpdir(), 'mutation-'));
const journal = new Journal(directory);
/** Ends the running tests. A mutant can keep their process from ending by itself. */
let endTests = (): void => undefined;
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => {
  endTests();
  rmSync(directory, { recursive: true, force: true });
});
process.exitCode = await checkAll();

/** @returns the exit code */
async function checkAll(): Promise<number> {
  const mutants = listMutants(ROOT).filter(({ file }) => isWanted(file));
  if (mutants.length === 0)
    throw new Error('Name files or folders of src, such as sdk/seam.ts, or of viewer/src');
  await runTests(await listTests());
  const reached = testsById();
  if (reached.size === 0) throw new Error('No test has passed. Run npm test to see why.');
  for (const count of ROUNDS) {
    const plan = planRound(mutants, reached, count);
    journal.plan = plan;
    await runTests([...new Set(Object.keys(plan).map(fileOf))]);
    console.log(`${journal.read('killed').length} of ${mutants.length} mutants are killed.`);
  }
  const killed = new Set(journal.read('killed').map(({ id }) => id));
  const survivors = mutants.filter(({ id }) => !killed.has(id));
  for (const { id, file, line, kind, text } of survivors)
    console.log(`${reached.has(id) ? 'survived' : 'unreached'} ${file}:${line} ${kind}: ${text}`);
  const unreached = survivors.filter(({ id }) => !reached.has(id)).length;
  console.log(`${survivors.length - unreached} mutants survived; no test reached ${unreached} others.`);
  return survivors.length === 0 ? 0 : 1;
}

/** The tests that reach the check of each mutant, by the mutant's id. */
function testsById(): Map<number, Entries['reached'][]> {
  const tests = new Map<number, Entries['reached'][]>();
  for (const one of journal.read('reached').filter(({ ms }) => ms < MAX_TEST_MS)) {
    for (const id of one.ids) {
      const known = tests.get(id);
      if (known === undefined) tests.set(id, [one]);
      else known.push(one);
    }
  }
  return tests;
}

/** Plans, for each mutant that is left, the untried tests that are most likely to fail without its check. */
function planRound(
  mutants: readonly ListedMutant[],
  reached: ReadonlyMap<number, readonly Entries['reached'][]>,
  count: number,
): Record<string, number[]> {
  const killed = new Set(journal.read('killed').map(({ id }) => id));
  const tried = new Set(journal.read('survived').map(({ id, test }) => `${id} ${test}`));
  const unrepeatable = new Set(journal.read('unrepeatable').map(({ test }) => test));
  const plan: Record<string, number[]> = {};
  for (const mutant of mutants) {
    const { id } = mutant;
    if (killed.has(id)) continue;
    const tests = (reached.get(id) ?? [])
      .filter(({ test }) => !tried.has(`${id} ${test}`) && !unrepeatable.has(test))
      .map((one) => ({ test: one.test, distance: distance(one, mutant) }))
      .sort((one, other) => one.distance - other.distance);
    for (const { test } of tests.slice(0, count)) plan[test] = [...(plan[test] ?? []), id];
  }
  return plan;
}

/** A test is near if it imports the file, is in its folder, reaches few other checks, and is quick. */
function distance({ test, ms, ids }: Entries['reached'], { file }: ListedMutant): number {
  const path = fileOf(test);
  const source = sources.get(path) ?? readFileSync(join(ROOT, path), 'utf8');
  sources.set(path, source);
  const imports = source.includes(`/${file}'`) ? 3 : 0;
  const folder = file.startsWith('viewer/') ? 'viewer/test' : `test/${file.split('/')[1]}`;
  const isInFolder = path.startsWith(`${folder}/`) ? 1 : 0;
  return Math.log(ids.length + 10) + ms / 200 - imports - isInFolder;
}

function fileOf(test: string): string {
  return test.split(' > ')[0] ?? test;
}

async function listTests(): Promise<string[]> {
  const output = join(directory, 'tests.json');
  await vitest(['list', '--filesOnly', `--json=${output}`, ...filters]);
  const files = JSON.parse(readFileSync(output, 'utf8')) as { readonly file: string }[];
  return files.map(({ file }) => file.slice(ROOT.length + 1));
}

/** Runs test files. Repeats those whose process a mutant has spoilt or ended, as long as that kills more mutants. */
async function runTests(files: readonly string[]): Promise<void> {
  journal.clear('done');
  for (let before = -1; before < journal.read('killed').length; ) {
    before = journal.read('killed').length;
    const done = new Set(journal.read('done').map(({ file }) => file));
    const left = files.filter((file) => !done.has(file));
    if (left.length === 0) return;
    await vitest(['run', ...left]);
    for (const name of attempts()) {
      const path = join(journal.attempts, name);
      journal.add('killed', JSON.parse(readFileSync(path, 'utf8')));
      rmSync(path);
    }
  }
}

function attempts(): string[] {
  try {
    return readdirSync(journal.attempts);
  } catch {
    return [];
  }
}

async function vitest(parameters: readonly string[]): Promise<void> {
  const options = ['--config', join(import.meta.dirname, 'vitest.config.ts'), ...parameters];
  const child = spawn(process.execPath, [VITEST, ...options], {
    cwd: ROOT,
    env: { ...process.env, ...journal.environment },
    stdio: 'ignore',
    detached: true,
  });
  endTests = () => void process.kill(-(child.pid ?? 0), 'SIGKILL');
  const watch = setInterval(() => {
    if (journal.newest < Date.now() - MAX_SILENCE_MS) endTests();
  }, 5_000);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  endTests = () => undefined;
}
