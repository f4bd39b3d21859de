import type { Rolldown } from 'tsdown';

/** Only what never changes once it is loaded: our own files, and the API of OpenTelemetry. */
const REQUIRED = /^(?:const|let|var) ([\w$]+) = require\("(?:\.\/[^"]+|@opentelemetry\/api)"\);$/gm;
const GETTER =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{\s*enumerable: true,\s*get: function ?\(\) \{\s*return ([\w$]+);\s*\}\s*\}\);$/gm;

const EXPORT = /^exports\.([\w$]+) = ([\w$]+);\n?/gm;
/** Nobody can remove unused parts of a CommonJS file. */
const PURE = /\/\* @__PURE__ \*\/ ?/g;

/**
 * Has files export values, and take what they import once. The bundler has each use of an import ask a getter of the
 * file that exports it, for the sake of bindings that change, which costs more than most functions of ours do.
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

/** One object is shorter than an assignment for each export. Only entries are imported by name from ES modules. */
function exportTogether(code: string): string {
  const members = [...code.matchAll(EXPORT)].map(([, name, value]) => `${name}: ${value}`);
  const rest = code.replaceAll(EXPORT, '');
  // What is exported must not be read or assigned otherwise.
  if (members.length === 0 || /\bexports[.[]|\(exports\b/.test(rest)) return code;
  return `${rest}module.exports = { ${members.join(', ')} };\n`;
}

/** Names of imports are nobody else's: the bundler sees to that. One that is used as a whole stays as it is. */
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

/** What is taken once has to be there by then. */
function failOnCircle(name: string, built: Built, above: readonly string[]): void {
  const chunk = built.bundle[name];
  if (chunk?.type !== 'chunk' || (above.length > 0 && built.later.includes(chunk.name))) return;
  if (above.includes(name)) throw new Error(`Files import each other: ${[...above, name].join(', ')}`);
  for (const imported of chunk.imports) failOnCircle(imported, built, [...above, name]);
}
