import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { BUNDLED_PACKAGES, ROOT } from './lanes/paths.ts';
import { buildPackage } from './lanes/tarball.ts';

/** `NodeSDK`, and what is looked for beside it. */
const PACKAGES = ['sdk-node', 'sdk-trace', 'exporter-trace-otlp-http', 'exporter-trace-otlp-proto'].map(
  (name) => `@opentelemetry/${name}`,
);

/** Makes what programs of tests load, of the sources and of the packages that are installed. */
export default async function preparePackages(): Promise<void> {
  await buildPackage();
  await rm(BUNDLED_PACKAGES, { recursive: true, force: true });
  const bundle = await rolldown({
    input: Object.fromEntries(PACKAGES.map((name) => [name, name])),
    cwd: ROOT,
    platform: 'node',
    external: ['@opentelemetry/api', 'import-in-the-middle', 'require-in-the-middle'],
    logLevel: 'silent',
  });
  await bundle.write({ dir: BUNDLED_PACKAGES, format: 'cjs', entryFileNames: '[name]/index.cjs' });
  await bundle.close();
  for (const name of PACKAGES) {
    const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
    const main = { name, version, main: './index.cjs' };
    await writeFile(join(BUNDLED_PACKAGES, name, 'package.json'), JSON.stringify(main));
  }
}
