import jsTokens, { type JSXToken, type Token } from 'js-tokens';

/** What a source file imports, as far as its text shows. */
export interface Imports {
  /** Without imports of types. `import` stands for `export … from`, too. */
  readonly imports: readonly { readonly specifier: string; readonly by: 'import' | 'import()' | 'require' }[];
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
  const imports: Imports['imports'][number][] = [];
  const found = (by: (typeof imports)[number]['by'], specifier: string | undefined): void => {
    if (specifier !== undefined) imports.push({ specifier, by });
  };
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
      if (clause === 'values') found('import', text);
      clause = undefined;
    } else if (value === 'require' && next === '(' && third === ')') {
      found('require', text);
    } else if (value === 'import' && next === '(') {
      const isType = isTypeScript && BEFORE_TYPE.test(before ?? '');
      if (!isType && /^[),]$/.test(third ?? '')) found('import()', text);
    } else if (value === 'import' || value === 'export') {
      isModule = true;
      if (value === 'import' && text !== undefined) found('import', text);
      // `type` is the name of a value in `import type from 'a'` and `import type, { b } from 'a'`.
      else clause = next === 'type' && !/^(?:from|,)$/.test(second ?? '') ? 'types' : 'values';
    }
  }
  return { imports, isModule, names };
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
