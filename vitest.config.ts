import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config';
import type { VitestPluginContext } from 'vitest/node';
import { otlpMessages } from './scripts/otlp/messages.ts';
import { pageAssets } from './scripts/page/assets.ts';
import { shareCompiledCode } from './test/support/compile-cache.ts';
import { removeShellSettings } from './test/support/environment.ts';
import { RunOrder } from './test/support/run-order.ts';

removeShellSettings();
shareCompiledCode();

/** Tests that run programs as users have them: in lanes, clean projects with the packed package in them. */
const LANES = [
  'test/compare/quick.test.ts',
  'test/docs/first-trace.test.ts',
  'test/lanes/other-packages.test.ts',
  'test/docs/set-up.test.ts',
  'test/entries/*.test.ts',
  'test/examples/next.test.ts',
  'test/lanes/**/*.test.ts',
  'test/loading/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/transparency/transparency.test.ts',
  'test/types/**/*.test.ts',
];

/** Tests whose time goes into the programs that they start from the sources. */
const PROCESSES = [
  'test/agents-sdk/zero-code.test.ts',
  'test/bench/by-hand.test.ts',
  'test/budget/**/*.test.ts',
  'test/sdk/{future,seam-lost}.test.ts',
  'test/sdk/loading/{missed-calls,module-hooks}.test.ts',
  'test/hierarchy/{processes,replicas,scripted-processes}.test.ts',
  'test/docs/{api-reference,code-blocks,coming-from,no-spans}.test.ts',
  'test/doctor/{command,provider,program}.test.ts',
  'test/entries/units/{lost-spans,register,register-end,register-outside}.test.ts',
  'test/examples/{examples,math-tutor}.test.ts',
  'test/viewer/view-command.test.ts',
  'test/pipeline/hook-memory.test.ts',
  'test/scale/**/*.test.ts',
  'test/support/processes/**/*.test.ts',
  'test/support/simulator/frames.test.ts',
  'test/telemetry/without-spans.test.ts',
  'test/threats/{search-path,shared-symbols}.test.ts',
  'test/helpers/{decorator,garbage-collected-results}.test.ts',
  'test/weight/**/*.test.ts',
];

/** Tests of parts that leave nothing behind: their files share a process, which loads what they need once. */
const SHARED = [
  'test/config/*.test.ts',
  'test/doctor/{collector,imports,project,start,start-scripts}.test.ts',
  'test/hierarchy/invocations/{life,steps}.test.ts',
  'test/hierarchy/tool-calls/{last-messages,pending-tool-calls}.test.ts',
  'test/operations/**/*.test.ts',
  'test/register/*.test.ts',
  'test/sdk/{error-class-names,find-client,open-calls,private-slot,provider,stream,transparent-proxy}.test.ts',
  'test/sdk/routes/*.test.ts',
  'test/semconv/*.test.ts',
  'test/support/conventions/*.test.ts',
  'test/telemetry/content/{content-writer,kept,limited-json,messages,messages-of-each-api,request-body}.test.ts',
  'test/telemetry/{cost,masking,outcomes}/*.test.ts',
  'test/testing/*.test.ts',
  'test/util/{bounded-map,linked-context,microseconds,patch-method,payload}.test.ts',
  'test/viewer/{duration,otlp-json,summary-view,totals,trace-filter,trace-store,transcript,tree,tree-view}.test.ts',
  'test/viewer/page/*.test.ts',
];

const BROWSER = [
  'test/viewer/page-access.test.ts',
  'test/viewer/page-content.test.ts',
  'test/viewer/page-list.test.ts',
  'test/viewer/page-timeline.test.ts',
  'test/viewer/page-touch.test.ts',
  'test/viewer/page-voice.test.ts',
  'test/viewer/page.test.ts',
  'test/viewer/live/live-view.test.ts',
  'test/threats/trace-page.test.ts',
];
const HEAP = ['test/hierarchy/heap.test.ts', 'test/threats/long-streams.test.ts'];
const PLACE = ['test/place/**/*.test.ts'];
const SOAK = ['test/soak/**/*.test.ts'];

/** The page is built from other files than the one that Vitest would look at to tell whether it is still the same. */
function neverKeepPage({ defineCacheKeyGenerator }: VitestPluginContext): void {
  defineCacheKeyGenerator(({ id }) => (id.endsWith('/page-assets.ts') ? false : undefined));
}

function project(
  name: string,
  include: readonly string[],
  test: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration {
  return {
    plugins: [{ ...pageAssets(), configureVitest: neverKeepPage }, otlpMessages()],
    test: { name, include: [...include], hookTimeout: 180_000, ...test },
  };
}

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    // Tests wait for processes as often as they compute: as many workers as cores leave some of them idle.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: RunOrder },
    projects: [
      project('units', ['test/**/*.test.ts'], {
        exclude: [...BROWSER, ...HEAP, ...LANES, ...PLACE, ...PROCESSES, ...SHARED, ...SOAK],
        testTimeout: 120_000,
      }),
      project('shared', SHARED, { isolate: false, testTimeout: 120_000 }),
      project('processes', PROCESSES, { testTimeout: 180_000 }),
      project('browser', BROWSER, { testTimeout: 120_000 }),
      project('lanes', LANES, {
        globalSetup: ['./test/support/lanes/prepare.ts'],
        setupFiles: ['./test/support/lanes/wait.ts'],
        testTimeout: 180_000,
      }),
      project('heap', HEAP, { testTimeout: 600_000 }),
      project('place', PLACE, { testTimeout: 1_200_000 }),
      project('soak', SOAK, { testTimeout: 900_000 }),
    ],
  },
});

export default config;
