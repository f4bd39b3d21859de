/** Writes `docs/api.md` from the types in `dist/`; with `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf } from './api-reference/document.ts';
import { exportsOf } from './api-reference/model.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'docs', 'api.md');
/** The entries that export something of ours, in the order of the page: file in `dist/` → how it is imported. */
const ENTRIES = {
  index: 'opentelemetry-instrumentation-openai',
  client: 'opentelemetry-instrumentation-openai/client',
  agents: 'opentelemetry-instrumentation-openai/agents',
  openai: 'opentelemetry-instrumentation-openai/openai',
  export: 'opentelemetry-instrumentation-openai/export',
  testing: 'opentelemetry-instrumentation-openai/testing',
};

const entries = Object.entries(ENTRIES).map(([file, specifier]) => ({ specifier, exports: exportsOf(file) }));
const text = documentOf(entries);
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/api.md is out of date: npm run api-reference');
  process.exitCode = 1;
}
