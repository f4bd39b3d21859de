/**
 * A place that keeps the program safe, marked in the source by a comment above it:
 *
 * ```ts
 * // guard: what breaks without the statement that follows
 * // guard `a fragment`: what breaks without that fragment of the statement that follows
 * ```
 *
 * Several markers may stand above one statement.
 */
export interface Guard {
  /** Of the comment, from 1. */
  readonly line: number;
  readonly why: string;
  /** `undefined`: the whole statement, or where it calls `guard(…)`, that call's protection. */
  readonly fragment: string | undefined;
}

const MARKER = /^\s*\/\/ guard(?: `(?<fragment>[^`]+)`)?: (?<why>.+)$/;
const COMMENT = /^\s*\/\//;

export function findGuards(source: string): Guard[] {
  return source.split('\n').flatMap((text, index) => {
    const { fragment, why } = MARKER.exec(text)?.groups ?? {};
    return why === undefined ? [] : [{ line: index + 1, why, fragment }];
  });
}

/**
 * The source as it would be without a guard: still a program, less careful.
 *
 * @throws Error when the marker does not fit what follows it
 */
export function removeGuard(source: string, { line, fragment }: Guard): string {
  const lines = source.split('\n');
  let first = line;
  while (COMMENT.test(lines[first] ?? '')) first++;
  const last = endOfStatement(lines, first);
  const statement = lines.slice(first, last).join('\n');
  const without = fragment === undefined ? unprotect(statement) : cut(statement, fragment, line);
  const changed = [...lines.slice(0, first), without, ...lines.slice(last)].join('\n');
  return changed.includes('unguarded(') ? `${changed}\n${UNGUARDED}` : changed;
}

/** Calls at once what `guard` would call in safety. */
const UNGUARDED = `
function unguarded<Arguments extends unknown[], Result>(
  _where: string,
  run: (...args: Arguments) => Result,
  ...args: Arguments
): Result {
  return run(...args);
}
`;

function unprotect(statement: string): string {
  return /\bguard\(/.test(statement) ? statement.replace(/\bguard\(/g, 'unguarded(') : '';
}

function cut(statement: string, fragment: string, line: number): string {
  if (!statement.includes(fragment)) {
    throw new Error(`line ${line}: the statement below the marker holds no \`${fragment}\``);
  }
  return statement.replace(fragment, '');
}

/** The line after the statement: its brackets are closed and it ends as statements do. */
function endOfStatement(lines: readonly string[], first: number): number {
  let depth = 0;
  for (let index = first; index < lines.length; index++) {
    const code = (lines[index] ?? '').replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '').replace(/\/\/.*/, '');
    depth += count(code, /[([{]/g) - count(code, /[)\]}]/g);
    if (depth <= 0 && /[;}]\s*$/.test(code)) return index + 1;
  }
  throw new Error(`line ${first + 1}: the statement does not end`);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
