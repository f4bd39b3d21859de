import { expect, test } from 'vitest';
import { parseFile } from '../scripts/structure/source.ts';
import { describeStructure } from '../scripts/structure/structure.ts';

const SEAM = `import { type A, B } from '../util/b.ts';
import type { C } from '../config/c.ts';
import { type D, type E } from './d.ts';
export { F } from './f.ts';
const later = () => import('./g.ts');
export class Seam {}
function local() {
  const inner = 1;
}
`;

test('a file is read into its value imports, type imports and declarations', () => {
  expect(parseFile('sdk/seam.ts', SEAM)).toEqual({
    path: 'sdk/seam.ts',
    lines: 9,
    imports: ['sdk/g.ts', 'util/b.ts', 'sdk/f.ts'],
    typeImports: ['config/c.ts', 'sdk/d.ts'],
    names: ['later', 'Seam', 'local'],
  });
});

test('upward imports, cycles and duplicate names are found', () => {
  const structure = describeStructure([
    parseFile('util/a.ts', "import { b } from '../sdk/b.ts';\nexport const a = b;\n"),
    parseFile('sdk/b.ts', "import { a } from '../util/a.ts';\nexport const b = 1;\nconst same = a;\n"),
    parseFile('sdk/c.ts', "import type { b } from '../hierarchy/d.ts';\nexport const same = 2;\n"),
    parseFile('hierarchy/d.ts', "import { b } from '../sdk/b.ts';\n"),
    parseFile('index.ts', "export { b } from './sdk/b.ts';\n"),
  ]);
  expect(structure.upwardImports.map(({ imports }) => imports)).toEqual([['util/a.ts -> sdk/b.ts']]);
  expect(structure.upwardTypeImports.map(({ imports }) => imports)).toEqual([['sdk/c.ts -> hierarchy/d.ts']]);
  expect(structure.cycles).toEqual([['sdk/b.ts', 'util/a.ts']]);
  expect(structure.typeCycles).toEqual([['sdk/b.ts', 'util/a.ts']]);
  expect([...structure.sharedNames]).toEqual([['same', ['sdk/b.ts', 'sdk/c.ts']]]);
  expect(structure.rootFiles).toEqual(['index.ts']);
});

test('files that import nothing but types of each other are a cycle, too', () => {
  const structure = describeStructure([
    parseFile('sdk/a.ts', "import type { B } from './b.ts';\nexport interface A extends B {}\n"),
    parseFile('sdk/b.ts', "import type { A } from './a.ts';\nexport type B = A | undefined;\n"),
  ]);
  expect(structure.cycles).toEqual([]);
  expect(structure.typeCycles).toEqual([['sdk/a.ts', 'sdk/b.ts']]);
});
