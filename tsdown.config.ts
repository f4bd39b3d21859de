import { defineConfig, type UserConfig } from 'tsdown';
import { callableModule } from './scripts/build/callable-module.ts';
import { esModules } from './scripts/build/es-modules.ts';
import { lazyFiles } from './scripts/build/lazy-files.ts';
import { sharedFiles } from './scripts/build/shared-files.ts';
import { otlpMessages } from './scripts/otlp/messages.ts';
import { pageAssets } from './scripts/page/assets.ts';

// The sources are ES modules, and so strict.
const SHARED_OUTPUT = {
  exports: 'named',
  strict: true,
  generatedCode: { symbols: false },
  externalLiveBindings: false,
} as const;

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

/** Sources that only programs with module hooks load. */
const HOOKS: readonly string[] = ['pipeline/observe-process.ts', 'sdk/loading/'];

/** Folders and files below `src/` that load on first use, by the name of the file of `dist/` that has them. The first that fits counts. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  outcomes: [
    'config/otlp.ts',
    'diagnostics/findings.ts',
    'export/live-spans.ts',
    'helpers/traced-arguments.ts',
    'pipeline/agents-tracing.ts',
    'telemetry/attempts.ts',
    // The failure of a call must not load another file: there may be no file descriptor left.
    'telemetry/content/credentials.ts',
    'telemetry/evaluations/',
    'telemetry/events/',
    'telemetry/metrics/inference-metrics.ts',
    'telemetry/outcomes/',
    'telemetry/program-end/',
    'telemetry/program-operation.ts',
    'telemetry/record-end.ts',
    'util/connection-failure.ts',
  ],
  content: ['telemetry/content/', 'telemetry/masking/'],
  'hosted-turns': ['hierarchy/hosted-turns/', 'telemetry/hosted-spans.ts'],
  processes: ['hierarchy/processes/'],
  hierarchy: ['hierarchy/'],
  operations: ['operations/'],
  sockets: ['sdk/agents-sdk/', 'sdk/sockets/'],
};

/** Files in those folders that every call needs: they load at the start, with the other folders. */
const AT_START: readonly string[] = [
  'telemetry/content/content-store.ts',
  'hierarchy/conversations/conversation-id.ts',
  'hierarchy/select-api.ts',
  'operations/attributes.ts',
  'operations/chat.ts',
  'operations/chat/accumulator.ts',
  'operations/citations.ts',
  'operations/failures.ts',
  'operations/index.ts',
  'operations/tool-calls.ts',
  'sdk/agents-sdk/agents-key.ts',
  'sdk/agents-sdk/runner.ts',
  'telemetry/content/kept-content.ts',
  'telemetry/evaluations/evaluated-spans.ts',
  'telemetry/events/log-records.ts',
  'telemetry/masking/hook.ts',
  'telemetry/masking/key-formats.ts',
  'telemetry/outcomes/finish-reason.ts',
  'telemetry/program-end/program-end.ts',
  'telemetry/program-end/provider-life.ts',
];

/** Files in those folders that only one entry needs: they are in its own file. */
const OF_ENTRIES: readonly string[] = [
  'sdk/client-class.mjs',
  'telemetry/program-end/exit-delivery.ts',
  'telemetry/program-end/signals.ts',
];

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
        groups: [sharedFiles({ hooks: HOOKS, ...LATER }, AT_START, OF_ENTRIES)],
      },
    },
    plugins: [
      pageAssets(),
      otlpMessages(),
      lazyFiles(Object.keys(LATER)),
      callableModule('openai'),
      esModules(['agents', 'index', 'client', 'export']),
    ],
  },
  {
    ...SHARED,
    entry: TESTING,
    format: 'cjs',
    clean: false,
    plugins: [esModules(['testing'])],
  },
  {
    ...SHARED,
    entry: BUNDLER,
    format: 'cjs',
    clean: false,
    outputOptions: { ...SHARED_OUTPUT, esModule: false },
    plugins: [esModules(['bundler'])],
  },
  { ...SHARED, entry: EXIT_WORKER, format: 'cjs', clean: false, dts: false },
  {
    ...SHARED,
    entry: { openai: 'src/openai.ts', register: 'src/register-esm.ts' },
    format: 'esm',
    clean: false,
    // Of `openai`, and of OpenTelemetry's API, ES modules have copies of their own: these entries have to be ES modules.
    plugins: [
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
