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

/** Tests whose time goes into the programs that they start. */
const PROCESSES = [
  'test/agents-sdk/zero-code.test.ts',
  'test/budget/**/*.test.ts',
  'test/sdk/{future,seam-lost}.test.ts',
  'test/sdk/loading/{missed-calls,module-hooks}.test.ts',
  'test/hierarchy/scripted-processes.test.ts',
  'test/docs/{api-reference,code-blocks,coming-from,no-spans}.test.ts',
  'test/layers.test.ts',
  'test/doctor/command.test.ts',
  'test/entries/units/{bare-runtime,environment,exit-delivery,idle-preload,lost-spans,register,register-outside}.test.ts',
  'test/examples/{examples,math-tutor}.test.ts',
  'viewer/test/view-command.test.ts',
  'test/pipeline/{hook-memory,missing-provider}.test.ts',
  'test/scale/**/*.test.ts',
  'test/support/simulator/frames.test.ts',
  'test/telemetry/without-spans.test.ts',
  'test/threats/{search-path,shared-symbols}.test.ts',
  'test/helpers/{decorator,garbage-collected-results}.test.ts',
  'test/weight/**/*.test.ts',
];

/**
 * Tests that leave nothing behind: their files share a process, which loads what they need once. Those that instrument a
 * class, reset modules, or count warnings, which are logged once in a process, do not belong here.
 */
const SHARED = [
  'test/bench/bench.test.ts',
  'test/compare/differences.test.ts',
  'test/config/{config,options,unknown-names}.test.ts',
  'test/docs/{contributing,references,reliability}.test.ts',
  'test/doctor/{collector,imports,project,start-check,start-scripts}.test.ts',
  'test/e2e/*.test.ts',
  'test/examples/{collector,dashboard,migration}.test.ts',
  'test/export/viewing.test.ts',
  'test/faults/receivers.test.ts',
  'test/fuzz/{client,reading}.test.ts',
  'test/helpers/{content,conversation-id-generator,prompt}.test.ts',
  'test/hierarchy/assistants/*.test.ts',
  'test/hierarchy/conversations/conversation.test.ts',
  'test/hierarchy/invocations/{state-machine,steps}.test.ts',
  'test/hierarchy/realtime/{answered,endings,memory,response-defaults,session-usage}.test.ts',
  'test/hierarchy/tool-calls/*.test.ts',
  'test/hierarchy/{across-processes,across-traces,agents,assistant-details,bounds}.test.ts',
  'test/hierarchy/{cut-streams,hand-written-loops}.test.ts',
  'test/hierarchy/{late-reads,open-streams,polled-turns,replay,run-details}.test.ts',
  'test/hierarchy/{runs,scripted,set-clock,store,times,tool-outcomes,unpriced}.test.ts',
  'test/mutation/mutants.test.ts',
  'test/operations/**/*.test.ts',
  'test/pipeline/call-hooks/example.test.ts',
  'test/pipeline/default-observers.test.ts',
  'test/register/*.test.ts',
  'test/sdk/loading/hooked-files.test.ts',
  'test/sdk/routes/*.test.ts',
  'test/sdk/sockets/socket-responses.test.ts',
  'test/sdk/tool-runners/{own-objects,responses-loops,run-tools}.test.ts',
  'test/sdk/{call,error-class-names,find-client,guards,provider,replaced-methods}.test.ts',
  'test/sdk/{retries,seam-callers,seam-context,seam-errors,seam-results,stream-reading}.test.ts',
  'test/sdk/{unclaimed,webhooks}.test.ts',
  'test/semconv/*.test.ts',
  'test/support/conventions/*.test.ts',
  'test/support/simulator/streamed-runs.test.ts',
  'test/telemetry/content/unfinished-answers.test.ts',
  'test/telemetry/content/{changed-settings,content-writer,deep-schemas,example,kept-content}.test.ts',
  'test/telemetry/content/{media,messages,messages-of-each-api,modes,request-body}.test.ts',
  'test/telemetry/cost/{billed-amounts,list-prices,recorded,reported-cost,usage}.test.ts',
  'test/telemetry/events/{cost-record,documentation,events}.test.ts',
  'test/telemetry/masking/*.test.ts',
  'test/telemetry/metrics/metrics.test.ts',
  'test/telemetry/outcomes/*.test.ts',
  'test/telemetry/program-end/{provider-life,timeouts}.test.ts',
  'test/telemetry/{call-attributes,every-token-once,metadata,rate-limits,record,span-end,stream-deltas}.test.ts',
  'test/testing/*.test.ts',
  'test/threats/{error-codes,floods,invocation-ids,live-page,long-texts,oversized-prompts,own-keys}.test.ts',
  'test/threats/{tool-call-ids,unknown-tool-calls}.test.ts',
  'test/transparency/compare.test.ts',
  'test/util/{bounded-map,clock,open-traces,optional-packages,otel-api}.test.ts',
  'test/util/{patch-method,payload,task-queue,version}.test.ts',
  'viewer/test/live/{kept-traces,receiver}.test.ts',
  'viewer/test/page/*.test.ts',
  'viewer/test/{call-totals,duration,export-calls,linked-calls,otlp-json,span-texts,summary-view,trace-filter}.test.ts',
  'viewer/test/{trace-store,transcript,tree,tree-view}.test.ts',
  'test/watch-compatibility/*.test.ts',
];

const BROWSER = [
  'viewer/test/page-access.test.ts',
  'viewer/test/page-content.test.ts',
  'viewer/test/page-conversation.test.ts',
  'viewer/test/page-keys.test.ts',
  'viewer/test/page-list.test.ts',
  'viewer/test/page-saved.test.ts',
  'viewer/test/page-timeline.test.ts',
  'viewer/test/page-touch.test.ts',
  'viewer/test/page.test.ts',
  'viewer/test/live/live-view.test.ts',
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
      project('units', ['test/**/*.test.ts', 'viewer/test/**/*.test.ts'], {
        exclude: [...BROWSER, ...HEAP, ...LANES, ...PLACE, ...PROCESSES, ...SHARED, ...SOAK],
        testTimeout: 120_000,
      }),
      project('shared', SHARED, { isolate: false, testTimeout: 120_000 }),
      project('processes', PROCESSES, {
        globalSetup: ['./test/support/bundled-packages.ts'],
        testTimeout: 180_000,
      }),
      project('browser', BROWSER, { testTimeout: 120_000 }),
      project('lanes', LANES, {
        globalSetup: ['./test/support/lanes/prepare.ts'],
        setupFiles: ['./test/support/lanes/wait.ts'],
        isolate: false,
        testTimeout: 600_000,
      }),
      project('heap', HEAP, { testTimeout: 600_000 }),
      project('place', PLACE, { testTimeout: 1_200_000 }),
      project('soak', SOAK, { testTimeout: 900_000 }),
    ],
  },
});

export default config;
