import type { Rolldown } from 'tsdown';

/** Only what never changes once it is loaded: our own files, and the API of OpenTelemetry. */
const REQUIRED = /^(?:const|let|var) ([\w$]+) = require\("(?:\.\/[^"]+|@opentelemetry\/api)"\);$/gm;
const GETTER =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{\s*enumerable: true,\s*get: function ?\(\) \{\s*return ([\w$]+);\s*\}\s*\}\);$/gm;

/**
 * Has files export values, and take what they import once. The bundler has each use of an import ask a getter of the
 * file that exports it, for the sake of bindings that change, which costs more than most functions of ours do.
 */
export function plainBindings(): Rolldown.Plugin {
  return {
    name: 'plain bindings',
    renderChunk(code) {
      const names = [...code.matchAll(REQUIRED)].map(([, name = '']) => name);
      return names.reduce(takeOnce, code).replaceAll(GETTER, 'exports.$1 = $2;');
    },
    generateBundle(_, bundle) {
      for (const name of Object.keys(bundle)) failOnCircle(name, bundle, []);
    },
  };
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

/** What is taken once has to be there by then. */
function failOnCircle(name: string, bundle: Rolldown.OutputBundle, above: readonly string[]): void {
  if (above.includes(name)) throw new Error(`Files import each other: ${[...above, name].join(', ')}`);
  const chunk = bundle[name];
  if (chunk?.type !== 'chunk') return;
  for (const imported of chunk.imports) failOnCircle(imported, bundle, [...above, name]);
}
