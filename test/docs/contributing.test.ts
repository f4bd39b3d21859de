import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const GUIDE = readFileSync('CONTRIBUTING.md', 'utf8');
const [, LAYOUT = ''] = /## Layout\n\n```text\n([\s\S]*?)```/.exec(GUIDE) ?? [];
const [SOURCES = ''] = LAYOUT.split('\nsemconv/');

test('the layout in CONTRIBUTING.md names every folder of src/ and every file at its root', () => {
  const entries = readdirSync('src', { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  const listed = SOURCES.split('\n')
    .slice(1)
    .flatMap((line) => line.trim().split(/ {3,}/)[0]?.split(' ') ?? [])
    .filter((name) => /^[\w-]+(?:\/|\.\w+)$/.test(name));
  expect(listed.toSorted()).toEqual(entries.toSorted());
});

test('every file that CONTRIBUTING.md names below src/ or in the viewer is there', () => {
  const [, table = ''] = /## Where to look\n\n.*\n\n([\s\S]*?)\n\n/.exec(GUIDE) ?? [];
  const files = [...table.matchAll(/`([\w/-]+\.tsx?)`/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(file.startsWith('viewer/') ? file : `src/${file}`))).toEqual([]);
});

test('every script of the package is in the table of CONTRIBUTING.md', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const described = [...GUIDE.matchAll(/^\| `npm (?:run )?([\w:-]+)`/gm)].map(([, name]) => name);
  expect(described.toSorted()).toEqual(
    Object.keys(scripts)
      .filter((name) => !name.startsWith('pre'))
      .toSorted(),
  );
});

test('every threat test is in the table of the threat model, and every row has a file', () => {
  const table = readFileSync('test/threats/README.md', 'utf8');
  const named = [...table.matchAll(/`([\w-]+\.test\.ts)`/g)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(globSync('*.test.ts', { cwd: 'test/threats' }).toSorted());
});
