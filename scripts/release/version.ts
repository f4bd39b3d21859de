/**
 * A part of `npm version`, which runs it after changing package.json and the lockfile. Sets the version that spans
 * have, and moves the entries under Unreleased below a heading of their own. An error stops the release.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { released, withVersion } from './changelog.ts';

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
const today = new Date().toISOString().slice(0, 10);
await rewrite('CHANGELOG.md', (text) => released(text, version, today));
await rewrite('src/util/version.ts', (text) => withVersion(text, version));

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}
