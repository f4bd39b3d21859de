/** Writes `docs/api.md` and the tables of `docs/options.md` from the types in `dist/`. `--check` only compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf } from './api-reference/document.ts';
import { exportsOf } from './api-reference/model.ts';
import { withOptionTables } from './api-reference/options.ts';

const ROOT = join(import.meta.dirname, '..');
/** The entry points to describe, in the order of the page: the file in `dist/`, and the path that programs import. */
const ENTRIES = {
  index: 'opentelemetry-instrumentation-openai',
  client: 'opentelemetry-instrumentation-openai/client',
  agents: 'opentelemetry-instrumentation-openai/agents',
  bundler: 'opentelemetry-instrumentation-openai/bundler',
  openai: 'opentelemetry-instrumentation-openai/openai',
  export: 'opentelemetry-instrumentation-openai/export',
  testing: 'opentelemetry-instrumentation-openai/testing',
};

const entries = Object.entries(ENTRIES).map(([file, specifier]) => ({ specifier, exports: exportsOf(file) }));
const isCheck = process.argv.includes('--check');
write('api.md', () => documentOf(entries));
write('options.md', (options) => withOptionTables(options, entries[0]?.exports ?? []));

function write(name: string, textFrom: (written: string) => string): void {
  const file = join(ROOT, 'docs', name);
  const written = readFileSync(file, 'utf8');
  const text = textFrom(written);
  if (!isCheck) writeFileSync(file, text);
  else if (text !== written) {
    console.error(`docs/${name} is out of date: npm run api-reference`);
    process.exitCode = 1;
  }
}
