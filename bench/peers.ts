import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../test/support/lanes/command.ts';
import { ROOT } from '../test/support/lanes/paths.ts';
import { packPackage } from '../test/support/lanes/tarball.ts';
import type { Placed } from './measures/rounds.ts';
import { BARE, CONTROL, NONE, PEERS, SAME_BY_HAND, THIS, UNMETERED, type Variant } from './variants/index.ts';

/** Each peer is installed in a separate folder outside of the project, because the peers' dependencies conflict. */
const FOLDER = join(ROOT, '.bench');

/** The newest version that most peers support. */
const OPENAI = 'openai@6.49.0';
/** All programs use the same SDK. Otherwise, they would not be comparable. */
const OPEN_TELEMETRY = [
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/context-async-hooks@3.1.1',
  '@opentelemetry/otlp-transformer@0.301.0',
  '@opentelemetry/sdk-logs@3.1.0',
  '@opentelemetry/sdk-metrics@3.1.1',
  '@opentelemetry/sdk-trace@3.1.1',
];

/** The variants that were installed, and the reasons why others could not be. */
export interface Installed {
  readonly placed: readonly Placed[];
  readonly missing: ReadonlyMap<string, string>;
}

/** Installs the package as it is now, the variants of this project, and each peer. */
export async function installPeers(): Promise<Installed> {
  const base = await install('base', [(await packPackage()).path]);
  const here = [NONE, CONTROL, BARE, SAME_BY_HAND, THIS, UNMETERED];
  const placed: Placed[] = here.map((variant) => ({ variant, folder: base }));
  const missing = new Map<string, string>();
  for (const variant of PEERS) {
    try {
      placed.push({ variant, folder: await installPeer(variant) });
    } catch (error) {
      missing.set(variant.name, firstLines(error));
    }
  }
  return { placed, missing };
}

async function installPeer({ name, packages = [] }: Variant): Promise<string> {
  return await install(name.replaceAll(/\W+/g, '-'), packages);
}

/** Installs packages, unless they are installed already. Packages that are files are always installed anew. */
async function install(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(FOLDER, name);
  const wanted = JSON.stringify([OPENAI, ...OPEN_TELEMETRY, ...packages]);
  const stamp = join(folder, 'installed.json');
  const files = packages.filter((path) => path.endsWith('.tgz'));
  if (files.length === 0 && (await readFile(stamp, 'utf8').catch(() => '')) === wanted) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  // Peers also run with versions that their peer dependencies do not name.
  const parameters = ['install', '--legacy-peer-deps', OPENAI, ...OPEN_TELEMETRY, ...packages];
  await mustRun('npm', parameters, { cwd: folder, timeout: 300_000 });
  await writeFile(stamp, wanted);
  return folder;
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').slice(0, 3).join(' ');
}
