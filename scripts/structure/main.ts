/**
 * Prints the structure of `src/`: rooms and arrows between them, what runs against the layers, circles, loose files,
 * names that are declared twice, and lines by folder. `test/architecture.test.ts` holds the figures.
 *
 *   npm run structure
 */
import { readSource } from './source.ts';
import { type Arrow, describeStructure } from './structure.ts';

const structure = describeStructure(readSource());

function section(title: string, rows: readonly string[]): void {
  console.log([`${title}: ${rows.length}`, ...rows.map((row) => `  ${row}`)].join('\n'));
}

function describeArrow({ from, to, imports }: Arrow): string {
  return `${from} -> ${to}: ${imports.join(', ')}`;
}

console.log(`Folders and loose files: ${structure.rooms.length}`);
console.log(`Arrows between rooms: ${structure.arrows.length}`);
section('Arrows up', structure.arrowsUp.map(describeArrow));
section('Arrows up, of types alone', structure.typeArrowsUp.map(describeArrow));
section(
  'Circles of files',
  structure.circles.map((files) => files.join(' ')),
);
section('Files at the root of src/', structure.looseFiles);
section(
  'Names declared more than once',
  [...structure.sharedNames].map(([name, files]) => `${name}: ${files.join(' ')}`),
);
console.log('Lines by folder:');
for (const [folder, lines] of structure.linesByFolder) console.log(`  ${folder.padEnd(16)} ${lines}`);
