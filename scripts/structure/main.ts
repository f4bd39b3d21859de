/**
 * Prints the structure of `src/`: folders and the dependencies between them, imports that violate the layers, import
 * cycles, files at the root, and names declared more than once. `test/architecture.test.ts` checks it.
 *
 *   npm run structure
 */
import { readSource } from './source.ts';
import { type Dependency, describeStructure } from './structure.ts';

const structure = describeStructure(readSource());

function section(title: string, rows: readonly string[]): void {
  console.log([`${title}: ${rows.length}`, ...rows.map((row) => `  ${row}`)].join('\n'));
}

function describeDependency({ from, to, imports }: Dependency): string {
  return `${from} -> ${to}: ${imports.join(', ')}`;
}

console.log(`Folders and root files: ${structure.folders.length}`);
console.log(`Dependencies between top-level folders: ${structure.dependencies.length}`);
section('Upward imports', structure.upwardImports.map(describeDependency));
section('Upward imports of types only', structure.upwardTypeImports.map(describeDependency));
section(
  'Import cycles',
  structure.cycles.map((files) => files.join(' ')),
);
section(
  'Import cycles, with imports of types only',
  structure.typeCycles.map((files) => files.join(' ')),
);
section('Files at the root of src/', structure.rootFiles);
section(
  'Names declared more than once',
  [...structure.sharedNames].map(([name, files]) => `${name}: ${files.join(' ')}`),
);
