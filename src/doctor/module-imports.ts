import { type ParserPlugin, parse } from '@babel/parser';
import { arrayField, asObject, field, type PayloadObject, textField } from '../util/payload.ts';

/** What a source file imports, as far as its text tells. */
export interface ModuleImports {
  /** By `import … from` and `export … from`. Types import nothing. */
  readonly statically: readonly string[];
  /** By `import('…')`. */
  readonly dynamically: readonly string[];
  /** By `require('…')`. */
  readonly required: readonly string[];
  /** Its syntax is that of an ES module. */
  readonly isModule: boolean;
  readonly names: ReadonlySet<string>;
}

type Imports = { readonly [How in 'statically' | 'dynamically' | 'required']: string[] };

/** What belongs to a node, but is no code below it. */
const BESIDE_CODE: ReadonlySet<string> = new Set([
  ...['loc', 'extra', 'leadingComments', 'innerComments', 'trailingComments'],
]);

/**
 * Reads the imports of JavaScript, TypeScript or JSX, without running it.
 *
 * @param file its name, which tells the language
 * @throws when it cannot be parsed
 */
export function readImports(source: string, file: string): ModuleImports {
  const { program } = parse(source, {
    sourceType: 'unambiguous',
    plugins: pluginsFor(file),
    allowReturnOutsideFunction: true,
    allowUndeclaredExports: true,
    createImportExpressions: true,
  });
  const found: Imports = { statically: [], dynamically: [], required: [] };
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    const fields = asObject(node) ?? {};
    readNode(fields, found, names);
    for (const [key, value] of Object.entries(fields)) if (!BESIDE_CODE.has(key)) visit(value);
  };
  visit(program);
  return { ...found, isModule: program.sourceType === 'module', names };
}

/** JSX and the type assertions of TypeScript exclude each other. */
function pluginsFor(file: string): ParserPlugin[] {
  const isTypeScript = /\.[cm]?tsx?$/.test(file);
  return [
    'decorators-legacy',
    'explicitResourceManagement',
    ...(isTypeScript ? (['typescript'] as const) : []),
    ...(/\.[cm]?ts$/.test(file) ? [] : (['jsx'] as const)),
  ];
}

function readNode(node: PayloadObject, found: Imports, names: Set<string>): void {
  const specifier = (value: unknown, how: keyof Imports): void => {
    const text = literalText(value);
    if (text !== undefined) found[how].push(text);
  };
  switch (node.type) {
    case 'Identifier':
      names.add(textField(node, 'name') ?? '');
      break;
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (node.importKind !== 'type' && node.exportKind !== 'type') specifier(node.source, 'statically');
      break;
    case 'ImportExpression':
      specifier(node.source, 'dynamically');
      break;
    case 'TSExternalModuleReference':
      specifier(node.expression, 'required');
      break;
    case 'CallExpression':
      if (textField(node.callee, 'name') === 'require') specifier(field(node.arguments, 0), 'required');
  }
}

/** The text of a string, or of a template without expressions. */
function literalText(node: unknown): string | undefined {
  const quasis = arrayField(node, 'quasis');
  return quasis.length === 1 ? textField(field(quasis[0], 'value'), 'cooked') : textField(node, 'value');
}
