/** What a source file imports, as far as its text tells. */
export interface ModuleImports {
  /** By `import … from` and `export … from`. */
  readonly statically: readonly string[];
  /** By `import('…')`. */
  readonly dynamically: readonly string[];
  /** By `require('…')`. */
  readonly required: readonly string[];
  /** It has `import` or `export` statements. */
  readonly hasModuleSyntax: boolean;
  /** All names in it, outside of comments and strings. */
  readonly names: ReadonlySet<string>;
}

interface Token {
  readonly kind: 'name' | 'text' | 'sign';
  /** For a text: what stands between its quotes. */
  readonly value: string;
}

/** Where a statement ends, and what it imports from. */
interface StatementEnd {
  readonly at: number;
  readonly from?: string;
}

/** White space and comments; names and numbers. Any other character is a sign. */
const TOKEN =
  /(?<skipped>\s+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<name>[\w$\u0080-\uffff]+)|(?<sign>[\s\S])/y;
// None of these ever goes back: where the end is missing, they match what is there.
const DOUBLE_QUOTED = /"(?<text>(?:[^"\\\n]|\\[\s\S])*)(?<end>")?/y;
const SINGLE_QUOTED = /'(?<text>(?:[^'\\\n]|\\[\s\S])*)(?<end>')?/y;
const TEMPLATE_TEXT = /(?<text>(?:[^`\\$]|\\[\s\S]|\\$|\$(?!\{))*)(?<end>`|\$\{)?/y;
const REGULAR_EXPRESSION = /\/(?<text>(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\]?)+)(?<end>\/[a-z]*)?/y;

/** After these names a slash begins a regular expression, as after most signs. */
const BEFORE_EXPRESSION: ReadonlySet<string> = new Set(
  'return typeof case in of do else void delete throw new await yield instanceof'.split(' '),
);

/**
 * Reads the imports of JavaScript or TypeScript, without running or parsing it. It tolerates what it does not understand:
 * the worst is an import that is missed.
 */
export function readImports(source: string): ModuleImports {
  const tokens = sourceTokens(source.startsWith('#!') ? `//${source}` : source);
  const [statically, dynamically, required]: [string[], string[], string[]] = [[], [], []];
  const names = new Set<string>();
  let hasModuleSyntax = false;
  let end: StatementEnd = { at: 0 };
  const fromAfter = (index: number): string | undefined => {
    // Statements that begin before the same end have it in common.
    if (end.at <= index) end = statementEnd(tokens, index + 1);
    return end.from;
  };
  tokens.forEach(({ kind, value }, index) => {
    if (kind !== 'name') return;
    names.add(value);
    if (tokens[index - 1]?.value === '.' && tokens[index - 1]?.kind === 'sign') return;
    const argument = argumentAt(tokens, index + 1);
    if (value === 'require' && argument !== undefined) required.push(argument);
    else if (value === 'import' && argument !== undefined) dynamically.push(argument);
    else if (value === 'import' || value === 'export') {
      const statement = readStatement(tokens, index, fromAfter);
      if (statement === undefined) return;
      hasModuleSyntax = true;
      if (statement.from !== undefined) statically.push(statement.from);
    }
  });
  return { statically, dynamically, required, hasModuleSyntax, names };
}

/** The only argument of a call, if it is a text. */
function argumentAt(tokens: readonly Token[], index: number): string | undefined {
  const [open, text] = [tokens[index], tokens[index + 1]];
  return isSign(open, '(') && text?.kind === 'text' ? text.value : undefined;
}

/** `undefined` for what is no statement, such as `import.meta` and a property called `export`. Types import nothing. */
function readStatement(
  tokens: readonly Token[],
  index: number,
  fromAfter: (index: number) => string | undefined,
): { from?: string } | undefined {
  const next = tokens[index + 1];
  if (next === undefined || ['(', '.', ':', ',', ')', '='].some((sign) => isSign(next, sign)))
    return undefined;
  const isImport = tokens[index]?.value === 'import';
  if (isImport && next.kind === 'text') return { from: next.value };
  const isType = next.value === 'type' && !['from', ','].includes(tokens[index + 2]?.value ?? '');
  if (!isImport && next.value !== 'type' && !isSign(next, '*') && !isSign(next, '{')) return {};
  const from = fromAfter(index);
  return isType || from === undefined ? {} : { from };
}

function statementEnd(tokens: readonly Token[], start: number): StatementEnd {
  for (let at = start; at < tokens.length; at++) {
    const [token, after] = [tokens[at], tokens[at + 1]];
    if (token?.kind === 'name' && token.value === 'from' && after?.kind === 'text')
      return { at, from: after.value };
    if (isSign(token, ';') || isSign(token, '=') || isSign(token, '(')) return { at };
    // `export { a }` without a `from` is over.
    if (isSign(token, '}') && after?.value !== 'from') return { at };
  }
  return { at: tokens.length };
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.value === sign;
}

function sourceTokens(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each template literal that is open, how many braces are open in its expression. */
  const templates: number[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) at += found[0].length;
    return found;
  };
  /** Where the last match without its end has stopped: what begins before that has none either. */
  const endless = new Map<RegExp, number>();
  const matchWhole = (pattern: RegExp): string | undefined => {
    const start = at;
    if (start < (endless.get(pattern) ?? 0)) return undefined;
    const { text, end } = match(pattern)?.groups ?? {};
    if (end !== undefined) return text;
    endless.set(pattern, at);
    at = start;
    return undefined;
  };
  const readTemplate = (): void => {
    const found = match(TEMPLATE_TEXT);
    if (found?.groups?.end === '${') templates.push(0);
    // Without an expression it is a text like any other.
    tokens.push({ kind: 'text', value: found?.groups?.text ?? '' });
  };
  while (at < source.length) {
    const character = source[at];
    if (character === '"' || character === "'") {
      const text = matchWhole(character === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED);
      if (text !== undefined) {
        tokens.push({ kind: 'text', value: text });
        continue;
      }
    } else if (character === '/' && beginsExpression(tokens) && !/[/*]/.test(source[at + 1] ?? '')) {
      if (matchWhole(REGULAR_EXPRESSION) !== undefined) {
        tokens.push({ kind: 'sign', value: 'regular expression' });
        continue;
      }
    }
    const groups = match(TOKEN)?.groups ?? {};
    if (groups.name !== undefined) tokens.push({ kind: 'name', value: groups.name });
    else if (groups.sign === '`') readTemplate();
    else if (groups.sign !== undefined) {
      const open = templates.length - 1;
      if (groups.sign === '}' && templates[open] === 0) {
        templates.pop();
        readTemplate();
        continue;
      }
      if (open >= 0 && groups.sign === '{') templates[open] = (templates[open] ?? 0) + 1;
      if (open >= 0 && groups.sign === '}') templates[open] = (templates[open] ?? 0) - 1;
      tokens.push({ kind: 'sign', value: groups.sign });
    }
  }
  return tokens;
}

function beginsExpression(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  if (last === undefined) return true;
  if (last.kind === 'name') return BEFORE_EXPRESSION.has(last.value);
  return last.kind === 'sign' && ![')', ']', '}', 'regular expression'].includes(last.value);
}
