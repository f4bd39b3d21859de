import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { pageAssets } from './scripts/page/assets.ts';

/** Tests that run programs in lanes: clean projects with the packed package in them. */
const LANE_TESTS = [
  'test/docs/first-trace.test.ts',
  'test/double/packages.test.ts',
  'test/entries/*.test.ts',
  'test/lanes/**/*.test.ts',
  'test/loading/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/transparency/transparency.test.ts',
  'test/types/**/*.test.ts',
];

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        plugins: [pageAssets()],
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: LANE_TESTS,
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
    ],
  },
});

export default config;
