/**
 * Writes the constants under src/semconv/ and viewer/src/semconv/, and docs/telemetry.md from the registries under semconv/.
 *
 *     node scripts/generate-semconv.ts           writes the files that differ
 *     node scripts/generate-semconv.ts --check   writes nothing; exit code 1 if a file differs
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  renderAttributes,
  renderEvents,
  renderMetrics,
  renderSchema,
  renderValues,
} from './semconv/constants.ts';
import { renderDocument } from './semconv/document.ts';
import { loadRegistry, readNextSchemaUrl, readSchemaUrl } from './semconv/registry.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** All generated files: their paths from the project's root, and their texts. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const registry = loadRegistry();
  const schemaUrl = readSchemaUrl();
  const [used, shown] = [namesIn('src'), namesIn('viewer/src')];
  return new Map([
    ['src/semconv/attributes.ts', renderAttributes(registry, used)],
    ['src/semconv/values.ts', renderValues(registry, used)],
    ['src/semconv/metrics.ts', renderMetrics(registry)],
    ['src/semconv/events.ts', renderEvents(registry, used)],
    ['src/semconv/schema.ts', renderSchema(schemaUrl, readNextSchemaUrl())],
    ['viewer/src/semconv/attributes.ts', renderAttributes(registry, shown)],
    ['viewer/src/semconv/events.ts', renderEvents(registry, shown)],
    ['docs/telemetry.md', renderDocument(registry, schemaUrl)],
  ]);
}

/** The names of constants that sources of a folder use. */
function namesIn(folder: string): ReadonlySet<string> {
  const files = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root, exclude: [`${folder}/semconv/*`] });
  return new Set(
    files.flatMap((file) => readFileSync(root + file, 'utf8').match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []),
  );
}

/** The paths of generated files that differ on disk from what the registry yields. */
export function outdatedFiles(): string[] {
  return [...generatedFiles()]
    .filter(([path, text]) => !existsSync(root + path) || readFileSync(root + path, 'utf8') !== text)
    .map(([path]) => path);
}

function main(): void {
  const outdated = outdatedFiles();
  if (process.argv.includes('--check')) {
    for (const path of outdated)
      console.error(`${path} is out of date: run node scripts/generate-semconv.ts`);
    process.exitCode = outdated.length > 0 ? 1 : 0;
    return;
  }
  const files = generatedFiles();
  for (const path of outdated) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, files.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
}

if (import.meta.main) main();
