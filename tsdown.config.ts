import { defineConfig, type UserConfig } from 'tsdown';
import { callableModule } from './scripts/build/callable-module.ts';
import { esModules } from './scripts/build/es-modules.ts';
import { lazily } from './scripts/build/lazily.ts';
import { plainBindings } from './scripts/build/plain-bindings.ts';
import { sharedFiles } from './scripts/build/shared-files.ts';
import { pageAssets } from './scripts/page/assets.ts';

const SHARED_OUTPUT = { exports: 'named' } as const;

const SHARED: UserConfig = {
  platform: 'node',
  target: 'node20',
  dts: true,
  shims: false,
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
  testing: 'src/testing.ts',
};

/** What the entries that are ES modules share with the others. */
const INTERNAL_ENTRIES: Readonly<Record<string, string>> = {
  'missing-provider': 'src/doctor/missing-provider.ts',
};

/** What is loaded when it is first used. */
const LAZY_ENTRIES = {
  'agents-transport': 'src/sdk/agents-sdk/realtime-transport.ts',
  'agents-tracing': 'src/pipeline/agents-tracing.ts',
  hierarchy: 'src/hierarchy/index.ts',
  masking: 'src/helpers/masking/mask-text.ts',
  realtime: 'src/hierarchy/realtime/index.ts',
  sockets: 'src/sdk/sockets/index.ts',
};

const config: UserConfig[] = defineConfig([
  {
    ...SHARED,
    entry: { ...ENTRIES, ...LAZY_ENTRIES, ...INTERNAL_ENTRIES },
    format: 'cjs',
    dts: { entry: Object.values(ENTRIES) },
    define: { 'import.meta.url': 'undefined' },
    outputOptions: {
      ...SHARED_OUTPUT,
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          sharedFiles({
            start: ENTRIES.client,
            others: {
              agents: LAZY_ENTRIES['agents-tracing'],
              export: ENTRIES.export,
              testing: ENTRIES.testing,
            },
            apart: ['src/telemetry/collector.ts'],
          }),
        ],
      },
    },
    plugins: [
      pageAssets(),
      lazily({ source: './pipeline/agents-tracing.ts', entry: 'agents-tracing', name: 'drawAgents' }),
      lazily({
        source: './agents-sdk/realtime-transport.ts',
        entry: 'agents-transport',
        name: 'realtimeSeam',
      }),
      lazily({ source: '../hierarchy/index.ts', entry: 'hierarchy', name: 'Hierarchy' }),
      lazily({ source: './mask-text.ts', entry: 'masking', name: 'maskWith' }),
      lazily({ source: './realtime/index.ts', entry: 'realtime', name: 'Realtime' }),
      lazily({ source: './sdk/sockets/index.ts', entry: 'sockets', name: 'SocketSeam' }),
      plainBindings(),
      callableModule('openai'),
      esModules(['agents', 'index', 'client', 'export', 'testing']),
    ],
  },
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
          const [, entry] = /^\.\/(?:\w+\/)?(client|register|missing-provider)\.ts$/.exec(source) ?? [];
          return entry === undefined ? undefined : { id: `./${entry}.cjs`, external: true };
        },
      },
    ],
  },
]);

export default config;
