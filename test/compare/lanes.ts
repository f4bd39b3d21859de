import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withPackageName } from '../support/example.ts';
import { mustRun } from '../support/lanes/command.ts';
import type { ProgramLane } from '../support/lanes/lanes.ts';
import { laneDirectory, PACKAGE_NAME, ROOT } from '../support/lanes/paths.ts';
import { sha256, type Tarball } from '../support/lanes/tarball.ts';
import { writeProgramList } from '../transparency/sources.ts';

const OPENAI = { 4: '4.104.0', 5: '5.23.2', 6: '6.49.0', 7: '7.57.0' } as const;
const BESIDE = { '@pydantic/genai-prices': '0.1.8', ws: '8.23.0' };

const SDK_3 = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/context-async-hooks': '3.1.1',
  '@opentelemetry/core': '3.1.1',
  '@opentelemetry/exporter-metrics-otlp-grpc': '0.301.0',
  '@opentelemetry/exporter-trace-otlp-grpc': '0.301.0',
  '@opentelemetry/exporter-trace-otlp-http': '0.301.0',
  '@opentelemetry/sdk-logs': '3.1.0',
  '@opentelemetry/sdk-metrics': '3.1.1',
  '@opentelemetry/sdk-node': '0.301.0',
  '@opentelemetry/sdk-trace': '3.1.1',
};
const SDK_2 = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/api-logs': '0.223.0',
  '@opentelemetry/core': '2.12.0',
  '@opentelemetry/sdk-logs': '0.223.0',
  '@opentelemetry/sdk-metrics': '2.12.1',
  '@opentelemetry/sdk-node': '0.223.0',
  '@opentelemetry/sdk-trace-node': '2.12.0',
};
/** It needs openai 7. */
const AGENTS = { '@openai/agents': '0.20.0', zod: '4.6.7' };

function lane(major: keyof typeof OPENAI, line: 2 | 3): ProgramLane {
  const openai = OPENAI[major];
  const packages = { openai, ...(line === 3 ? SDK_3 : SDK_2), ...BESIDE, ...(major === 7 && AGENTS) };
  return { name: `compare-openai-${major}-sdk-${line}`, openai, line, packages };
}

export const QUICK_LANES: readonly ProgramLane[] = [lane(7, 3)];
export const COMPARE_LANES: readonly ProgramLane[] = [...QUICK_LANES, lane(7, 2), lane(4, 3), lane(4, 2)];
export const FULL_LANES: readonly ProgramLane[] = [
  ...COMPARE_LANES,
  ...([5, 6] as const).flatMap((major) => [lane(major, 3), lane(major, 2)]),
];

/** One version of the package in a lane: a folder with the programs, and the package in its `node_modules`. */
export interface InstalledVersion {
  readonly directory: string;
}

export type Both<Item> = readonly [reference: Item, candidate: Item];

/** What programs are made of; what they import of `src/` is the package's by name there. */
const PROGRAMS = [
  'test/agents-sdk',
  'test/canary',
  'test/compare',
  'test/fixtures',
  'test/hierarchy/realtime',
  'test/support',
  'test/transparency',
];

/** Installs what a lane needs, once, and puts both versions of the package beside each other. */
export async function prepareLane(
  lane: ProgramLane,
  [reference, candidate]: Both<Tarball>,
): Promise<Both<InstalledVersion>> {
  await install(lane);
  const versions = [await extract(lane, reference), await extract(lane, candidate)] as const;
  await removeOld(join(laneDirectory(lane.name), 'versions'));
  return versions;
}

/** Milliseconds after which nobody compares with a version any more. */
const OLD_MS = 86_400_000;

async function removeOld(versions: string): Promise<void> {
  for (const name of await readdir(versions)) {
    const { mtimeMs } = await stat(join(versions, name));
    if (mtimeMs < Date.now() - OLD_MS) await rm(join(versions, name), { recursive: true, force: true });
  }
}

async function install({ name, packages }: ProgramLane): Promise<void> {
  const directory = laneDirectory(name);
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wanted = JSON.stringify({ ...packages, ...dependencies });
  const stamp = join(directory, 'stamp.json');
  if ((await readFile(stamp, 'utf8').catch(() => undefined)) === wanted) return;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), `${JSON.stringify({ name, private: true })}\n`);
  const named = Object.entries({ ...packages, ...dependencies }).map(
    ([dependency, version]) => `${dependency}@${version}`,
  );
  await mustRun('npm', ['i', ...named], { cwd: directory, timeout: 300_000 });
  await writeFile(stamp, wanted);
}

/** A folder is named by what is in it, and comes to be at once: two comparisons may run at the same time. */
async function extract({ name }: ProgramLane, tarball: Tarball): Promise<InstalledVersion> {
  const made = join(laneDirectory(name), `making-${process.pid}`);
  await rm(made, { recursive: true, force: true });
  const target = join(made, 'node_modules', PACKAGE_NAME);
  await mkdir(target, { recursive: true });
  await mustRun('tar', ['-xzf', tarball.path, '-C', target, '--strip-components=1'], { cwd: made });
  const sources = await copyPrograms(made);
  const directory = join(laneDirectory(name), 'versions', sha256(`${tarball.hash} ${sources}`).slice(0, 16));
  await mkdir(join(laneDirectory(name), 'versions'), { recursive: true });
  await rename(made, directory).catch(() => rm(made, { recursive: true, force: true }));
  const now = new Date();
  await utimes(directory, now, now);
  return { directory };
}

/** @returns the hash of all that was copied */
async function copyPrograms(target: string): Promise<string> {
  await writeFile(join(target, 'package.json'), '{ "type": "module" }\n');
  const hashes: string[] = [];
  for (const folder of PROGRAMS) {
    const filter = (source: string): boolean => !/\/node_modules$|\.test\.ts$|\.tgz$/.test(source);
    await cp(join(ROOT, folder), join(target, folder), { recursive: true, filter });
    const files = await readdir(join(target, folder), { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const path = join(file.parentPath, file.name);
      const text = await readFile(path, 'utf8');
      hashes.push(sha256(`${path.slice(target.length)} ${text}`));
      if (path.endsWith('.ts')) await writeFile(path, withPackageName(text));
    }
  }
  await writeProgramList(join(target, 'test/transparency'));
  return sha256(hashes.sort().join());
}
