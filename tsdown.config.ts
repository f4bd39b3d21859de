import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: {
    index: 'src/index.ts',
    client: 'src/client-entry.ts',
    export: 'src/export/index.ts',
    testing: 'src/testing.ts',
  },
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  shims: false,
  // Comments and white space are half of the code; names stay, so that stack traces can be read.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  logLevel: 'warn',
});

export default config;
