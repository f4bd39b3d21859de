import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import config from '../../vitest.config.ts';

const PROJECTS = (config.test?.projects ?? []) as readonly TestProjectInlineConfiguration[];
const LISTS = PROJECTS.map(({ test: { name, include = [], exclude = [] } = {} }) => ({
  name: String(name),
  include,
  exclude,
}));

test.each(LISTS)('each pattern of the test project $name matches files', ({ include, exclude }) => {
  const patterns = [...include, ...exclude];
  expect(patterns.filter((pattern) => globSync(pattern).length === 0)).toEqual([]);
});

test('each test file belongs to one project', () => {
  const files = LISTS.flatMap(({ include, exclude }) => {
    const excluded = new Set(exclude.flatMap((pattern) => globSync(pattern)));
    const included = new Set(include.flatMap((pattern) => globSync(pattern)));
    return [...included.difference(excluded)];
  });
  expect(files.toSorted()).toEqual(globSync(['test/**/*.test.ts', 'viewer/test/**/*.test.ts']).toSorted());
});
