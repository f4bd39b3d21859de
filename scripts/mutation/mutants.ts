/**
 * A change to the source that a test must notice. A comment above a statement describes it:
 *
 * ```ts
 * // Without this, suppressed calls get spans.
 * // Without ` || call.settled`, attempts are added to a call that is over.
 * ```
 *
 * The first form removes the statement that follows, or the protection of its `guard(…)` call or `try`; the second one
 * removes the quoted fragment of that statement. A statement may have several such comments.
 */
export interface Mutant {
  /** The line of the comment, from 1. */
  readonly line: number;
  /** What goes wrong. */
  readonly consequence: string;
  /** `undefined`: the whole statement, or the protection of its `guard(…)` call or `try`. */
  readonly fragment: string | undefined;
}

const MARKER = /^\s*\/\/ Without (?:this|`(?<fragment>[^`]+)`), (?<consequence>.+)\.$/;
const COMMENT = /^\s*\/\//;

export function findMutants(source: string): Mutant[] {
  return source.split('\n').flatMap((text, index) => {
    const { fragment, consequence } = MARKER.exec(text)?.groups ?? {};
    return consequence === undefined ? [] : [{ line: index + 1, consequence, fragment }];
  });
}

/**
 * Applies a mutant to the source it was found in.
 *
 * @throws Error when the statement below the comment does not contain the fragment
 */
export function mutate(source: string, { line, fragment }: Mutant): string {
  const lines = source.split('\n');
  let first = line;
  while (COMMENT.test(lines[first] ?? '')) first++;
  const last = endOfStatement(lines, first);
  const statement = lines.slice(first, last).join('\n');
  const without = fragment === undefined ? unprotect(statement) : cut(statement, fragment, line);
  const changed = [...lines.slice(0, first), without, ...lines.slice(last)].join('\n');
  return changed.includes('unguarded(') ? `${changed}\n${UNGUARDED}` : changed;
}

/** Takes the place of `guard` and lets errors through. */
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
  const { body } = /^\s*try \{\n(?<body>[\s\S]*?)\n\s*\} catch /.exec(statement)?.groups ?? {};
  if (body !== undefined) return body;
  return /\bguard\(/.test(statement) ? statement.replace(/\bguard\(/g, 'unguarded(') : '';
}

function cut(statement: string, fragment: string, line: number): string {
  if (!statement.includes(fragment)) {
    throw new Error(`line ${line}: the statement below the comment does not contain \`${fragment}\``);
  }
  return statement.replace(fragment, '');
}

/** The line after the statement, where its brackets are closed and it ends with `;` or `}`. */
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
