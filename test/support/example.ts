import { readFileSync } from 'node:fs';
import { PACKAGE_NAME } from './lanes/paths.ts';

/** The part of a file under test/ that a document shows, as the document has it. */
export function shownExample(file: string): string {
  const [shown = ''] = read(`test/${file}`).split(/\n*\/\/ The example of .* ends here\./);
  return withPackageName(shown);
}

/** `'../../src/client.ts'` is what users know as `'opentelemetry-instrumentation-openai/client'`. */
export function withPackageName(source: string): string {
  return source.replaceAll(/'(?:\.\.\/)+src\/(\w+)\.ts'/g, (_, entry: string) =>
    entry === 'index' ? `'${PACKAGE_NAME}'` : `'${PACKAGE_NAME}/${entry}'`,
  );
}

/** The blocks of TypeScript in a document. */
export function codeBlocks(document: string): string[] {
  return [...read(document).matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code = '']) => code);
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
