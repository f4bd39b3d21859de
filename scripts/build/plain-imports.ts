import type { Rolldown } from 'tsdown';

/** Finds imports of a default or a namespace. The bundler converts them to an object with a copy of each export. */
const CONVERTED = /^let ([\w$]+) = require\("([^"]+)"\);\n\1 = ([\w$]+)\.[\w$]+\(\1, 1\);$/gm;
const RUNTIME = /^const ([\w$]+) = require\("\.\/rolldown-runtime[^"]*"\);\n/m;

/**
 * Makes files import Node's own modules and the OpenTelemetry API without that conversion. The bundler's helper file,
 * which converts, is no longer imported if nothing else needs it.
 */
export function plainImports(): Rolldown.Plugin {
  return {
    name: 'plain imports',
    renderChunk(code) {
      const plain = code.replaceAll(CONVERTED, (converted, name: string, source: string) => {
        const uses = [
          ...code.matchAll(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b(?!\\()(\\.default\\b)?`, 'g')),
        ];
        // Three uses belong to the import itself: its declaration, and two in the conversion.
        const asDefault = uses.filter(([, member]) => member !== undefined).length;
        if (source.startsWith('node:') && asDefault === uses.length - 3)
          return `const ${name} = { default: require("${source}") };`;
        return source === '@opentelemetry/api' && asDefault === 0
          ? `const ${name} = require("${source}");`
          : converted;
      });
      const runtime = RUNTIME.exec(plain);
      const isUsed = runtime !== null && plain.includes(`${runtime[1]}.`);
      return runtime === null || isUsed ? plain : plain.replace(runtime[0], '');
    },
  };
}
