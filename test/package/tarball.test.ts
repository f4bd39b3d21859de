import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { run } from '../support/lanes/command.ts';
import { laneDirectory, PACKAGE_NAME, ROOT } from '../support/lanes/paths.ts';

/** The package as it was packed and installed in one of the lanes. */
const INSTALLED = join(laneDirectory('clean-sdk-3-bare'), 'node_modules', PACKAGE_NAME);

const tarball = inject('tarball');
let files: readonly string[];
let manifest: Record<string, unknown>;
beforeAll(async () => {
  const entries = await readdir(INSTALLED, { recursive: true, withFileTypes: true });
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(INSTALLED.length + 1))
    .sort();
  manifest = JSON.parse(await readFile(join(INSTALLED, 'package.json'), 'utf8'));
});

test('publint has no findings', async () => {
  const { code, stdout, stderr } = await run('publint', ['run', '--strict', tarball], { cwd: ROOT });
  expect(code, stdout + stderr).toBe(0);
});

test('every entry has correct types for CommonJS and ES modules, with each moduleResolution', async () => {
  const { code, stdout, stderr } = await run('attw', [tarball, '--profile', 'strict', '--no-emoji'], {
    cwd: ROOT,
  });
  expect(code, stdout + stderr).toBe(0);
});

test('it contains only the build, its documents, and files for operations', () => {
  expect(files.filter((file) => !file.startsWith('dist/') && !/^docs\/[\w-]+\.md$/.test(file))).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'NOTICE',
    'README.md',
    'SECURITY.md',
    'ops/README.md',
    'ops/collector/balancer.yaml',
    'ops/collector/mixed-fleet.yaml',
    'ops/collector/sampler.yaml',
    'ops/collector/waiting-runs.yaml',
    'ops/grafana/openai.json',
    'ops/prometheus/prometheus.yaml',
    'ops/prometheus/rules.yaml',
    'ops/tempo/tempo-2.yaml',
    'ops/tempo/tempo.yaml',
    'package.json',
  ]);
  expect(
    files.filter((file) => !/^dist\/[\w-]+\.(d\.)?[cm](js|ts)$/.test(file) && file.startsWith('dist/')),
  ).toEqual([]);
});

test('its version is the one on spans', () => {
  expect(manifest.version).toBe(VERSION);
});

test('it depends on require-in-the-middle, and has only the OpenTelemetry API as a required peer', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest as Record<string, object>;
  expect(Object.keys(dependencies ?? {})).toEqual(['require-in-the-middle']);
  const optional = Object.keys(peerDependenciesMeta ?? {});
  expect(Object.keys(peerDependencies ?? {}).filter((name) => !optional.includes(name))).toEqual([
    '@opentelemetry/api',
  ]);
});

test('none of its optional peers asks for a version of the OpenTelemetry API', () => {
  // npm obeys the peers of optional peers too: with `@opentelemetry/sdk-node` here, it refuses to install beside the
  // other major version of the SDK, although nobody asked for that package.
  expect(Object.keys(manifest.peerDependenciesMeta as object)).toEqual([
    '@openai/agents',
    '@opentelemetry/api-logs',
    '@pydantic/genai-prices',
    'openai',
  ]);
});

test.each(['agents', 'client', 'export', 'testing'])(
  '…/%s imports nothing but the OpenTelemetry API',
  async (entry) => {
    for (const extension of ['mjs', 'cjs']) {
      const imported = await importsOf(join(INSTALLED, 'dist', `${entry}.${extension}`));
      expect([...imported].filter((name) => name !== '@opentelemetry/api')).toEqual([]);
    }
  },
);

test('its types refer to no other package than the OpenTelemetry API', async () => {
  for (const file of files.filter((name) => /\.d\.[cm]ts$/.test(name))) {
    const text = await readFile(join(INSTALLED, file), 'utf8');
    const named = specifiersIn(text).filter((name) => !name.startsWith('.'));
    // The drop-in has the types of what it represents.
    const allowed = /^dist\/openai\./.test(file) ? ['@opentelemetry/api', 'openai'] : ['@opentelemetry/api'];
    expect(
      named.filter((name) => !allowed.includes(name)),
      file,
    ).toEqual([]);
  }
});

/** Packages that a built file imports, itself or by files it imports. */
async function importsOf(file: string, seen: Set<string> = new Set()): Promise<Set<string>> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const specifier of specifiersIn(await readFile(file, 'utf8'))) {
    if (!specifier.startsWith('.')) packages.add(specifier);
    else for (const name of await importsOf(join(file, '..', specifier), seen)) packages.add(name);
  }
  return packages;
}

/** What a built file imports when it is loaded; what it imports later, when that is asked for, does not count. */
function specifiersIn(text: string): string[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replace(/\.then\(\(\)\s*=>\s*require\([^)]*\)\)/g, '');
  return [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["']([^"']+)["']/g)].map(
    ([, specifier = '']) => specifier,
  );
}
