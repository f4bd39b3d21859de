import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../support/lanes/command.ts';
import type { ProgramLane } from '../support/lanes/lanes.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import type { Tarball } from '../support/lanes/tarball.ts';
import { addedNames, withoutAdded } from './added-names.ts';
import { runBehaviours } from './behaviours.ts';
import type { Found } from './causes.ts';
import { runCommands } from './commands.ts';
import { differencesOf } from './differences.ts';
import type { Extent } from './intended.ts';
import {
  type Both,
  COMPARE_LANES,
  FULL_LANES,
  type InstalledVersion,
  prepareLane,
  QUICK_LANES,
} from './lanes.ts';
import { NOTHING, type Outcomes } from './outcome.ts';
import type { RunRequest } from './run.ts';
import { steadyOutcome } from './steady.ts';

export interface Comparison {
  readonly found: readonly Found[];
  /** The programs that ran. */
  readonly programs: ReadonlySet<string>;
}

const LANES: Readonly<Record<Extent, readonly ProgramLane[]>> = {
  quick: QUICK_LANES,
  all: COMPARE_LANES,
  full: FULL_LANES,
};
const WAYS = {
  quick: ['plain', 'content'],
  all: ['plain', 'content', 'sampled out', 'suppressed'],
  full: ['plain', 'content', 'sampled out', 'suppressed'],
} as const;

/** Longer than all programs of a process take together. */
const TIMEOUT = 180_000;

/** Runs every program with both versions, at the same time, and says what differs. */
export async function compareVersions(
  reference: Tarball,
  candidate: Tarball,
  extent: Extent,
): Promise<Comparison> {
  const found: Found[] = [];
  const programs = new Set<string>();
  for (const lane of LANES[extent]) {
    const versions = await prepareLane(lane, [reference, candidate]);
    const into = { found, programs, added: addedNames(...(await documentations(versions))) };
    for (const way of WAYS[extent]) {
      const request = { line: lane.line, way, quick: extent === 'quick' };
      const outcomes = await bothOutcomes(versions, (version) => runInProcess(version, request));
      const place = `${way}, openai ${lane.openai}, SDK ${lane.line}`;
      collect(outcomes, versions, place, into);
    }
    const place = `openai ${lane.openai}, SDK ${lane.line}`;
    const behaviours = await bothOutcomes(versions, (version) => runBehaviours(version, lane.line));
    collect(behaviours, versions, place, into);
    const commands = await bothOutcomes(versions, runCommands);
    collect(commands, versions, place, into);
  }
  return { found, programs };
}

async function bothOutcomes(
  [reference, candidate]: Both<InstalledVersion>,
  run: (version: InstalledVersion) => Promise<Outcomes>,
): Promise<Both<Outcomes>> {
  return Promise.all([run(reference), run(candidate)]);
}

/** What both versions say that they record. */
async function documentations(versions: Both<InstalledVersion>): Promise<Both<string>> {
  const [reference = '', candidate = ''] = await Promise.all(
    versions.map(({ directory }) =>
      readFile(join(directory, 'node_modules', PACKAGE_NAME, 'docs/telemetry.md'), 'utf8'),
    ),
  );
  return [reference, candidate];
}

async function runInProcess(
  { directory }: InstalledVersion,
  request: Omit<RunRequest, 'output'>,
): Promise<Outcomes> {
  const folder = await mkdtemp(join(tmpdir(), 'compare-'));
  const output = join(folder, 'outcomes.json');
  try {
    const parameter = JSON.stringify({ ...request, output });
    await mustRun(process.execPath, ['test/compare/run.ts', parameter], { cwd: directory, timeout: TIMEOUT });
    return JSON.parse(await readFile(output, 'utf8')) as Outcomes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function collect(
  [reference, candidate]: Both<Outcomes>,
  [before, now]: Both<InstalledVersion>,
  place: string,
  into: { readonly found: Found[]; readonly programs: Set<string>; readonly added: ReadonlySet<string> },
): void {
  for (const program of new Set([...Object.keys(reference), ...Object.keys(candidate)])) {
    into.programs.add(program);
    const differences = differencesOf(
      steadyOutcome(reference[program] ?? NOTHING, before.directory),
      withoutAdded(steadyOutcome(candidate[program] ?? NOTHING, now.directory), into.added),
    );
    into.found.push(...differences.map((difference) => ({ ...difference, program, place })));
  }
}
