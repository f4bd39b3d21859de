import jsTokens from 'js-tokens';

export interface Imports {
  /** Imports of types are left out. `export … from` counts as `import`. */
  readonly imports: readonly { readonly specifier: string; readonly by: 'import' | 'import()' | 'require' }[];
  readonly hasModuleSyntax: boolean;
}

const BLANK = /^(?:WhiteSpace|LineTerminatorSequence|(?:Multi|Single)LineComment|HashbangComment)$/;
const STRING = /^(?:StringLiteral|NoSubstitutionTemplate)$/;

/** @param file its extension determines the language */
export function readImports(source: string, file: string): Imports {
  const imports: Imports['imports'][number][] = [];
  let hasModuleSyntax = false;
  /** Whether the last import or export statement has only types. */
  let isOfTypes = false;
  const tokens = [...jsTokens(source, { jsx: !/\.[cm]?ts$/.test(file) })].filter(
    ({ type }) => !BLANK.test(type),
  );
  for (const [index, { type, value }] of tokens.entries()) {
    const [third, second, before, next = '', after = ''] = [-3, -2, -1, 1, 2].map(
      (offset) => tokens[index + offset]?.value,
    );
    if (/^(?:im|ex)port$/.test(value) && before !== '.' && !/^[(.:,}]$/.test(next)) {
      hasModuleSyntax = true;
      // `type` is the name of a value in `import type from 'a'` and `import type, { b } from 'a'`.
      isOfTypes = next === 'type' && !/^(?:from|,)$/.test(after);
    } else if (STRING.test(type)) {
      const specifier = value.slice(1, -1);
      const isCall = before === '(' && third !== '.' && /^[),]$/.test(next);
      if (before === 'import' || (before === 'from' && !isOfTypes)) imports.push({ specifier, by: 'import' });
      else if (isCall && second === 'import') imports.push({ specifier, by: 'import()' });
      else if (isCall && second === 'require') imports.push({ specifier, by: 'require' });
    }
  }
  return { imports, hasModuleSyntax };
}
