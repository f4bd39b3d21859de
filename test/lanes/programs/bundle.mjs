// Bundles a program: node bundle.mjs <bundler> <program> <file> <platform>, `browser` or `node`; PLUGIN=none leaves ours out.
import { promisify } from 'node:util';

const [bundler, program, file, platform] = process.argv.slice(2);
const isServer = platform === 'node';
const { [bundler]: plugin } = await import('opentelemetry-instrumentation-openai/bundler');
const ours = process.env.PLUGIN === 'none' ? [] : [plugin()];
const input = `${import.meta.dirname}/${program}`;

/** webpack, and what is like it. */
async function compile(compiler) {
  const stats = await promisify(compiler)({
    mode: 'production',
    target: isServer ? 'node22' : 'web',
    entry: input,
    output: {
      path: import.meta.dirname,
      filename: file,
      module: true,
      chunkFormat: 'module',
      library: { type: 'module' },
    },
    experiments: { outputModule: true },
    optimization: { minimize: isServer },
    plugins: ours,
  });
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
}

const bundlers = {
  async esbuild() {
    const { build } = await import('esbuild');
    await build({
      bundle: true,
      minify: true,
      sourcemap: true,
      format: file.endsWith('.cjs') ? 'cjs' : 'esm',
      platform,
      entryPoints: [input],
      outfile: file,
      plugins: ours,
      logLevel: 'error',
    });
  },
  async rolldown() {
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input, platform, plugins: ours, logLevel: 'silent' });
    await bundle.write({ format: 'esm', file, minify: true, codeSplitting: false });
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const resolve = nodeResolve({ exportConditions: ['node'], preferBuiltins: true });
    const bundle = await rollup({ input, plugins: [resolve, ...ours], logLevel: 'silent' });
    await bundle.write({ format: 'esm', file, inlineDynamicImports: true });
  },
  async vite() {
    const { build } = await import('vite');
    await build({
      configFile: false,
      logLevel: 'error',
      plugins: ours,
      ssr: { noExternal: true },
      build: {
        ssr: isServer && input,
        outDir: '.',
        emptyOutDir: false,
        rollupOptions: {
          input,
          output: { entryFileNames: file, codeSplitting: false },
        },
      },
    });
  },
  async rspack() {
    await compile((await import('@rspack/core')).rspack);
  },
  async webpack() {
    await compile((await import('webpack')).default);
  },
};
await bundlers[bundler]();
