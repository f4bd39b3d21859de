import { expect, test } from 'vitest';
import { readImports } from '../../src/doctor/module-imports.ts';

test.each([
  [`import 'a';`, ['a']],
  [`import a from 'a'; import * as b from "b";`, ['a', 'b']],
  [`import a, {\n  b as c, // import 'x'\n} from 'a'`, ['a']],
  [`export { a } from 'a'; export * from 'b'; export * as c from 'c';`, ['a', 'b', 'c']],
  [`export { a };\nimport 'b';`, ['b']],
  [`export const a = 1;\nconst from = 'x';\nimport b from 'b';`, ['b']],
  [`#!/usr/bin/env node\nimport 'a';`, ['a']],
  [`import type { A } from 'a'; export type { B } from 'b';`, []],
  [`import type from 'a'; import type, { b } from 'b';`, ['a', 'b']],
  [`import { createRequire } from 'node:module';`, ['node:module']],
])('static imports: %s', (source, specifiers) => {
  expect(readImports(source)).toMatchObject({ statically: specifiers, hasModuleSyntax: true });
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
  const { statically, dynamically, required } = readImports(source);
  expect([...statically, ...dynamically, ...required]).toEqual([]);
});

test('finds dynamic imports and calls of require', () => {
  expect(
    readImports(`
      const a = require('a'), { b } = require("b");
      const c = await import('c');
      const text = \`\${await import('d')} and { \${{ a: require('e') }.a} }\`;
      import f = require('f');
      require(name); import(name);
    `),
  ).toMatchObject({ dynamically: ['c', 'd'], required: ['a', 'b', 'e', 'f'] });
});

test('collects the names in the code, without comments and strings', () => {
  const { names } = readImports('instrumentOpenAI(client); // flush()\nconst text = "traced";');
  expect([...names]).toEqual(['instrumentOpenAI', 'client', 'const', 'text']);
});

test.each([
  ['a template that is never closed', '`'.padEnd(300_000, 'a')],
  ['strings that are never closed', `"\\"`.repeat(100_000)],
  ['slashes', 'a = / / / '.repeat(50_000)],
  ['nested templates', '`${'.repeat(100_000)],
  ['import statements without an end', 'import { a '.repeat(20_000)],
])('adversarial text does not stall it: %s', (_, source) => {
  expect(readImports(source).required).toEqual([]);
});

// In quadratic time each of these takes minutes.
test.each(['/[', '=/a[', '`\\', '\\"', "\\'", 'import{', '{ import '])(
  'reads %j, repeated, in linear time',
  (piece) => {
    expect(readImports(piece.repeat(1_000_000 / piece.length)).required).toEqual([]);
  },
);

test('what stands after a text without an end is read', () => {
  const source = `a = 'b\nrequire('c');\nd = /[/\nrequire('e'); </p> require('f')`;
  expect(readImports(source).required).toEqual(['c', 'e', 'f']);
});
