import { defineConfig, type UserConfig } from 'tsdown';
import { pageAssets, pageMakerElsewhere } from './scripts/page/assets.ts';

const common: UserConfig = {
  platform: 'node',
  target: 'node20',
  shims: false,
  outputOptions: { exports: 'named' },
  // Most of the time goes into building the page, as it should.
  inputOptions: { checks: { pluginTimings: false } },
  // Comments and white space are half of the code; names stay, so that stack traces can be read.
  minify: {
    compress: { keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  },
};

const entry: Readonly<Record<string, string>> = {
  index: 'src/index.ts',
  client: 'src/client-entry.ts',
  export: 'src/export/index.ts',
  openai: 'src/openai.ts',
  register: 'src/register.ts',
  testing: 'src/testing.ts',
};

const config: UserConfig[] = defineConfig([
  {
    ...common,
    // The command is run, never required.
    entry: { ...entry, bin: 'src/bin.ts' },
    format: 'esm',
    dts: true,
    plugins: [pageMakerElsewhere()],
  },
  { ...common, entry: { ...entry }, format: 'cjs', dts: true, plugins: [pageMakerElsewhere()] },
  // What makes pages is there once, for both formats.
  {
    ...common,
    entry: { 'page-maker': 'src/export/page-maker.ts' },
    format: 'cjs',
    dts: false,
    plugins: [pageAssets()],
  },
]);

export default config;
