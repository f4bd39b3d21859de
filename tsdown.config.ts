import { defineConfig, type UserConfig } from 'tsdown';
import { esModules } from './scripts/build/es-modules.ts';
import { pageAssets } from './scripts/page/assets.ts';

const SHARED: UserConfig = {
  platform: 'node',
  target: 'node20',
  dts: true,
  shims: false,
  outputOptions: { exports: 'named' },
  // Most of the time goes into building the page, as it should.
  inputOptions: { checks: { pluginTimings: false } },
  // Comments, white space and names of functions are more than half of the code. Classes keep theirs, which programs see.
  minify: {
    compress: { keepNames: { function: false, class: true } },
    mangle: { keepNames: { function: false, class: true } },
    codegen: { removeWhitespace: true },
  },
};

const config: UserConfig[] = defineConfig([
  {
    ...SHARED,
    entry: {
      bin: 'src/bin.ts',
      index: 'src/index.ts',
      client: 'src/client-entry.ts',
      export: 'src/export/index.ts',
      openai: 'src/openai.ts',
      register: 'src/register.ts',
      testing: 'src/testing.ts',
    },
    format: 'cjs',
    define: { 'import.meta.url': 'undefined' },
    plugins: [pageAssets(), esModules(['index', 'client', 'export', 'register', 'testing'])],
  },
  {
    ...SHARED,
    entry: { openai: 'src/openai.ts' },
    format: 'esm',
    clean: false,
    // The ES module of `openai` is not the one that CommonJS loads: only this entry has to be one itself.
    plugins: [
      {
        name: 'implementation',
        resolveId: (source) =>
          source.endsWith('/client-entry.ts') ? { id: './client.cjs', external: true } : undefined,
      },
    ],
  },
]);

export default config;
