/** Prints the changelog's entry of a version: `node scripts/release/notes.ts 1.2.3`. */
import { readFile } from 'node:fs/promises';
import { notesOf } from './changelog.ts';

const [version = ''] = process.argv.slice(2);
process.stdout.write(notesOf(await readFile('CHANGELOG.md', 'utf8'), version));
