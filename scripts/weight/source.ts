import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ROOT } from '../../test/support/lanes/paths.ts';

export interface SourceFile {
  /** The path below the root of the repository, with `/` on every platform. */
  readonly path: string;
  readonly lines: number;
  /** The names that it declares outside of any function or class. */
  readonly names: readonly string[];
}

const DECLARATION =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|var|interface|type|enum)\s+([A-Za-z_$][\w$]*)/gm;

/** Reads all source files below a folder of the repository, except generated ones, sorted by path. */
export function readSource(folder: string, ending: RegExp = /\.tsx?$/): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => parseFile(relative(ROOT, file).split(sep).join('/'), readFileSync(file, 'utf8')))
    .filter(({ path }) => !/^(?:viewer\/)?src\/semconv\//.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Finds a file's declarations with a pattern. The sources are formatted, so this is reliable enough. */
function parseFile(path: string, text: string): SourceFile {
  // A set, because an overloaded function has one declaration per signature.
  const names = new Set([...text.matchAll(DECLARATION)].map(([, name = '']) => name));
  return { path, lines: text.split('\n').length - 1, names: [...names] };
}
