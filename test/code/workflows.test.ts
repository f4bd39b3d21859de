import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const WORKFLOWS: readonly (readonly [name: string, workflow: Workflow])[] = globSync(
  '.github/workflows/*.yml',
).map((file) => [file.replace(/.*\//, ''), parse(readFileSync(file, 'utf8')) as Workflow] as const);
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

test('there are workflows for tests, releases and the weekly compatibility check', () => {
  expect(WORKFLOWS.map(([name]) => name).toSorted()).toEqual(['release.yml', 'test.yml', 'watch.yml']);
});

test.each(WORKFLOWS)('%s runs existing scripts, has time limits, and has no write access', (_, workflow) => {
  expect(workflow.permissions).toEqual({ contents: 'read' });
  for (const { steps, ...job } of Object.values(workflow.jobs)) {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    const ran = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run (\S+)/g)].map(([, name = '']) => name),
    );
    expect(ran.filter((name) => !(name in scripts))).toEqual([]);
    const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout'));
    expect(checkout?.with?.['persist-credentials']).toBe(false);
    // What is installed is what the lockfile says.
    expect(steps.some(({ run }) => run === 'npm ci')).toBe(true);
  }
});

test('a release is rejected until the package names its repository', () => {
  const [, release] = WORKFLOWS.find(([name]) => name === 'release.yml') ?? [];
  const steps = release?.jobs.publish?.steps ?? [];
  const step = steps.findIndex(({ run = '' }) => run.includes('homepage'));
  expect(step).toBeGreaterThan(-1);
  expect(step).toBeLessThan(steps.findIndex(({ run = '' }) => run.startsWith('npm publish')));
  const check = (manifest: object): number | null => {
    const folder = mkdtempSync(join(tmpdir(), 'release-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    const { status } = spawnSync('bash', ['-c', steps[step]?.run ?? ''], { cwd: folder });
    rmSync(folder, { recursive: true });
    return status;
  };
  const whole = {
    repository: 'github:owner/name',
    homepage: 'https://example.com',
    bugs: 'https://example.com',
  };
  expect(check(whole)).toBe(0);
  for (const name of Object.keys(whole)) expect(check({ ...whole, [name]: undefined })).toBe(1);
});

test('a release is tested, checked and published with provenance', () => {
  const [, release] = WORKFLOWS.find(([name]) => name === 'release.yml') ?? [];
  const job = release?.jobs.publish;
  expect(job?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  const ran = job?.steps.flatMap(({ run }) => run ?? []) ?? [];
  expect(ran.slice(-3)).toEqual([
    'npm run test:all',
    'npm publish --dry-run',
    'npm publish --provenance --access public',
  ]);
});

test('CONTRIBUTING asks for the secrets that the workflows use, and for the first release by hand', () => {
  const texts = globSync('.github/workflows/*.yml').map((file) => readFileSync(file, 'utf8'));
  const used = texts.flatMap((text) => [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name));
  const guide = readFileSync('CONTRIBUTING.md', 'utf8');
  const asked = [...guide.matchAll(/\b[A-Z]+(?:_[A-Z]+)*_(?:TOKEN|SECRET|KEY)\b/g)].map(([name]) => name);
  expect(asked.filter((name) => !used.includes(name))).toEqual([]);
  const [, release = ''] = guide.split('## Release');
  expect(release.split('\n## ')[0]).toMatch(/first version by hand[\s\S]*release\.yml/);
});
