import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { released, withVersion } from '../../scripts/release/changelog.ts';
import { type Manifest, REGISTRY_ENTRY, registryEntry } from '../../scripts/release/setting.ts';

const ADDRESS = 'https://github.com/acme/openai-traces';
const FILES = ['package.json', 'CHANGELOG.md', 'src/util/version.ts', REGISTRY_ENTRY];

/** A copy of what a release changes. */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file));
  }
  // As it is before anybody has set it.
  const { repository: _, homepage: __, bugs: ___, ...manifest } = manifestOf();
  writeManifest(manifest as Manifest);
  writeFileSync(join(folder, REGISTRY_ENTRY), registryEntry(manifest as Manifest, '2026-11-24'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function manifestOf(): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function writeManifest(manifest: Manifest): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}

function run(script: string, parameter = '', environment: Readonly<Record<string, string>> = {}) {
  const { GITHUB_REPOSITORY: _, ...rest } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [resolve('scripts/release', script), parameter], {
    cwd: folder,
    env: { ...rest, ...environment },
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe('npm run repository', () => {
  const REFUSED = { status: 1, stderr: expect.stringContaining('Set the repository: npm run repository') };

  test('writes all fields, and the entry for the registry, from one address', () => {
    expect(run('repository.ts', `${ADDRESS}.git`)).toEqual({ status: 0, stderr: '' });
    const { repository, homepage, bugs, name } = manifestOf();
    expect({ repository, homepage, bugs }).toEqual({
      repository: { type: 'git', url: `git+${ADDRESS}.git` },
      homepage: `${ADDRESS}#readme`,
      bugs: { url: `${ADDRESS}/issues` },
    });
    expect(parse(readFileSync(join(folder, REGISTRY_ENTRY), 'utf8'))).toMatchObject({
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
    expect(run('repository.ts', '--check')).toEqual({ status: 0, stderr: '' });
    expect(run('repository.ts', '--check', { GITHUB_REPOSITORY: 'acme/openai-traces' }).status).toBe(0);
  });

  test('refuses a release until it is set', () => {
    expect(run('repository.ts', '--check')).toEqual(REFUSED);
  });

  test.each([
    'https://github.com/owner/name',
    'https://github.com/your-organization/openai-traces',
    'https://github.com/acme/<name>',
    'https://example.com/acme/openai-traces',
    'acme/openai-traces',
    '',
  ])('refuses %j, and leaves everything as it is', (address) => {
    const before = FILES.map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(run('repository.ts', address)).toEqual(REFUSED);
    expect(FILES.map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(before);
    writeManifest({ ...manifestOf(), repository: { type: 'git', url: address } });
    expect(run('repository.ts', '--check')).toEqual(REFUSED);
  });

  test.each(['homepage', 'bugs'])('refuses a release whose %s is of another repository', (field) => {
    run('repository.ts', ADDRESS);
    writeManifest({ ...manifestOf(), [field]: 'https://github.com/acme/other' });
    expect(run('repository.ts', '--check')).toEqual({
      status: 1,
      stderr: `package.json: ${field} differs from the repository: npm run repository -- ${ADDRESS}\n`,
    });
  });

  test('refuses a release with an entry of another repository, or from another one', () => {
    run('repository.ts', ADDRESS);
    const entry = readFileSync(join(folder, REGISTRY_ENTRY), 'utf8');
    writeFileSync(
      join(folder, REGISTRY_ENTRY),
      entry.replace(`repo: ${ADDRESS}`, 'repo: https://github.com/acme/other'),
    );
    expect(run('repository.ts', '--check').stderr).toContain(REGISTRY_ENTRY);
    writeFileSync(join(folder, REGISTRY_ENTRY), entry);
    expect(run('repository.ts', '--check', { GITHUB_REPOSITORY: 'fork/openai-traces' })).toEqual({
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
    writeManifest({ ...manifestOf(), version: '98.7.6' });
    expect(run('version.ts')).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(join(folder, 'src/util/version.ts'), 'utf8')).toContain("VERSION = '98.7.6'");
    const [before, after] = ['.', folder].map((place) => readFileSync(join(place, 'CHANGELOG.md'), 'utf8'));
    const heading = `## [98.7.6] - ${new Date().toISOString().slice(0, 10)}`;
    expect(after).toBe(before?.replace('## [Unreleased]\n', `## [Unreleased]\n\n${heading}\n`));
  });

  const CHANGES = '# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [1.0.0] - 2026-01-01\n\n- Old.\n';

  test('keeps what was released before', () => {
    expect(released(CHANGES, '1.1.0', '2026-02-01')).toBe(
      CHANGES.replace('## [Unreleased]\n', '## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n'),
    );
  });

  test.each([
    ['nothing is unreleased', CHANGES.replace('- New.\n', ''), 'nothing to release'],
    ['the version is there', CHANGES.replace('1.0.0', '1.1.0'), 'already has ## [1.1.0]'],
    ['there is no heading', '# Changelog\n', 'nothing to release'],
  ])('stops if %s', (_, changelog, reason) => {
    expect(() => released(changelog, '1.1.0', '2026-02-01')).toThrow(reason);
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
