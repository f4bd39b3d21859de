import type { Rolldown } from 'tsdown';

/**
 * Writes an ES module beside each CommonJS entry, which exports the same. With only one implementation, the package
 * has half the size, and a program that uses both has no second state.
 */
export function esModules(entries: readonly string[]): Rolldown.Plugin {
  return {
    name: 'es-modules',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.isEntry || !entries.includes(chunk.name)) continue;
        if (!chunk.fileName.endsWith('.cjs')) continue;
        const from = `'./${chunk.name}.cjs'`;
        // For Node, the default export of a CommonJS module is the object with all its exports.
        const exported = chunk.exports.filter((name) => name !== 'default');
        const names = exported.length === 0 ? '' : `export { ${exported.join(', ')} } from ${from};\n`;
        this.emitFile({ type: 'asset', fileName: `${chunk.name}.mjs`, source: names || `import ${from};\n` });
        this.emitFile({ type: 'asset', fileName: `${chunk.name}.d.mts`, source: `export * from ${from};\n` });
      }
    },
  };
}
