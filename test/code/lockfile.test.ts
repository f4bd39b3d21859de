import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};

/** The entry that a package would load a dependency from: its own, or that of the nearest folder above it. */
function resolve(from: string, name: string): LockedPackage | undefined {
  const found = packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`];
  if (found !== undefined || from === '') return found;
  return resolve(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

// Without one of them, `npm ci` refuses to install at all, on every platform.
test('the lockfile contains the optional packages of every platform', () => {
  const optional = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => [path, name] as const),
  );
  expect(optional.length).toBeGreaterThan(30);
  expect(optional.filter(([path, name]) => resolve(path, name) === undefined)).toEqual([]);
});
