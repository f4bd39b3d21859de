import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { linkingFiles } from '../../scripts/release/address.ts';
import { notesOf, released, withVersion } from '../../scripts/release/changelog.ts';
import { type Manifest, REGISTRY_ENTRY, registryEntry } from '../../scripts/release/setting.ts';
import { newFolder } from '../support/folders.ts';

const ADDRESS = 'https://github.com/acme/openai-traces';
const OTHER = 'https://github.com/acme/other';
const FILES = ['package.json', 'CHANGELOG.md', 'src/util/version.ts', REGISTRY_ENTRY, ...linkingFiles()];

/** A copy of what a release changes, as it is before anybody has set the repository. */
let folder = '';
beforeEach(async () => {
  folder = await newFolder();
  for (const file of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file));
  }
  const { repository: _, homepage: __, bugs: ___, ...manifest } = manifestOf();
  write('package.json', JSON.stringify(manifest));
  write(REGISTRY_ENTRY, registryEntry(manifest as Manifest, '2026-11-24'));
});

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
const manifestOf = (): Manifest => JSON.parse(read('package.json'));
const setField = (field: object): void =>
  write('package.json', JSON.stringify({ ...manifestOf(), ...field }));

function run(script: string, parameter = '', environment: Readonly<Record<string, string>> = {}) {
  const { GITHUB_REPOSITORY: _, ...rest } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve('scripts/release', script), parameter],
    {
      cwd: folder,
      env: { ...rest, ...environment },
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}
const check = (environment?: Readonly<Record<string, string>>): ReturnType<typeof run> =>
  run('repository.ts', '--check', environment);

const DONE = { status: 0, stdout: '', stderr: '' };
const setTo = (address: string): typeof DONE => ({
  ...DONE,
  stdout: `The repository is ${address}, in every file that names it. Commit the changes.\n`,
});

describe('npm run repository', () => {
  const REFUSED = {
    ...DONE,
    status: 1,
    stderr: expect.stringContaining('Set the repository: npm run repository'),
  };

  test('writes all fields, and the entry for the registry, from one address', () => {
    expect(check()).toEqual(REFUSED);
    expect(run('repository.ts', `${ADDRESS}.git`)).toEqual(setTo(ADDRESS));
    const { repository, homepage, bugs, name } = manifestOf();
    expect({ repository, homepage, bugs }).toEqual({
      repository: { type: 'git', url: `git+${ADDRESS}.git` },
      homepage: `${ADDRESS}#readme`,
      bugs: { url: `${ADDRESS}/issues` },
    });
    expect(parse(read(REGISTRY_ENTRY))).toMatchObject({
      registryType: 'instrumentation',
      language: 'js',
      urls: { repo: ADDRESS, docs: `${ADDRESS}/tree/main/docs` },
      // The registry refuses authors with "OpenTelemetry" in their names, and those without an address.
      authors: [{ name: 'acme', url: 'https://github.com/acme' }],
      createdAt: new Date().toISOString().slice(0, 10),
      isNative: false,
      isFirstParty: false,
      package: { registry: 'npm', name },
    });
    expect(check()).toEqual(DONE);
    expect(check({ GITHUB_REPOSITORY: 'acme/openai-traces' })).toEqual(DONE);
  });

  test('fills the links, pictures and badges of every file that readers see, again for another repository', () => {
    const unfilled = linkingFiles().filter((file) => /\bOWNER\b/.test(read(file)));
    expect(unfilled).toContain('.github/CODEOWNERS');
    for (const [address, owner] of [
      [ADDRESS, 'acme'],
      ['https://github.com/globex/traces', 'globex'],
    ] as const) {
      expect(run('repository.ts', address)).toEqual(setTo(address));
      expect(linkingFiles().filter((file) => /\bOWNER\b/.test(read(file)))).toEqual([]);
      expect(read('.github/CODEOWNERS')).toContain(`* @${owner}\n`);
      expect(read('SECURITY.md')).toContain(`(${address}/security/advisories/new)`);
      const readme = read('README.md');
      const raw = address.replace('github.com', 'raw.githubusercontent.com');
      expect(readme).toContain(`](${raw}/main/docs/images/page-light.webp)`);
      expect(readme).toContain(`[![tests](${address}/actions/workflows/test.yml/badge.svg?branch=main)]`);
      expect(readme.match(/scorecard/gi)?.length).toBe(3);
      expect(read('docs/page.md')).toContain(`<img src="${raw}/main/docs/images/page-narrow.webp"`);
      expect(check()).toEqual(DONE);
    }
  });

  test.each(['README.md', '.github/CODEOWNERS', 'CODE_OF_CONDUCT.md'])(
    'refuses a release if %s is as it was before',
    (file) => {
      const before = read(file);
      run('repository.ts', ADDRESS);
      write(file, before);
      expect(check()).toEqual({
        ...DONE,
        status: 1,
        stderr: `${file} has other links: npm run repository -- ${ADDRESS}\n`,
      });
    },
  );

  test.each([
    'https://github.com/owner/name',
    'https://github.com/your-organization/openai-traces',
    'https://github.com/acme/<name>',
    'https://example.com/acme/openai-traces',
    'acme/openai-traces',
    '',
  ])('refuses %j, and leaves everything as it is', (address) => {
    const before = FILES.map(read);
    expect(run('repository.ts', address)).toEqual(REFUSED);
    expect(FILES.map(read)).toEqual(before);
    setField({ repository: { type: 'git', url: address } });
    expect(check()).toEqual(REFUSED);
  });

  test('refuses a release whose fields or entry name another repository, or that runs in one', () => {
    run('repository.ts', ADDRESS);
    const manifest = manifestOf();
    for (const field of ['homepage', 'bugs']) {
      setField({ [field]: OTHER });
      expect(check()).toEqual({
        ...DONE,
        status: 1,
        stderr: `package.json: ${field} differs from the repository: npm run repository -- ${ADDRESS}\n`,
      });
      setField(manifest);
    }
    const entry = read(REGISTRY_ENTRY);
    write(REGISTRY_ENTRY, entry.replace(`repo: ${ADDRESS}`, `repo: ${OTHER}`));
    expect(check().stderr).toContain(REGISTRY_ENTRY);
    write(REGISTRY_ENTRY, entry);
    expect(check({ GITHUB_REPOSITORY: 'fork/openai-traces' })).toEqual({
      ...DONE,
      status: 1,
      stderr: `The release runs in fork/openai-traces, but package.json says ${ADDRESS}.\n`,
    });
  });
});

