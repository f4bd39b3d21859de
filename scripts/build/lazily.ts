import type { Rolldown } from 'tsdown';

interface Lazy {
  /** What the module is imported as. */
  readonly source: string;
  /** The entry that it is built as. */
  readonly entry: string;
  /** What is imported of it. */
  readonly names: readonly string[];
}

/**
 * Has a module loaded when what it exports is first used, though the source imports it like any other. It is built as
 * a file of its own, which is no entry of the package.
 */
export function lazily({ source, entry, names }: Lazy): Rolldown.Plugin {
  const file = `./${entry}.cjs`;
  const required = new RegExp(`(?:const|let|var) (\\w+) = require\\(["']\\./${entry}\\.cjs["']\\);`);
  return {
    name: `lazily ${entry}`,
    resolveId: (id, importer) =>
      id === source && importer !== undefined ? { id: file, external: true } : undefined,
    renderChunk(code) {
      if (!code.includes(`${entry}.cjs`)) return undefined;
      const found = required.exec(code);
      if (found === null) throw new Error(`${file} is not required as it was`);
      const used = [...code.matchAll(new RegExp(`\\b${found[1]}\\.(\\w+)`, 'g'))].map(
        ([, name = '']) => name,
      );
      const unnamed = used.filter((name) => !names.includes(name));
      // It would be undefined in the built package.
      if (unnamed.length > 0) throw new Error(`${file} is used for ${unnamed}, which is not among its names`);
      const getters = names.map((name) => `get ${name}() { return require("${file}").${name}; }`);
      return code.replace(found[0], `const ${found[1]} = { ${getters.join(', ')} };`);
    },
  };
}
