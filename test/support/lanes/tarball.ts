import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { LANES_DIRECTORY, ROOT } from './paths.ts';

/** The package as it would be published. */
export interface Tarball {
  readonly path: string;
  readonly hash: string;
}

/** Several projects of Vitest need the package, and each loads this module anew. */
const built = globalThis as { packageIsBuilt?: Promise<string> };

/** Builds the package, once in a process. */
export async function buildPackage(): Promise<void> {
  built.packageIsBuilt ??= build();
  await built.packageIsBuilt;
}

/** Builds the package from the sources as they are now. */
export async function buildPackageAgain(): Promise<void> {
  built.packageIsBuilt = build();
  await built.packageIsBuilt;
}

function build(): Promise<string> {
  return mustRun('npm', ['run', '--silent', 'build'], { cwd: ROOT });
}

/** Builds the package and packs it. */
export async function packPackage(): Promise<Tarball> {
  await mkdir(LANES_DIRECTORY, { recursive: true });
  await buildPackage();
  const answer = await mustRun(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', LANES_DIRECTORY],
    {
      cwd: ROOT,
    },
  );
  const path = join(LANES_DIRECTORY, readFilename(answer));
  return { path, hash: sha256(await readFile(path)) };
}

/** npm 11 lists the packages it packed; npm 12 keys them by name. */
function readFilename(answer: string): string {
  const filename = /"filename":\s*"([^"]+\.tgz)"/.exec(answer)?.[1];
  if (filename === undefined) throw new Error(`npm pack names no file:\n${answer}`);
  return filename;
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
