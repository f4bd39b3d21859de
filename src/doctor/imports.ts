import jsTokens, { type JSXToken, type Token } from 'js-tokens';

/** What a source file imports, as far as its text shows. */
export interface Imports {
  /** What `import … from` and `export … from` name, except imports of types. */
  readonly statically: readonly string[];
  /** What `import('…')` names. */
  readonly dynamically: readonly string[];
  /** What `require('…')` names. */
  readonly required: readonly string[];
  /** Whether the syntax is that of an ES module. */
  readonly isModule: boolean;
  /** The names and keywords in the code of the file. */
  readonly names: ReadonlySet<string>;
}

const BLANK = /^(?:WhiteSpace|LineTerminatorSequence|(?:Multi|Single)LineComment|HashbangComment)$/;
/** What precedes an `import('…')` that is only a type. */
const BEFORE_TYPE = /^(?:typeof|[:<|&])$/;

/**
 * Reads the imports of JavaScript, TypeScript or JSX from its tokens, without running it.
 *
 * @param file the name of the file, whose extension tells the language
 * @throws SyntaxError if a string, template, comment, pattern or element has no end
 */
export function readImports(source: string, file: string): Imports {
  const isTypeScript = /\.[cm]?tsx?$/.test(file);
  const tokens = withoutBlanks(jsTokens(source, { jsx: !/\.[cm]?ts$/.test(file) }));
  const found = { statically: [] as string[], dynamically: [] as string[], required: [] as string[] };
  const names = new Set<string>();
  let isModule = false;
  /** Set within an import or export statement: whether it names values or types. */
  let clause: 'values' | 'types' | undefined;
  for (const [index, { type, value }] of tokens.entries()) {
    const [before, next, second, third] = [-1, 1, 2, 3].map((offset) => tokens[index + offset]?.value ?? '');
    const text = literalText(tokens[index + (next === '(' ? 2 : 1)]);
    if (/^[;=(]$/.test(value)) clause = undefined;
    if (type !== 'IdentifierName') continue;
    names.add(value);
    if (before === '.' || /^[:,}]$/.test(next ?? '')) continue;
    if (value === 'from' && clause !== undefined && text !== undefined) {
      if (clause === 'values') found.statically.push(text);
      clause = undefined;
    } else if (value === 'require' && next === '(' && third === ')' && text !== undefined) {
      found.required.push(text);
    } else if (value === 'import' && next === '(') {
      const isType = isTypeScript && BEFORE_TYPE.test(before ?? '');
      if (text !== undefined && !isType && /^[),]$/.test(third ?? '')) found.dynamically.push(text);
    } else if (value === 'import' || value === 'export') {
      isModule = true;
      if (value === 'import' && text !== undefined) found.statically.push(text);
      // `type` is the name of a value in `import type from 'a'` and `import type, { b } from 'a'`.
      else clause = next === 'type' && !/^(?:from|,)$/.test(second ?? '') ? 'types' : 'values';
    }
  }
  return { ...found, isModule, names };
}

/** The tokens without white space and comments. */
function withoutBlanks(tokens: Iterable<Token | JSXToken>): (Token | JSXToken)[] {
  const code: (Token | JSXToken)[] = [];
  for (const token of tokens) {
    if ('closed' in token && !token.closed) throw new SyntaxError(`${token.type} without an end`);
    if (!BLANK.test(token.type)) code.push(token);
  }
  if (code.at(-1)?.type === 'JSXText') throw new SyntaxError('an element without an end');
  return code;
}

/** The text of a string, or of a template without expressions; `undefined` for other tokens. */
function literalText(token: Token | JSXToken | undefined): string | undefined {
  const isText = token?.type === 'StringLiteral' || token?.type === 'NoSubstitutionTemplate';
  return isText ? token.value.slice(1, -1) : undefined;
}
