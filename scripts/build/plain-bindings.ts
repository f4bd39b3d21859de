import type { Rolldown } from 'tsdown';

/** Finds imports whose exports never change after loading: our own files, and the OpenTelemetry API. */
const REQUIRED = /^(?:const|let|var) ([\w$]+) = require\("(?:\.\/[^"]+|@opentelemetry\/api)"\);$/gm;
const GETTER =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{\s*enumerable: true,\s*get: function ?\(\) \{\s*return ([\w$]+);\s*\}\s*\}\);$/gm;

const EXPORT = /^exports\.([\w$]+) = ([\w$]+);\n?/gm;
/** Marks for bundlers, which are useless here: no bundler removes unused parts of a CommonJS file. */
const PURE = /\/\* @__PURE__ \*\/ ?/g;

/**
 * Makes files export plain values, and read their imports only once. By default, the bundler makes each use of an
 * import call a getter of the exporting file, in case the binding changes. That takes longer than most functions here.
 */
export function plainBindings(later: readonly string[]): Rolldown.Plugin {
  return {
    name: 'plain bindings',
    renderChunk(code, { isEntry }) {
      const names = [...code.matchAll(REQUIRED)].map(([, name = '']) => name);
      const plain = names.reduce(takeOnce, code).replaceAll(GETTER, 'exports.$1 = $2;');
      return isEntry ? plain : exportTogether(plain);
    },
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle))
        if (chunk.type === 'chunk') chunk.code = chunk.code.replaceAll(PURE, '');
      for (const name of Object.keys(bundle)) failOnCircle(name, { bundle, later }, []);
    },
  };
}

/** Exports one object, which is shorter than an assignment per export. Entries keep theirs, which ES modules need. */
function exportTogether(code: string): string {
  const members = [...code.matchAll(EXPORT)].map(([, name, value]) => `${name}: ${value}`);
  const rest = code.replaceAll(EXPORT, '');
  // Only if the rest of the file neither reads nor assigns `exports`.
  if (members.length === 0 || /\bexports[.[]|\(exports\b/.test(rest)) return code;
  return `${rest}module.exports = { ${members.join(', ')} };\n`;
}

/** Destructures an import, whose name is unique. An import that is also used as a whole stays unchanged. */
function takeOnce(code: string, name: string): string {
  const escaped = name.replaceAll('$', '\\$');
  const declared = new RegExp(`^(?:const|let|var) ${escaped}(?= = require\\()`, 'm');
  const members = new Set<string>();
  const taken = code.replaceAll(new RegExp(`\\b${escaped}\\.([\\w$]+)`, 'g'), (_, member: string) => {
    members.add(member);
    return `${name}$${member}`;
  });
  const bindings = [...members].map((member) => `${member}: ${name}$${member}`).join(', ');
  const result = taken.replace(declared, () => `const { ${bindings} }`);
  return new RegExp(`\\b${escaped}\\b(?!\\$)`).test(result) ? code : result;
}

interface Built {
  readonly bundle: Rolldown.OutputBundle;
  readonly later: readonly string[];
}

/** Fails on a circle of imports: a file that reads its imports once needs them to be complete. */
function failOnCircle(name: string, built: Built, above: readonly string[]): void {
  const chunk = built.bundle[name];
  if (chunk?.type !== 'chunk' || (above.length > 0 && built.later.includes(chunk.name))) return;
  if (above.includes(name)) throw new Error(`Files import each other: ${[...above, name].join(', ')}`);
  for (const imported of chunk.imports) failOnCircle(imported, built, [...above, name]);
}
