/**
 * Installs and starts backends, and sends each the Math Tutor's telemetry as OTLP over gRPC and HTTP. Reads it back
 * through the backend's own API, compares it with what was sent, and writes the table in `docs/backends.md`. A backend
 * that cannot be installed is skipped. A different tree or metric value is a failure; attributes that a backend stores
 * differently are only noted.
 *
 *   npm run e2e
 *   npm run e2e -- phoenix jaeger       only these; the document stays unchanged
 *   npm run e2e -- --screenshots        also writes screenshots of the pages to docs/images
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { BACKENDS } from './backends/index.ts';
import { whatOf, withOutcomes } from './document.ts';
import { takeScreenshot } from './screenshot.ts';
import { type Outcome, tryBackend } from './try.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { screenshots: { type: 'boolean', default: false } },
});
const wanted = BACKENDS.filter(
  ({ name }) =>
    positionals.length === 0 || positionals.some((text) => name.toLowerCase().includes(text.toLowerCase())),
);
if (values.screenshots) await mkdir(join(ROOT, 'docs', 'images'), { recursive: true });

const outcomes: Outcome[] = [];
for (const backend of wanted) {
  console.log(`${backend.name} ${backend.version} …`);
  outcomes.push(...(await tryBackend(backend, values.screenshots ? takeScreenshot : undefined)));
}
print(outcomes);
if (positionals.length === 0) {
  const file = join(ROOT, 'docs', 'backends.md');
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(file, withOutcomes(await readFile(file, 'utf8'), outcomes, date));
}
process.exitCode = outcomes.some(({ result }) => result === 'failed') ? 1 : 0;

function print(rows: readonly Outcome[]): void {
  const cells = rows.map((row) => [row.backend.name, row.protocol, row.result, whatOf(row)]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  for (const row of cells) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
