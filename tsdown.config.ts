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
  logLevel: 'warn',
});

export default config;
