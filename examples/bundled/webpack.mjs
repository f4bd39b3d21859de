// node webpack.mjs
import { promisify } from 'node:util';
import { webpack as openai } from 'opentelemetry-instrumentation-openai/bundler';
import webpack from 'webpack';

const common = {
  mode: 'production',
  target: 'node22',
  context: import.meta.dirname,
  experiments: { outputModule: true },
};
const output = (filename) => ({ path: `${import.meta.dirname}/out/webpack`, filename, module: true });

const stats = await promisify(webpack)([
  { ...common, entry: './inlined.mjs', output: output('inlined.mjs') },
  { ...common, entry: './hooked.mjs', output: output('hooked.mjs'), externals: { openai: 'module openai' } },
  { ...common, entry: './hooked.mjs', output: output('plugged.mjs'), plugins: [openai()] },
]);
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
