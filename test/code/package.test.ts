import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** What `npm publish` would send, of the build that is there. */
async function pack(): Promise<readonly PackedFile[]> {
  const json = await mustRun('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const parsed = JSON.parse(json) as readonly unknown[] | Record<string, unknown>;
  // npm 11 gives a list of packages; npm 12 keys them by name.
  const [packed] = Object.values(parsed) as { readonly files: readonly PackedFile[] }[];
  return packed?.files ?? [];
}

const MANIFEST = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly main: string;
  readonly module: string;
  readonly types: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

test('the published package contains the build and its documents, and no sources, tests or maps', async () => {
  const files = (await pack()).map(({ path }) => path);
  expect(
    files.filter((path) => !path.startsWith('dist/') && !/^docs\/[\w-]+\.md$/.test(path)).toSorted(),
  ).toEqual(['LICENSE', 'NOTICE', 'README.md', 'package.json']);
  expect(
    files.filter((path) => path.startsWith('dist/') && !/^dist\/[\w-]+\.(d\.)?[cm](js|ts)$/.test(path)),
  ).toEqual([]);
  // Nothing points at a map that is not there.
  for (const path of files.filter((name) => name.startsWith('dist/')))
    expect(readFileSync(path, 'utf8')).not.toContain('sourceMappingURL');
});

test('every entry in the manifest is published', async () => {
  const files = new Set((await pack()).map(({ path }) => `./${path}`));
  const named = [MANIFEST.exports, MANIFEST.bin, MANIFEST.main, MANIFEST.module, MANIFEST.types].flatMap(
    pathsIn,
  );
  expect(named.length).toBeGreaterThan(14);
  expect(named.filter((path) => !files.has(path))).toEqual([]);
});

test('it has one dependency, and the lockfile has a hash for every package of the build', () => {
  expect(Object.keys(MANIFEST.dependencies)).toEqual(['require-in-the-middle']);
  for (const version of Object.values(MANIFEST.devDependencies))
    expect(version).toMatch(/^\d+\.\d+\.\d+$|^\^24$/);
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  const locked = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
  expect(locked.length).toBeGreaterThan(100);
  expect(
    locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path),
  ).toEqual([]);
});

test('NOTICE names what the build contains of other packages', () => {
  const notice = readFileSync('NOTICE', 'utf8');
  const sources = globSync('src/**/*.{ts,tsx}').map((file) => readFileSync(file, 'utf8'));
  const imported = sources.flatMap((source) =>
    [...source.matchAll(/^(?:import|export) (?!type )[^;]*? from '((?:@[\w-]+\/)?[\w.-]+)[^']*'/gm)].map(
      ([, name = '']) => name,
    ),
  );
  const { dependencies, devDependencies, peerDependencies } = MANIFEST;
  const bundled = Object.keys(devDependencies).filter(
    (name) =>
      name !== 'node' && imported.includes(name) && !(name in dependencies) && !(name in peerDependencies),
  );
  expect(bundled).toEqual(expect.arrayContaining(['js-tokens', 'preact', 'protobufjs', 'shell-quote']));
  expect(bundled.filter((name) => !notice.replaceAll('.', '').includes(name))).toEqual([]);
});

test('no install script runs for users', () => {
  expect(Object.keys(MANIFEST.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual(
    [],
  );
});

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}