test('the entry for the registry is that of the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const entry = readFileSync(REGISTRY_ENTRY, 'utf8');
  const { createdAt } = parse(entry) as { readonly createdAt: string };
  expect(createdAt).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(entry).toBe(registryEntry(manifest, createdAt));
});

describe('npm version', () => {
  test('moves the version of spans, and what was unreleased', () => {
    setField({ version: '98.7.6' });
    expect(run('version.ts')).toEqual(DONE);
    expect(read('src/util/version.ts')).toContain("VERSION = '98.7.6'");
    const before = readFileSync('CHANGELOG.md', 'utf8');
    const heading = `## [98.7.6] - ${new Date().toISOString().slice(0, 10)}`;
    expect(read('CHANGELOG.md')).toBe(before.replace('## [Unreleased]\n', `## [Unreleased]\n\n${heading}\n`));
  });

  const CHANGES = '# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [1.0.0] - 2026-01-01\n\n- Old.\n';

  test.each([
    ['nothing is unreleased', CHANGES.replace('- New.\n', ''), 'nothing to release'],
    ['the version is there', CHANGES.replace('1.0.0', '1.1.0'), 'already has ## [1.1.0]'],
    ['there is no heading', '# Changelog\n', 'nothing to release'],
  ])('stops if %s', (_, changelog, reason) => {
    expect(() => released(changelog, '1.1.0', '2026-02-01')).toThrow(reason);
  });

  test('has the notes of each version for its release on GitHub', () => {
    const after = released(CHANGES, '1.1.0', '2026-02-01');
    expect(notesOf(after, '1.1.0')).toBe('- New.\n');
    expect(notesOf(after, '1.0.0')).toBe('- Old.\n');
    expect(() => notesOf(after, '2.0.0')).toThrow('no entry for 2.0.0');
  });

  test('stops if there is no version to move', () => {
    expect(() => withVersion('export const NAME = 1;', '1.1.0')).toThrow('no VERSION');
  });

  test('runs both scripts, and commits what they change', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts.preversion).toContain('scripts/release/repository.ts --check');
    expect(scripts.version).toMatch(
      /scripts\/release\/version\.ts && git add CHANGELOG\.md src\/util\/version\.ts$/,
    );
  });
});
