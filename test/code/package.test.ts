import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

/** The paths of what `npm publish` would send, of the build that is there. */
async function pack(): Promise<readonly string[]> {
  const json = await mustRun('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const parsed = JSON.parse(json) as readonly unknown[] | Record<string, unknown>;
  // npm 11 gives a list of packages; npm 12 keys them by name.
  const [packed] = Object.values(parsed) as { readonly files: readonly { readonly path: string }[] }[];
  return (packed?.files ?? []).map(({ path }) => path);
}

interface LockedPackage {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages: LOCKED } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

const VIEWER = JSON.parse(readFileSync('viewer/package.json', 'utf8')) as {
  readonly name: string;
  readonly private: boolean;
  readonly devDependencies: Readonly<Record<string, string>>;
};

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

test('the published package contains the build, each entry and the documents, and no sources, tests or maps', async () => {
  const files = await pack();
  const built = files.filter((path) => path.startsWith('dist/'));
  const others = files.filter((path) => !built.includes(path) && !/^docs\/[\w-]+\.md$/.test(path));
  expect(others.toSorted()).toEqual(
    [
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'SECURITY.md',
      'package.json',
      ...globSync('ops/**/*.{json,md,yaml}'),
    ].sort(),
  );
  expect(built.filter((path) => !/^dist\/[\w-]+\.(d\.)?[cm](js|ts)$/.test(path))).toEqual([]);
  // Nothing points at a map that is not there.
  for (const path of built) expect(readFileSync(path, 'utf8')).not.toContain('sourceMappingURL');
  const { exports, bin, main, module, types } = MANIFEST;
  const named = [exports, bin, main, module, types].flatMap(pathsIn);
  expect(named.length).toBeGreaterThan(14);
  expect(named.filter((path) => !files.includes(path.replace('./', '')))).toEqual([]);
});

test('it has one dependency, and the lockfile has a hash for every package of the build', () => {
  expect(Object.keys(MANIFEST.dependencies)).toEqual(['require-in-the-middle']);
  for (const version of [MANIFEST, VIEWER].flatMap(({ devDependencies }) => Object.values(devDependencies)))
    expect(version).toMatch(/^\d+\.\d+\.\d+$|^\^24$/);
  const locked = Object.entries(LOCKED).filter(
    ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
  );
  expect(locked.length).toBeGreaterThan(100);
  expect(
    locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path),
  ).toEqual([]);
});

/** The entry that a package would load a dependency from: its own, or that of the nearest folder above it. */
function resolve(from: string, name: string): LockedPackage | undefined {
  const found = LOCKED[`${from === '' ? '' : `${from}/`}node_modules/${name}`];
  if (found !== undefined || from === '') return found;
  return resolve(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

// Without one of them, `npm ci` refuses to install at all, on every platform.
test('the lockfile contains the optional packages of every platform', () => {
  const optional = Object.entries(LOCKED).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => [path, name] as const),
  );
  expect(optional.length).toBeGreaterThan(30);
  expect(optional.filter(([path, name]) => resolve(path, name) === undefined)).toEqual([]);
});

test('NOTICE names what the build contains of other packages', () => {
  const notice = readFileSync('NOTICE', 'utf8');
  const sources = globSync(['src/**/*.{ts,tsx}', 'viewer/src/**/*.{ts,tsx}']).map((file) =>
    readFileSync(file, 'utf8'),
  );
  const imported = sources.flatMap((source) =>
    [...source.matchAll(/^(?:import|export) (?!type )[^;]*? from '((?:@[\w-]+\/)?[\w.-]+)[^']*'/gm)].map(
      ([, name = '']) => name,
    ),
  );
  const { dependencies, peerDependencies } = MANIFEST;
  const installed = [MANIFEST, VIEWER].flatMap(({ devDependencies }) => Object.keys(devDependencies));
  const others = ['node', VIEWER.name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  const bundled = [...new Set(installed)].filter((name) => imported.includes(name) && !others.includes(name));
  expect(bundled).toEqual(expect.arrayContaining(['js-tokens', 'preact', 'protobufjs', 'shell-quote']));
  expect(bundled.filter((name) => !notice.replaceAll('.', '').includes(name))).toEqual([]);
});

test('the viewer is part of the build, and no package of its own', () => {
  expect(VIEWER.private).toBe(true);
  const built = globSync('dist/*').filter((path) => readFileSync(path, 'utf8').includes(VIEWER.name));
  expect(built).toEqual([]);
});

test('what is packed or published is built first, with the version that it gets', () => {
  expect(MANIFEST.scripts.prepack).toMatch(/npm run --silent build$/);
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
