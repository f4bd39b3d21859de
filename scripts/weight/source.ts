import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

export const SOURCE: string = join(import.meta.dirname, '..', '..', 'src');

export interface SourceFile {
  /** The path below `src/`, with `/` on every platform. */
  readonly path: string;
  readonly lines: number;
  /** The files of `src/` that it imports at run time, so without imports of types only. */
  readonly imports: readonly string[];
  /** The files of `src/` from which it imports only types. */
  readonly typeImports: readonly string[];
  /** The names that it declares outside of any function or class. */
  readonly names: readonly string[];
}

const IMPORT = /\b(import|export)\s+(type\s+)?([^'";]*?\bfrom\s*)?['"](\.{1,2}\/[^'"]+)['"]/g;
const IMPORT_CALL = /\bimport\(\s*['"](\.{1,2}\/[^'"]+)['"]\s*\)/g;
const DECLARATION =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|var|interface|type|enum)\s+([A-Za-z_$][\w$]*)/gm;

/** Reads all files of `src/`, sorted by path. */
export function readSource(directory: string = SOURCE): SourceFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => parseFile(relative(directory, file).split(sep).join('/'), readFileSync(file, 'utf8')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Finds a file's imports and declarations with patterns. The sources are formatted, so this is reliable enough. */
export function parseFile(path: string, text: string): SourceFile {
  const resolve = (specifier: string): string => posix.normalize(posix.join(dirname(path), specifier));
  const values = new Set([...text.matchAll(IMPORT_CALL)].map(([, specifier = '']) => resolve(specifier)));
  const types = new Set<string>();
  for (const [, , typeOnly, clause = '', specifier = ''] of text.matchAll(IMPORT)) {
    const isErased = typeOnly !== undefined || hasOnlyTypes(clause);
    (isErased ? types : values).add(resolve(specifier));
  }
  // A set, because an overloaded function has one declaration per signature.
  const names = new Set([...text.matchAll(DECLARATION)].map(([, name = '']) => name));
  return {
    path,
    lines: text.split('\n').length - 1,
    imports: [...values],
    typeImports: [...types].filter((file) => !values.has(file)),
    names: [...names],
  };
}

/** Whether a clause such as `{ type A, type B } from ` imports no value. */
function hasOnlyTypes(clause: string): boolean {
  const listed = /^\{([^}]*)\}\s*from\s*$/.exec(clause.trim())?.[1];
  if (listed === undefined) return false;
  const items = listed.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').every((item) => item.startsWith('type '));
}
