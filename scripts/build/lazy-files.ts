import type { Rolldown } from 'tsdown';

/** The fields of a syntax node that are read here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly id?: unknown;
  readonly name?: unknown;
}

/** Nodes whose code does not run when the file loads: the bodies of functions, and the values of fields. */
const LATER: ReadonlySet<string> = new Set([
  'ArrowFunctionExpression',
  'FunctionDeclaration',
  'FunctionExpression',
  'PropertyDefinition',
]);

/**
 * Makes some files of the build load on first use, although sources import them like any other file.
 * {@link sharedFiles} decides which sources these files contain.
 *
 * @param names the names of these files
 */
export function lazyFiles(names: readonly string[]): Rolldown.Plugin {
  const required = new RegExp(
    `^(?:const|let|var) ([\\w$]+) = require\\("(\\./(?:${names.join('|')})-[^"]+)"\\);$`,
    'gm',
  );
  return {
    name: 'lazy files',
    renderChunk(code, { fileName }) {
      const found = [...code.matchAll(required)];
      if (found.length === 0) return undefined;
      const program = this.parse(code);
      const lazy = found.reduce((text, [statement, name = '', file = '']) => {
        const use = usedAtOnce(program, name);
        if (use !== undefined) throw new Error(`${fileName} is loaded with ${file}: ${lineAt(use, code)}`);
        return calling(name, text).replace(statement, () => functionThatLoads(name, file));
      }, code);
      return `${lazy}\n${loadInJest(found.map(([, name = '']) => name))}\n`;
    },
    generateBundle(_, bundle) {
      for (const file of Object.keys(bundle)) failOnCircle(file, { bundle, names }, []);
    },
  };
}

interface Built {
  readonly bundle: Rolldown.OutputBundle;
  readonly names: readonly string[];
}

/** Fails on files that load each other at once: one of them would find the other incomplete. */
function failOnCircle(file: string, built: Built, above: readonly string[]): void {
  const chunk = built.bundle[file];
  if (chunk?.type !== 'chunk' || (above.length > 0 && built.names.includes(chunk.name))) return;
  if (above.includes(file)) throw new Error(`Files load each other: ${[...above, file].join(', ')}`);
  for (const imported of chunk.imports) failOnCircle(imported, built, [...above, file]);
}

/** Makes each use of a file call the function that loads it. After `new`, the call needs parentheses around it. */
function calling(name: string, code: string): string {
  const uses = new RegExp(`(\\bnew )?\\b${name.replaceAll('$', '\\$')}\\.([\\w$]+)`, 'g');
  return code.replaceAll(uses, (_, made: string | undefined, member: string) =>
    made === undefined ? `${name}().${member}` : `new (${name}().${member})`,
  );
}

function functionThatLoads(name: string, file: string): string {
  return `let loaded$${name};\nfunction ${name}() { return loaded$${name} ??= require("${file}"); }`;
}

/**
 * Loads the files early where Jest runs tests. A `require` after the last test, such as at the end of a call that no test
 * awaits, makes Jest fail although all tests pass. By the microtask, files that load each other are complete. Not judged
 * by a variable of the environment: to read one, Deno needs a permission.
 */
function loadInJest(names: readonly string[]): string {
  const loads = names.map((name) => `${name}()`).join(', ');
  return `if (typeof jest === "object") Promise.resolve().then(() => [${loads}]);`;
}

/** The first use of a name outside of functions. Its own declaration does not count. */
function usedAtOnce(node: Node, name: string): Node | undefined {
  if (LATER.has(node.type)) return undefined;
  if (node.type === 'VariableDeclarator' && isNode(node.id) && node.id.name === name) return undefined;
  if (node.type === 'Identifier') return node.name === name ? node : undefined;
  for (const child of Object.values(node).flat()) {
    const use = isNode(child) ? usedAtOnce(child, name) : undefined;
    if (use !== undefined) return use;
  }
  return undefined;
}

function lineAt({ start }: Node, code: string): string {
  return code.slice(code.lastIndexOf('\n', start) + 1, code.indexOf('\n', start)).trim();
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
