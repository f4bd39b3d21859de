/**
 * Applies each mutant of `src/` in turn, in a copy of the project, and runs the tests of the SDK's seam: one of them must fail.
 * A comment such as `// Without this, suppressed calls get spans.` makes the statement below it a mutant.
 *
 *   npm run mutation                 all mutants
 *   npm run mutation -- seam.ts      those of one file
 */
import { spawn } from 'node:child_process';
import { cp, glob, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMutants, type Mutant, mutate } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What the tests need, apart from the packages. */
const COPIED = ['dist', 'examples', 'package.json', 'scripts', 'semconv', 'src', 'test', 'vitest.config.ts'];
const TESTS = 'test/{sdk,util,entries/units}/**/*.test.ts';
/** Tests that take longer count as hanging, which kills the mutant. */
const TESTS_TIMEOUT_MS = 120_000;

interface Report {
  readonly testResults: readonly {
    /** The file. */
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const only = process.argv.slice(2);
const project = await copyProject();
const rounds = await findRounds();
try {
  process.exitCode = await checkAll();
} finally {
  await rm(project, { recursive: true });
}

async function copyProject(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mutation-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(directory, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

/** The tests in two rounds: those that run programs take longer than all others together. */
async function findRounds(): Promise<string[][]> {
  const files = (await Array.fromAsync(glob(TESTS, { cwd: project }))).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(project, file), 'utf8')));
  const slow = files.filter((_, index) => texts[index]?.includes('node:child_process'));
  return [files.filter((file) => !slow.includes(file)), slow];
}

/** @returns the exit code */
async function checkAll(): Promise<number> {
  const red = await findRedTest();
  if (red !== undefined) {
    console.error(`The tests fail without any mutant: ${red}`);
    return 1;
  }
  const files = (await Array.fromAsync(glob('src/**/*.ts', { cwd: project }))).sort();
  let missed = 0;
  for (const file of files.filter((name) => only.length === 0 || only.some((part) => name.endsWith(part)))) {
    const source = await readFile(join(project, file), 'utf8');
    for (const mutant of findMutants(source)) {
      if (!(await check(file, source, mutant))) missed++;
    }
  }
  console.log(missed === 0 ? 'Every mutant was killed.' : `${missed} mutants survived.`);
  return missed === 0 ? 0 : 1;
}

async function check(file: string, source: string, mutant: Mutant): Promise<boolean> {
  await writeFile(join(project, file), mutate(source, mutant));
  const found = await findRedTest();
  await writeFile(join(project, file), source);
  const what = mutant.fragment === undefined ? '' : ` \`${mutant.fragment}\``;
  console.log(
    `${found === undefined ? 'SURVIVED' : 'killed  '} ${file}:${mutant.line}${what}: ${mutant.consequence}`,
  );
  if (found !== undefined) console.log(`         ${found}`);
  return found !== undefined;
}

/** The first test that fails, and fails again by itself; `undefined` when all pass. */
async function findRedTest(): Promise<string | undefined> {
  for (const files of rounds) {
    const red = await runTests(files);
    if (red === undefined) continue;
    // A test that a busy machine made fail proves nothing; after it, the others have not been run.
    const confirmed = await runTests(red.file === undefined ? files : [red.file]);
    if (confirmed !== undefined) return confirmed.name;
    const again = await runTests(files);
    if (again !== undefined) return again.name;
  }
  return undefined;
}

interface Red {
  readonly name: string;
  readonly file: string | undefined;
}

async function runTests(files: readonly string[]): Promise<Red | undefined> {
  const output = join(project, 'report.json');
  await rm(output, { force: true });
  if (await runVitest(files, output)) return undefined;
  for (const { name: file, message, assertionResults } of (await readReport(output))?.testResults ?? []) {
    // What is no program any more proves nothing.
    if (message.startsWith('Transform failed')) throw new Error(`A marker cuts out too little: ${message}`);
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed !== undefined) return { name: failed.fullName, file };
    if (message !== '') return { name: message.split('\n')[0] ?? '', file };
  }
  return { name: 'the tests do not end', file: undefined };
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** @returns whether all tests passed */
function runVitest(files: readonly string[], output: string): Promise<boolean> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const projects = ['--project', 'units', '--project', 'processes'];
  const options = [...projects, '--bail', '1', '--reporter', 'json', '--outputFile', output];
  const child = spawn(process.execPath, [vitest, 'run', ...options, ...files], {
    cwd: project,
    stdio: 'ignore',
    timeout: TESTS_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}
