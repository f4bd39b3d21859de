import type { Rolldown } from 'tsdown';

/** An import of a default or a namespace. The object that the bundler makes for it copies each export. */
const CONVERTED = /^let ([\w$]+) = require\("([^"]+)"\);\n\1 = ([\w$]+)\.[\w$]+\(\1, 1\);$/gm;
const RUNTIME = /^const ([\w$]+) = require\("\.\/rolldown-runtime[^"]*"\);\n/m;

/**
 * Has files import Node's own modules and the API of OpenTelemetry as they are, and not the bundler's file for it,
 * where nothing else needs that.
 */
export function plainImports(): Rolldown.Plugin {
  return {
    name: 'plain imports',
    renderChunk(code) {
      const plain = code.replaceAll(CONVERTED, (converted, name: string, source: string) => {
        const uses = [
          ...code.matchAll(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b(?!\\()(\\.default\\b)?`, 'g')),
        ];
        // Three of them are its own: where it is declared, where it is converted, and what is.
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
