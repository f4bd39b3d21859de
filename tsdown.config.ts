import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: {
    bin: 'src/bin.ts',
    index: 'src/index.ts',
    client: 'src/client-entry.ts',
    export: 'src/export/index.ts',
    openai: 'src/openai.ts',
    register: 'src/register.ts',
    testing: 'src/testing.ts',
  },
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  shims: false,
  outputOptions: { exports: 'named' },
  // Comments and white space are half of the code; names stay, so that stack traces can be read.
  minify: {
    compress: { keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  },
});

export default config;
