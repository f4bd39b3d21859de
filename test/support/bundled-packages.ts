import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import type { TestProject } from 'vitest/node';
import { BUNDLED_PACKAGES, LANES_DIRECTORY, ROOT } from './lanes/paths.ts';
import { buildPackage, buildPackageAgain } from './lanes/tarball.ts';

/** `NodeSDK`, and what is looked for beside it. */
const PACKAGES = ['sdk-node', 'sdk-trace', 'exporter-trace-otlp-http', 'exporter-trace-otlp-proto'].map(
  (name) => `@opentelemetry/${name}`,
);

/** Makes what programs of tests load, of the sources and of the packages that are installed. */
export default async function preparePackages(project: TestProject): Promise<void> {
  await buildPackage();
  project.onTestsRerun(buildPackageAgain);
  await mkdir(LANES_DIRECTORY, { recursive: true });
  const made = await mkdtemp(join(LANES_DIRECTORY, 'bundled-'));
  const bundle = await rolldown({
    input: Object.fromEntries(PACKAGES.map((name) => [name, name])),
    cwd: ROOT,
    platform: 'node',
    external: ['@opentelemetry/api', 'import-in-the-middle', 'require-in-the-middle'],
    logLevel: 'silent',
  });
  await bundle.write({ dir: made, format: 'cjs', entryFileNames: '[name]/index.cjs' });
  await bundle.close();
  for (const name of PACKAGES) {
    const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
    const main = { name, version, main: './index.cjs' };
    await writeFile(join(made, name, 'package.json'), JSON.stringify(main));
  }
  await rm(BUNDLED_PACKAGES, { recursive: true, force: true });
  await mkdir(dirname(BUNDLED_PACKAGES), { recursive: true });
  await rename(made, BUNDLED_PACKAGES);
}
