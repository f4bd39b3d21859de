import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { laneDirectory } from '../support/lanes/paths.ts';
import { bundleWorker } from '../support/workerd.ts';

const HERE: string = import.meta.dirname;

/** Where the programs stand in a lane, so that they find their packages there. */
export function sourcesIn(lane: string): string {
  return join(laneDirectory(lane), 'transparency');
}

/**
 * Puts programs into a lane: as ES modules, and as CommonJS that was made of them.
 *
 * @param programs the folder that they are in
 */
export async function writeSources(lane: string, programs = 'programs'): Promise<void> {
  const target = sourcesIn(lane);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await cp(join(HERE, 'runtime'), join(target, 'runtime'), { recursive: true });
  await cp(join(HERE, programs), join(target, 'programs'), { recursive: true });
  await writeProgramList(target, programs);
  const entries = ['main', 'hook-2', 'hook-3'].map((name) => [name, join(target, 'runtime', `${name}.mjs`)]);
  const bundle = await rolldown({ input: Object.fromEntries(entries), external: /^[^./]/, platform: 'node' });
  await bundle.write({
    dir: join(target, 'cjs'),
    format: 'cjs',
    // A CommonJS program requires what it needs.
    dynamicImportInCjs: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
  });
}

/** A Worker is one file with everything in it, `openai` and this package too. */
export function writeWorker(lane: string): Promise<void> {
  const target = sourcesIn(lane);
  return bundleWorker(join(target, 'runtime', 'workerd.mjs'), join(target, 'worker'));
}

/** Puts the programs of all files together for `runtime/main.mjs`. */
export async function writeProgramList(target: string, programs = 'programs'): Promise<void> {
  const files = (await readdir(join(HERE, programs))).sort();
  const imports = files.map((file, index) => `import group${index} from '../programs/${file}';\n`);
  const groups = files.map((_, index) => `...group${index}`).join(', ');
  const list = `${imports.join('')}\nexport const programs = { ${groups} };\n`;
  await writeFile(join(target, 'runtime', 'programs.mjs'), list);
}
