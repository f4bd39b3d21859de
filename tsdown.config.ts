import { defineConfig, type UserConfig } from 'tsdown';
import { callableModule } from './scripts/build/callable-module.ts';
import { esModules } from './scripts/build/es-modules.ts';
import { lazyFiles } from './scripts/build/lazy-files.ts';
import { mockableImport } from './scripts/build/mockable-import.ts';
import { plainBindings } from './scripts/build/plain-bindings.ts';
import { plainImports } from './scripts/build/plain-imports.ts';
import { sharedFiles } from './scripts/build/shared-files.ts';
import { otlpMessages } from './scripts/otlp/messages.ts';
import { pageAssets } from './scripts/page/assets.ts';

// The sources are ES modules, and so strict.
const SHARED_OUTPUT = { exports: 'named', strict: true, generatedCode: { symbols: false } } as const;

const SHARED: UserConfig = {
  platform: 'node',
  target: 'node20',
  dts: true,
  shims: false,
  // After an upgrade in place, an old file must not load a new one: the exports of each build have names of their own.
  hash: true,
  outputOptions: SHARED_OUTPUT,
  // Most of the time goes into building the page, as it should.
  inputOptions: { checks: { pluginTimings: false }, preserveEntrySignatures: 'allow-extension' },
  // Comments, white space and names of functions are more than half of the code. Classes keep theirs, which programs see.
  minify: {
    compress: { keepNames: { function: false, class: true } },
    mangle: { keepNames: { function: false, class: true } },
    codegen: { removeWhitespace: true },
  },
};

const ENTRIES = {
  agents: 'src/agents.ts',
  cli: 'src/cli.ts',
  index: 'src/index.ts',
  client: 'src/client.ts',
  export: 'src/export.ts',
  openai: 'src/openai.ts',
  register: 'src/register.ts',
};

/** Load nothing but themselves, and so share no file. */
const TESTING = { testing: 'src/testing.ts' };
const BUNDLER = { bundler: 'src/bundler.ts' };
const EXIT_WORKER = { 'exit-worker': 'src/telemetry/program-end/exit-worker.ts' };

/** Small sources that only later files import. To load each from a file of its own would take longer. */
const MORE_AT_START = [
  'src/hierarchy/conversations/conversation-id.ts',
  'src/hierarchy/conversations/metadata-context.ts',
  'src/sdk/agents-sdk/runner.ts',
  'src/telemetry/masking/key-formats.ts',
  'src/util/circuit-breaker.ts',
  'src/util/diagnostics-channels.ts',
  'src/util/open-traces.ts',
  'src/util/sweep-timer.ts',
];

/** Sources that most programs never use, by the file that is loaded when the first of them is used. */
const LATER = {
  'agents-tracing': ['src/pipeline/agents-tracing.ts'],
  collector: [
    'src/config/otlp.ts',
    'src/telemetry/program-end/exit-delivery.ts',
    'src/telemetry/program-end/unsent.ts',
  ],
  content: [
    'src/operations/chat/messages.ts',
    'src/operations/content-parts.ts',
    'src/operations/response/content.ts',
    'src/operations/tool-definitions.ts',
    'src/telemetry/content/consent.ts',
    'src/telemetry/content/content-record.ts',
    'src/telemetry/content/messages.ts',
    'src/telemetry/content/plain-data.ts',
  ],
  'content-writer': ['src/telemetry/content/content-writer.ts'],
  failures: [
    'src/telemetry/content/credentials.ts',
    'src/telemetry/outcomes/failure.ts',
    'src/telemetry/events/sink.ts',
    'src/telemetry/attempts.ts',
    'src/telemetry/program-operation.ts',
    'src/telemetry/record-end.ts',
  ],
  findings: ['src/diagnostics/findings.ts'],
  functions: [
    'src/helpers/traced-arguments.ts',
    'src/operations/program.ts',
    'src/telemetry/evaluations/evaluation.ts',
  ],
  hierarchy: ['src/hierarchy/index.ts'],
  'inference-metrics': ['src/telemetry/metrics/inference-metrics.ts'],
  masking: ['src/telemetry/masking/mask-text.ts'],
  operations: [
    'src/operations/create-agent.ts',
    'src/operations/embeddings.ts',
    'src/operations/fetch-response.ts',
    'src/operations/model-requests.ts',
    'src/operations/invoke-agent.ts',
    'src/operations/realtime.ts',
    'src/operations/request.ts',
    'src/operations/response.ts',
    'src/operations/response/accumulator.ts',
    'src/operations/response/items.ts',
    'src/operations/response/outcome.ts',
    'src/operations/retrieval.ts',
    'src/operations/text-completion.ts',
  ],
  realtime: ['src/hierarchy/realtime/index.ts'],
  sockets: ['src/sdk/agents-sdk/realtime-transport.ts', 'src/sdk/sockets/index.ts'],
  'spans-in-progress': ['src/export/live-spans.ts'],
  'variable-hooks': ['src/telemetry/content/hooks-from-variables.ts'],
};

const config: UserConfig[] = defineConfig([
  {
    ...SHARED,
    entry: ENTRIES,
    format: 'cjs',
    dts: { entry: Object.values(ENTRIES) },
    define: { 'import.meta.url': 'undefined' },
    outputOptions: {
      ...SHARED_OUTPUT,
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          sharedFiles({
            start: [ENTRIES.client, ...MORE_AT_START],
            together: { hooks: [ENTRIES.index, ENTRIES.register] },
            others: { export: ENTRIES.export },
            later: LATER,
            loadedBy: { realtime: 'hierarchy' },
          }),
        ],
      },
    },
    plugins: [
      pageAssets(),
      otlpMessages(),
      plainImports(),
      lazyFiles(Object.keys(LATER)),
      plainBindings(Object.keys(LATER)),
      mockableImport('cjs'),
      callableModule('openai'),
      esModules(['agents', 'index', 'client', 'export']),
    ],
  },
  {
    ...SHARED,
    entry: TESTING,
    format: 'cjs',
    clean: false,
    plugins: [plainBindings([]), esModules(['testing'])],
  },
  {
    ...SHARED,
    entry: BUNDLER,
    format: 'cjs',
    clean: false,
    outputOptions: { ...SHARED_OUTPUT, esModule: false },
    plugins: [plainBindings([]), esModules(['bundler'])],
  },
  { ...SHARED, entry: EXIT_WORKER, format: 'cjs', clean: false, dts: false },
  {
    ...SHARED,
    entry: { openai: 'src/openai.ts', register: 'src/register-esm.ts' },
    format: 'esm',
    clean: false,
    // Of `openai`, and of OpenTelemetry's API, ES modules have copies of their own: these entries have to be ES modules.
    plugins: [
      mockableImport('esm'),
      {
        name: 'implementation',
        resolveId: (source) => {
          const [, entry] = /^\.\/(?:\w+\/)?(client|register)\.ts$/.exec(source) ?? [];
          return entry === undefined ? undefined : { id: `./${entry}.cjs`, external: true };
        },
      },
    ],
  },
]);

export default config;
