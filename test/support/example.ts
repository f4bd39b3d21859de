import { readFileSync } from 'node:fs';

const SOURCE = /'(?:\.\.\/)+src\/index\.ts'/g;
const CLIENT_SOURCE = /'(?:\.\.\/)+src\/client\.ts'/g;
const EXPORT_SOURCE = /'(?:\.\.\/)+src\/export\.ts'/g;
const PACKAGE = "'opentelemetry-instrumentation-openai'";

/** The part of a file under test/ that a document shows, as the document has it. */
export function shownExample(file: string): string {
  const [shown = ''] = read(`test/${file}`).split(/\n*\/\/ The example of .* ends here\./);
  return shown
    .replace(SOURCE, PACKAGE)
    .replace(CLIENT_SOURCE, "'opentelemetry-instrumentation-openai/client'")
    .replace(EXPORT_SOURCE, "'opentelemetry-instrumentation-openai/export'");
}

/** The blocks of TypeScript in a document. */
export function codeBlocks(document: string): string[] {
  return [...read(document).matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code = '']) => code);
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
