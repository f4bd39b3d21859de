import { defineConfig, type ViteUserConfig } from 'vitest/config';
import type { VitestPluginContext } from 'vitest/node';
import { pageAssets } from './scripts/page/assets.ts';

/** Tests that run programs in lanes: clean projects with the packed package in them. */
const LANE_TESTS = [
  'test/docs/first-trace.test.ts',
  'test/double/packages.test.ts',
  'test/entries/*.test.ts',
  'test/examples/next.test.ts',
  'test/lanes/**/*.test.ts',
  'test/loading/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/transparency/transparency.test.ts',
  'test/types/**/*.test.ts',
];

/** The page is built from other files than the one that Vitest would look at to tell whether it is still the same. */
function neverKeepPage({ defineCacheKeyGenerator }: VitestPluginContext): void {
  defineCacheKeyGenerator(({ id }) => (id.endsWith('/page-assets.ts') ? false : undefined));
}

/** Long runs that count what is left: alone, so that nothing else takes their time. */
const SOAK_TESTS = ['test/soak/**/*.test.ts'];

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        plugins: [{ ...pageAssets(), configureVitest: neverKeepPage }],
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: [...LANE_TESTS, ...SOAK_TESTS],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'lanes',
          include: LANE_TESTS,
          globalSetup: ['./test/support/lanes/prepare.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'soak',
          include: SOAK_TESTS,
          testTimeout: 900_000,
        },
      },
    ],
  },
});

export default config;
