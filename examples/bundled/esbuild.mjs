// node esbuild.mjs
import { build } from 'esbuild';
import { esbuild } from 'opentelemetry-instrumentation-openai/bundler';

const common = { bundle: true, minify: true, platform: 'node', format: 'esm', target: 'node22' };

await build({ ...common, entryPoints: ['inlined.mjs'], outfile: 'out/esbuild/inlined.mjs' });
await build({
  ...common,
  entryPoints: ['hooked.mjs'],
  outfile: 'out/esbuild/hooked.mjs',
  external: ['openai'],
});
await build({
  ...common,
  entryPoints: ['hooked.mjs'],
  outfile: 'out/esbuild/plugged.mjs',
  plugins: [esbuild()],
});
