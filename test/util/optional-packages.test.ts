import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { type CreateRequire, findPackage } from '../../src/util/optional-packages.ts';

afterEach(() => void vi.unstubAllGlobals());

/** Bun, which installs what it resolves and cannot find. */
function stubBun(): { createRequire: CreateRequire; installed: string[] } {
  const versions = { ...process.versions, bun: '1.4.4' };
  vi.stubGlobal('process', Object.create(process, { versions: { value: versions } }));
  const installed: string[] = [];
  const bun: CreateRequire = (from) => {
    const require = createRequire(from);
    const resolve = (name: string): string => {
      try {
        return require.resolve(name);
      } catch {
        installed.push(name);
        return name;
      }
    };
    return Object.assign((name: string) => require(name), {
      ...require,
      resolve: Object.assign(resolve, { paths: require.resolve.paths }),
    });
  };
  return { createRequire: bun, installed };
}

test('Bun finds a package that is installed', () => {
  const { createRequire, installed } = stubBun();
  expect(findPackage('@pydantic/genai-prices', createRequire)).toBeTypeOf('function');
  expect(installed).toEqual([]);
});

test('Bun does not install a package that is absent', () => {
  const { createRequire, installed } = stubBun();
  expect(findPackage('@example/absent', createRequire)).toBeUndefined();
  expect(installed).toEqual([]);
});
