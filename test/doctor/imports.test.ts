import { expect, test } from 'vitest';
import { readImports } from '../../src/doctor/imports.ts';

type Read = { hasModuleSyntax: boolean } & Record<'statically' | 'dynamically' | 'required', string[]>;

function read(source: string, file = 'app.ts'): Read {
  const { imports, ...others } = readImports(source, file);
  const [statically = [], dynamically = [], required = []] = ['import', 'import()', 'require'].map((kind) =>
    imports.filter(({ by }) => by === kind).map(({ specifier }) => specifier),
  );
  return { ...others, statically, dynamically, required };
}

test.each([
  [`import 'a';`, ['a']],
  [`import a from 'a'; import * as b from "b";`, ['a', 'b']],
  [`import a, {\n  b as c, // import 'x'\n} from 'a'`, ['a']],
  [`export { a } from 'a'; export * from 'b'; export * as c from 'c';`, ['a', 'b', 'c']],
  [`export { a };\nimport 'b';`, ['b']],
  [`export const a = 1;\nconst from = 'x';\nimport b from 'b';`, ['b']],
  [`#!/usr/bin/env node\nimport 'a';`, ['a']],
  [`import type { A } from 'a'; export type { B } from 'b';`, []],
  [`import type from 'a';`, ['a']],
  [`import type, { b } from 'b';`, ['b']],
  [`import { createRequire } from 'node:module';`, ['node:module']],
])('static imports: %s', (source, specifiers) => {
  expect(read(source)).toMatchObject({ statically: specifiers, hasModuleSyntax: true });
});

test.each([
  '// import "a";',
  '/* import "a"; */',
  `const text = "import 'a'";`,
  `const text = \`import 'a'; \${'require("a")'} \`;`,
  'const pattern = /import "a"/;',
  'const half = 1 / 2; const other = "import x"; 3 / 4;',
  'const object = { import: 1, export: 2 }; object.import("a"); object.require("b");',
  'import.meta.resolve("a");',
  `load(import.meta.url, require, 'a');`,
])('text that looks like an import is ignored: %s', (source) => {
  const { statically, dynamically, required } = read(source);
  expect([...statically, ...dynamically, ...required]).toEqual([]);
});

test('finds dynamic imports and calls of require', () => {
  expect(
    read(`
      const a = require('a'), { b } = require("b");
      const c = await import('c');
      const text = \`\${await import('d')} and { \${{ a: require('e') }.a} }\`;
      import f = require('f');
      require(name); import(name);
    `),
  ).toMatchObject({ dynamically: ['c', 'd'], required: ['a', 'b', 'e', 'f'] });
});

test.each([
  ['app.tsx', `const a = <p title="it's">don't /* </p>; import 'a';`, ['a']],
  ['app.jsx', `export default () => <A b={1}>{'}'}</A>;\nexport * from 'b';`, ['b']],
  ['app.js', `const a = <b />; import 'c';`, ['c']],
  [
    'app.ts',
    `@Dec() class A<T> { constructor(@In() private a: T) {} }\nconst b = <T>(c as any)!; import 'd';`,
    ['d'],
  ],
  ['app.mts', `enum A { B }\nimport { type C, D } from 'e';\nexport type { F } from 'f';`, ['e']],
  [
    'app.mjs',
    `await using a = b; const c = /'/u.test(d) ? 1 / 2 : e?.f ?? g; import 'h' with { type: 'json' };`,
    ['h'],
  ],
])('the syntax of %s: %s', (file, source, specifiers) => {
  expect(read(source, file)).toMatchObject({ statically: specifiers, hasModuleSyntax: true });
});

// In quadratic time each of these takes minutes.
test.each([
  ...['/[', '=/a[', '`\\', '\\"', "\\'", 'import{', '{ import ', '`${', 'a(', '[', 'a = / / / ', '"\\"'],
  ...['import("a");', 'x?', 'a<b', 'a+', '//\n', '<a>'],
])('%j, repeated, does not stall it', (piece) => {
  const attempt = (): unknown => read(piece.repeat(1_000_000 / piece.length)).required;
  try {
    expect(attempt()).toEqual([]);
  } catch (error) {
    expect([SyntaxError, RangeError]).toContain((error as Error).constructor);
  }
});
