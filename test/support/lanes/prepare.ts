import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { ENTRY_LANES } from '../../entries/lanes.ts';
import { DOUBLE_LANES, FRAMEWORK_LANES } from '../../lanes/lanes.ts';
import { mustRun } from './command.ts';
import { BUN_LANE, LANES, type Lane } from './lanes.ts';
import { LANES_DIRECTORY, laneDirectory, PACKAGE_NAME, programsDirectory, ROOT } from './paths.ts';
import { packPackage, sha256, type Tarball } from './tarball.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packed package. */
    readonly tarball: string;
  }
}

const INSTALLS_AT_ONCE = 4;
/** The programs that lanes run, copied into them so that they find their packages there. */
const PROGRAMS = join(ROOT, 'test/lanes/programs');

const NPM_INSTALL = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'] as const;
/** Copies the files: a test that writes to one lane must not change the others. */
const BUN_INSTALL = [
  join(laneDirectory(BUN_LANE.name), 'node_modules', '.bin', 'bun'),
  ...['install', '--linker', 'hoisted', '--backend', 'copyfile', '--silent'],
] as const;

/** What a lane was made from; when it differs, the lane is made again. */
interface Stamp {
  readonly packages: string;
  readonly tarball: string;
}

/** There once all lanes are made; what is in it went wrong. */
const OUTCOME = join(LANES_DIRECTORY, 'made.txt');

/**
 * Makes every lane what its row in the table says. Runs once, beside the tests that use no lanes: in a new checkout, npm
 * installs them for a minute.
 */
export default async function prepareLanes(project: TestProject): Promise<() => Promise<void>> {
  await rm(OUTCOME, { force: true });
  const tarball = await packPackage();
  project.provide('tarball', tarball.path);
  const made = makeLanes([...LANES, ...ENTRY_LANES, ...DOUBLE_LANES, ...FRAMEWORK_LANES], tarball)
    .then(() => '', String)
    .then((problem) => writeFile(OUTCOME, problem));
  return () => made;
}

/** Waits, in a file of tests, until all lanes are made. */
export async function lanesAreMade(): Promise<void> {
  while (!existsSync(OUTCOME)) await delay(100);
  const problem = await readFile(OUTCOME, 'utf8');
  if (problem !== '') throw new Error(problem);
}

/** Makes each lane what its row says, a few at a time. Bun comes first, because it installs the others. */
export async function makeLanes(lanes: readonly Lane[], tarball: Tarball): Promise<void> {
  const manifest = await readManifest();
  await prepareLane(BUN_LANE, tarball, manifest);
  const waiting = lanes.filter((lane) => lane !== BUN_LANE);
  const worker = async (): Promise<void> => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      await prepareLane(lane, tarball, manifest);
    }
  };
  await Promise.all(Array.from({ length: INSTALLS_AT_ONCE }, worker));
}

async function prepareLane(lane: Lane, tarball: Tarball, manifest: string): Promise<void> {
  const directory = laneDirectory(lane.name);
  const stampFile = join(directory, 'stamp.json');
  const wanted: Stamp = {
    packages: sha256(JSON.stringify([lane.packages, manifest])),
    tarball: tarball.hash,
  };
  const found = await readStamp(stampFile);
  if (found?.packages !== wanted.packages || found.tarball !== wanted.tarball) {
    // While a lane is being made it has no stamp: one that was left half made is made again.
    await rm(stampFile, { force: true });
    if (found?.packages === wanted.packages) await extract(directory, tarball);
    else await install(lane, directory, tarball);
    await writeFile(stampFile, JSON.stringify(wanted));
  }
  const programs = programsDirectory(lane.name);
  await rm(programs, { recursive: true, force: true });
  await cp(PROGRAMS, programs, { recursive: true });
  for (const name of IN_BOTH_FORMATS)
    await writeFile(
      join(programs, `${name}.cjs`),
      asCommonJs(await readFile(join(programs, `${name}.mjs`), 'utf8')),
    );
}

/** Modules that nothing but their imports and exports tells from CommonJS. */
const IN_BOTH_FORMATS = ['agents-entry', 'node-sdk', 'sdk-2', 'sdk-3', 'sdk-bare'];

function asCommonJs(source: string): string {
  return source
    .replaceAll(/import (\{[^}]*\}|\w+) from ('[^']+');/g, 'const $1 = require($2);')
    .replaceAll(/import ('[^']+');/g, 'require($1);')
    .replaceAll(/(?<='\.\/[\w-]+)\.mjs'/g, ".cjs'");
}

async function install(lane: Lane, directory: string, tarball: Tarball): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const manifest = {
    name: lane.name,
    private: true,
    dependencies: { ...lane.packages, [PACKAGE_NAME]: `file:${tarball.path}` },
  };
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(manifest)}\n`);
  const installWith = ([command, ...parameters]: readonly [string, ...string[]]): Promise<string> =>
    mustRun(command, [...parameters, ...(lane.flags ?? [])], {
      cwd: directory,
      env: { BUN_INSTALL_CACHE_DIR: join(LANES_DIRECTORY, 'bun-cache') },
      timeout: 300_000,
    });
  if (lane.npm) await installWith(NPM_INSTALL);
  // Only npm reads all settings of proxies and registries.
  else await installWith(BUN_INSTALL).catch(() => installWith(NPM_INSTALL));
}

/** What the package needs is as before: only its own files are new. */
async function extract(directory: string, tarball: Tarball): Promise<void> {
  const target = join(directory, 'node_modules', PACKAGE_NAME);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await mustRun('tar', ['-xzf', tarball.path, '-C', target, '--strip-components=1'], { cwd: directory });
}

/** The part of our own package.json that decides what npm installs beside us. */
async function readManifest(): Promise<string> {
  const { dependencies, peerDependencies, peerDependenciesMeta, engines } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  );
  return JSON.stringify({ dependencies, peerDependencies, peerDependenciesMeta, engines });
}

async function readStamp(file: string): Promise<Stamp | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
