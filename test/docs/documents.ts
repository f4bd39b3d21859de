import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT: string = join(import.meta.dirname, '..', '..');

/** A fenced block of code in a document. */
export interface CodeBlock {
  readonly document: string;
  /** of the first line of code */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** What people read: paths from the root of the repository. */
export const DOCUMENTS: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'ops/**/*.md', 'test/*.md', 'test/threats/*.md'],
  { cwd: ROOT, exclude: ['**/node_modules/**'] },
)
  .map((path) => path.replaceAll('\\', '/'))
  .sort();

export function readDocument(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** The blocks of a document that name their language. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const text = readDocument(document);
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)\n\1```$/gm)].map((match) => {
    const [, indentation = '', language = '', code = ''] = match;
    return {
      document,
      line: text.slice(0, match.index).split('\n').length + 1,
      language,
      code: code.replaceAll(`\n${indentation}`, '\n').slice(indentation.length),
    };
  });
}
