/**
 * Runs the programs of `test/transparency` with the newest published versions of `openai` and OpenTelemetry, and
 * reports what broke. Also reports endpoints of that `openai` without a row in the route table. A workflow runs it
 * weekly.
 *
 * `npm run watch-compatibility -- openai@8.0.0-beta.1` uses that version instead of the newest.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, run } from '../../test/support/lanes/command.ts';
import { PROGRAM_LANES, type ProgramLane } from '../../test/support/lanes/lanes.ts';
import { laneDirectory, ROOT } from '../../test/support/lanes/paths.ts';
import { makeLanes } from '../../test/support/lanes/prepare.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';
import { BEHAVIOURS } from '../../test/transparency/behaviours/index.ts';
import { type CellOutcome, runCell } from '../../test/transparency/cell.ts';
import { writeSources } from '../../test/transparency/sources.ts';
import { problemsOf } from '../matrix/document.ts';
import { type WatchedPackage, watchReport } from './report.ts';

const NAME = 'newest';
const [newestTested] = PROGRAM_LANES.filter(({ line }) => line === 3).toReversed();
if (newestTested === undefined) throw new Error('No lane has OpenTelemetry SDK 3.');

const packages = await Promise.all(Object.entries(newestTested.packages).map(newestOf));
const lane: ProgramLane = {
  name: NAME,
  line: 3,
  openai: packages.find(({ name }) => name === 'openai')?.newest ?? '',
  packages: Object.fromEntries(packages.map(({ name, newest }) => [name, newest])),
};
const { ok, problems } = await tryLane(lane).catch((error: Error) => ({
  ok: 0,
  problems: [`The newest versions cannot be installed or run together: ${error.message}`],
}));
const report = watchReport({ packages, ok, problems });
console.log(report);
if (process.env.GITHUB_STEP_SUMMARY) await appendFile(process.env.GITHUB_STEP_SUMMARY, `${report}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function newestOf([name, tested]: [name: string, tested: string]): Promise<WatchedPackage> {
  const asked = process.argv.slice(2).find((parameter) => parameter.startsWith(`${name}@`));
  const newest =
    asked?.slice(name.length + 1) ?? (await mustRun('npm', ['view', name, 'version'], { cwd: ROOT }));
  return { name, tested, newest: newest.trim() };
}

async function tryLane(newest: ProgramLane): Promise<{ ok: number; problems: string[] }> {
  await makeLanes([newest], await packPackage());
  await writeSources(newest.name);
  const outcomes: CellOutcome[] = [];
  for (const format of ['cjs', 'mjs'] as const)
    outcomes.push(await runCell({ lane: newest, runtime: 'node-24', format }, BEHAVIOURS));
  const verdicts = outcomes.flatMap((outcome) => [...outcome.verdicts.values()]);
  return {
    ok: verdicts.filter(({ state }) => state === 'ok').length,
    problems: [
      ...problemsOf([{ column: { title: NAME, cells: [], behaviours: BEHAVIOURS }, outcomes }]),
      ...(await missingRoutes()),
    ],
  };
}

/** The endpoints without a row in the route table. They still get generic spans. */
async function missingRoutes(): Promise<string[]> {
  const resources = join(laneDirectory(NAME), 'node_modules', 'openai', 'resources');
  const { code, stdout } = await run(process.execPath, ['scripts/check-routes.ts', resources], { cwd: ROOT });
  return code === 0 ? [] : [stdout.trim()];
}
