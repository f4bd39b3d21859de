/**
 * Runs every behaviour of `test/transparency` in every cell, and writes `docs/compatibility.md` from the results. Fails
 * if a program notices that it is observed, or if its spans are wrong.
 *
 * `npm run matrix -- 7.55` runs the columns whose titles begin with 7.55, and writes nothing. `frameworks` selects the
 * columns of all libraries that make the calls, `releases` the programs that run on many releases of Node.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lane, OTHER_NODE_LANES } from '../../test/support/lanes/lanes.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { makeLanes } from '../../test/support/lanes/prepare.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';
import type { Behaviour } from '../../test/transparency/behaviour.ts';
import { type Cell, type CellOutcome, runCell } from '../../test/transparency/cell.ts';
import { writeSources, writeWorker } from '../../test/transparency/sources.ts';
import { COLUMNS, type Column, nameOf } from './cells.ts';
import { type ColumnOutcome, compatibilityPage, problemsOf } from './document.ts';
import { runReleases } from './releases.ts';

const wanted = process.argv.slice(2);
const columns = COLUMNS.filter(
  ({ title, framework }) =>
    wanted.length === 0 ||
    wanted.some((start) => title.toLowerCase().startsWith(start) || (framework && start === 'frameworks')),
);
const runsReleases = wanted.length === 0 || wanted.includes('releases');
if (columns.length === 0 && !runsReleases) {
  console.error(
    `No column begins with ${wanted.join(' or ')}. Columns: ${COLUMNS.map(({ title }) => title).join(', ')}.`,
  );
  process.exit(2);
}

if (columns.length > 0) await prepare(columns);
const outcomes: ColumnOutcome[] = [];
for (const column of columns) outcomes.push({ column, outcomes: await runColumn(column) });

const releases = runsReleases ? await runReleases() : [];

const problems = [...problemsOf(outcomes), ...releases.flatMap((release) => release.problems)];
for (const problem of problems) console.error(problem);
if (wanted.length === 0) {
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(join(ROOT, 'docs', 'compatibility.md'), compatibilityPage(outcomes, releases, date));
}
console.log(problems.length === 0 ? 'No program noticed anything.' : `${problems.length} findings`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Installs missing packages, and this package as it is now. */
async function prepare(needed: readonly Column[]): Promise<void> {
  const lanes = new Set<Lane>(needed.flatMap(({ cells }) => cells.map(({ lane }) => lane)));
  await makeLanes([...lanes, ...OTHER_NODE_LANES], await packPackage());
  for (const lane of lanes) {
    const framework = needed.find(({ cells }) => cells.some((cell) => cell.lane === lane))?.framework;
    await writeSources(lane.name, framework && `frameworks/${framework.folder}`);
  }
  const worker = needed.flatMap(({ cells }) => cells).find(({ runtime }) => runtime === 'workerd');
  if (worker !== undefined) await writeWorker(worker.lane.name);
}

async function runColumn({ cells, behaviours }: Column): Promise<CellOutcome[]> {
  const done: CellOutcome[] = [];
  for (const cell of cells) done.push(await runAndTell(cell, behaviours));
  return done;
}

async function runAndTell(cell: Cell, behaviours: readonly Behaviour[]): Promise<CellOutcome> {
  const outcome = await runCell(cell, behaviours);
  const counts = Object.groupBy(outcome.verdicts.values(), ({ state }) => state);
  const told = Object.entries(counts).map(([state, verdicts]) => `${verdicts?.length ?? 0} ${state}`);
  console.log(`${nameOf(cell)}: ${told.join(', ')}`);
  return outcome;
}
