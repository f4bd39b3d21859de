import { globSync, readFileSync } from 'node:fs';
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

test('there are workflows for tests, releases, security and the weekly compatibility check', () => {
  expect(WORKFLOWS.map(([name]) => name).toSorted()).toEqual([
    'codeql.yml',
    'release.yml',
    'scorecard.yml',
    'test.yml',
    'watch.yml',
  ]);
});

test.each(WORKFLOWS)(
  '%s runs existing scripts, has time limits, and gives write access to single jobs',
  (_, workflow) => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { steps, ...job } of Object.values(workflow.jobs)) {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
      const ran = steps.flatMap(({ run = '' }) =>
        [...run.matchAll(/npm run (\S+)/g)].map(([, name = '']) => name),
      );
      expect(ran.filter((name) => !(name in scripts))).toEqual([]);
      const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout'));
      expect(checkout?.with?.['persist-credentials']).toBe(false);
      // What scripts need is installed as the lockfile says.
      if (steps.some(({ run }) => run !== undefined))
        expect(steps.some(({ run }) => run === 'npm ci')).toBe(true);
    }
  },
);

test('actions are pinned by commit, each by one, with the version beside it', () => {
  const used = globSync('.github/workflows/*.yml')
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .flatMap((line) => /uses: (.+)/.exec(line)?.[1] ?? []);
  expect(used.filter((action) => !/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual(
    [],
  );
  const names = new Set(used.map((action) => action.replace(/@.*/, '')));
  expect(new Set(used).size).toBe(names.size);
});

test('a release checks its repository first, is tested, and is published with provenance', () => {
  const [, release] = WORKFLOWS.find(([name]) => name === 'release.yml') ?? [];
  const job = release?.jobs.publish;
  expect(job?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  const ran = job?.steps.flatMap(({ run }) => run ?? []) ?? [];
  expect(ran.slice(-3, -1)).toEqual(['npm run test:all', 'npm publish --dry-run']);
  expect(ran.at(-1)).toMatch(/\nnpm publish --provenance --access public\n$/);
  expect(ran.slice(0, -3)).toContain('npm run repository -- --check');
});

test('only the jobs that publish results and releases may write', () => {
  const writing = WORKFLOWS.flatMap(([name, { jobs }]) =>
    Object.entries(jobs).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions).flatMap(([what, access]) =>
        access === 'write' ? [`${name} ${job}: ${what}`] : [],
      ),
    ),
  );
  expect(writing).toEqual([
    'codeql.yml analyze: security-events',
    'release.yml publish: id-token',
    'release.yml notes: contents',
    'scorecard.yml analyze: security-events',
    'scorecard.yml analyze: id-token',
  ]);
});

test('a release on GitHub has the notes of its version and a list of its dependencies', () => {
  const [, release] = WORKFLOWS.find(([name]) => name === 'release.yml') ?? [];
  const ran = release?.jobs.notes?.steps.flatMap(({ run }) => run ?? []).join('\n');
  expect(ran).toContain('npm sbom --sbom-format cyclonedx > "$GITHUB_WORKSPACE/sbom.cdx.json"');
  expect(ran).toMatch(/^node scripts\/release\/notes\.ts .+ > notes\.md$/m);
  expect(ran).toContain('--notes-file notes.md sbom.cdx.json');
});

test('MAINTAINING asks for the secret that the workflows use, and says when to delete it', () => {
  const texts = globSync('.github/workflows/*.yml').map((file) => readFileSync(file, 'utf8'));
  const used = texts.flatMap((text) => [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name));
  const guide = readFileSync('MAINTAINING.md', 'utf8');
  const asked = [...guide.matchAll(/\b[A-Z]+(?:_[A-Z]+)*_(?:TOKEN|SECRET|KEY)\b/g)].map(([name]) => name);
  expect(new Set(asked)).toEqual(new Set(used));
  const [, release = ''] = guide.split('## Release');
  expect(release.split('\n## ')[0]).toMatch(
    /first version[\s\S]*NPM_TOKEN[\s\S]*Delete the token[\s\S]*release\.yml/,
  );
});
