import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { mergeConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config';
import config from '../../vitest.config.ts';
import { listMutants, withSwitches } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROJECTS = new Set(['units', 'shared']);

/** The id of the first mutant of each file. */
const firsts = new Map(
  listMutants(ROOT)
    .map(({ file, id }) => [file, id] as const)
    .reverse(),
);

/** Puts all mutants into the sources that tests load. */
const mutation = {
  name: 'mutation',
  enforce: 'pre',
  transform(_: string, id: string): string | undefined {
    const path = relative(ROOT, id.split('?')[0] ?? '')
      .split(sep)
      .join('/');
    const first = firsts.get(path);
    return first === undefined ? undefined : withSwitches(readFileSync(join(ROOT, path), 'utf8'), first);
  },
} as const;

const projects = (config.test?.projects ?? []) as TestProjectInlineConfiguration[];
const runner = join(import.meta.dirname, 'runner.ts');

const mutationConfig: ViteUserConfig = {
  ...config,
  root: ROOT,
  test: {
    ...config.test,
    reporters: ['default'],
    projects: projects
      .filter(({ test }) => PROJECTS.has(String(test?.name)))
      .map((project) => mergeConfig(project, { root: ROOT, plugins: [mutation], test: { runner } })),
  },
};

export default mutationConfig;
