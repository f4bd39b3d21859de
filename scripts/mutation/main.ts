/**
 * Leaves out each check of a file in turn, in a copy of the project, and runs the tests of its folder: one of them should
 * fail. What survives lacks a test, or is not needed. Run it before and after you drop a test: no more may survive.
 *
 *   npm run mutation -- sdk/seam.ts util/guard.ts   files of src
 *   npm run mutation -- sdk/sockets                 a folder
 */
import { spawn } from 'node:child_process';
import { cp, glob, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMutants, mutate } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What the tests and the build need, apart from the packages. */
const COPIED = [
  'dist',
  'docs',
  'examples',
  'package.json',
  'scripts',
  'semconv',
  'src',
  'test',
  'tsconfig.json',
  'tsdown.config.ts',
  'vitest.config.ts',
];
/** Tests that take longer count as hanging, which kills the mutant. */
const TESTS_TIMEOUT_MS = 300_000;

interface Report {
  readonly testResults: readonly {
    /** The file. */
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const wanted = process.argv.slice(2).map((path) => path.replace(/^src\//, ''));
const project = await copyProject();
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

/** @returns the exit code */
async function checkAll(): Promise<number> {
  const files = (await Array.fromAsync(glob('**/*.ts', { cwd: join(project, 'src') }))).sort();
  const checked = files.filter((file) => wanted.some((path) => file === path || file.startsWith(`${path}/`)));
  if (checked.length === 0) throw new Error('Name files or folders of src, such as sdk/seam.ts');
  let survivors = 0;
  for (const file of checked) survivors += await countSurvivors(file);
  console.log(survivors === 0 ? 'Every mutant was killed.' : `${survivors} mutants survived.`);
  return survivors === 0 ? 0 : 1;
}

async function countSurvivors(file: string): Promise<number> {
  const path = join(project, 'src', file);
  const source = await readFile(path, 'utf8');
  const rounds = await findRounds(file);
  let survivors = 0;
  for (const mutant of findMutants(source)) {
    await writeFile(path, mutate(source, mutant));
    const found = await findRedTest(rounds);
    const shown = `${file}:${mutant.line} ${mutant.kind}: ${mutant.text}`;
    console.log(found === undefined ? `SURVIVED ${shown}` : `killed   ${shown}\n         ${found}`);
    if (found === undefined) survivors++;
  }
  await writeFile(path, source);
  return survivors;
}

/**
 * The tests of a file's folder in three rounds: its own, those of the same process, and those that run programs, which take
 * longer than all others together.
 */
async function findRounds(file: string): Promise<string[][]> {
  const [folder = ''] = file.includes('/') ? file.split('/') : ['entries'];
  const tests = `test/{${folder},entries/units}/**/*.test.ts`;
  const files = [...new Set(await Array.fromAsync(glob(tests, { cwd: project })))].sort();
  const texts = await Promise.all(files.map((each) => readFile(join(project, each), 'utf8')));
  const having = (text: string): string[] => files.filter((_, index) => texts[index]?.includes(text));
  const own = having(`/src/${file}'`);
  const slow = having('node:child_process').filter((each) => !own.includes(each));
  const others = files.filter((each) => !own.includes(each) && !slow.includes(each));
  const rounds = [own, others, slow].filter(({ length }) => length > 0);
  const red = await findRedTest(rounds);
  if (red !== undefined) throw new Error(`The tests fail without any mutant: ${red}`);
  return rounds;
}

/** The first test that fails, and fails again by itself; `undefined` when all pass. */
async function findRedTest(rounds: readonly string[][]): Promise<string | undefined> {
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
    if (message.startsWith('Transform failed')) throw new Error(`A mutant cannot be parsed: ${message}`);
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
  const projects = ['units', 'shared', 'processes'].flatMap((name) => ['--project', name]);
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
