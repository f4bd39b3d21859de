import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Check, findingsOf } from '../../src/doctor/check.ts';
import { printChecks } from '../../src/doctor/command.ts';
import type { Finding, FindingCode } from '../../src/doctor/index.ts';
import { examineProject } from '../../src/doctor/project.ts';

const OURS = 'opentelemetry-instrumentation-openai';
/** What a project has that needs nothing. */
const HEALTHY = { openai: '7.55.0', '@opentelemetry/sdk-node': '0.301.0', [OURS]: '0.1.0' };

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await rm(project, { recursive: true });
});

async function write(file: string, content: unknown): Promise<void> {
  const path = join(project, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

/** Puts packages into a `node_modules` folder of the project. */
async function install(packages: Readonly<Record<string, string>>, folder = 'node_modules'): Promise<void> {
  for (const [name, version] of Object.entries(packages))
    await write(`${folder}/${name}/package.json`, { name, version });
}

function examine(environment: Record<string, string> = {}, folder = project): readonly Check[] {
  return examineProject({ project: folder, environment });
}

function findings(environment: Record<string, string> = {}, folder = project): Finding[] {
  return findingsOf(examine(environment, folder));
}

function codes(environment: Record<string, string> = {}, folder = project): FindingCode[] {
  return findings(environment, folder).map(({ code }) => code);
}

test('a complete project has no findings', async () => {
  await write('package.json', { type: 'module', dependencies: HEALTHY });
  await install(HEALTHY);
  expect(codes()).toEqual([]);
});

test('an empty folder lacks openai and an SDK', () => {
  expect(codes()).toEqual(['openai_not_installed', 'no_sdk_installed']);
});

describe('SDK 3 with the API of SDK 2 is reported', () => {
  const api = '@opentelemetry/api';

  test('once for each package of it', async () => {
    await install({ ...HEALTHY, [api]: '1.9.1', '@opentelemetry/sdk-trace': '3.1.1' });
    const found = findings();
    expect(found.map(({ code }) => code)).toEqual(['api_too_old', 'api_too_old']);
    expect(found.map(({ message }) => message).join()).toContain('@opentelemetry/sdk-node 0.301.0 requires');
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['its own copy of the API', { [api]: '1.9.1' }, { [api]: '1.10.0' }],
    ['the right API', { [api]: '1.10.0' }, {}],
    ['an older SDK', { [api]: '1.9.1', '@opentelemetry/sdk-node': '0.223.0' }, {}],
  ])('but not with %s', async (_, packages, nested) => {
    await install({ ...HEALTHY, ...packages });
    await install(nested, 'node_modules/@opentelemetry/sdk-node/node_modules');
    expect(codes()).toEqual([]);
  });
});

describe('packages are found:', () => {
  beforeEach(() => install(HEALTHY));

  test('those of dependencies, where pnpm has links to them', async () => {
    await rm(join(project, 'node_modules/openai'), { recursive: true });
    await install({ openai: '7.55.0' }, 'node_modules/.pnpm/openai@7.55.0/node_modules');
    await mkdir(join(project, 'node_modules/.pnpm/node_modules'));
    await symlink(
      '../openai@7.55.0/node_modules/openai',
      join(project, 'node_modules/.pnpm/node_modules/openai'),
    );
    expect(codes()).toEqual([]);
  });

  test('openai of an untested version', async () => {
    await install({ openai: '4.10.0' });
    expect(codes()).toEqual(['openai_untested']);
  });

  test.each([
    ['@langfuse/openai', 'observeOpenAI'],
    ['dd-trace', 'DD_TRACE_OPENAI_ENABLED=false'],
  ])('%s, whose spans stand beside ours', async (name, remedy) => {
    await install({ [name]: '6.0.0' });
    expect(codes()).toEqual(['other_instrumentation_installed']);
    expect(findings()[0]?.message).toContain('has two spans, one from each package.');
    expect(findings()[0]?.action).toContain(remedy);
  });

  test.each([
    ['langsmith', 'LangChain brings it'],
    ['@sentry/node', 'it has other uses'],
  ])('%s alone is no finding: %s', async (name) => {
    await install({ [name]: '1.0.0' });
    expect(codes()).toEqual([]);
  });

  test('portkey-ai, whose client sends calls past openai', async () => {
    await install({ 'portkey-ai': '3.1.0' });
    expect(codes()).toEqual(['calls_past_openai']);
  });

  test.each(['ai', '@mastra/core'])('%s, which calls models without openai', async (name) => {
    await install({ [name]: '7.0.173' });
    expect(codes()).toEqual(['ai_sdk_installed']);
    expect(findings()[0]).toMatchObject({
      severity: 'information',
      message: expect.stringContaining(name),
      action: expect.stringContaining('docs/frameworks.md'),
    });
  });

  test.each(['0.0.17', '0.1.11', '0.3.8', '0.3.0-beta.1'])(
    '@openai/agents %s, whose agents cannot be recorded',
    async (version) => {
      await install({ '@openai/agents-core': version });
      expect(codes()).toEqual(['agents_too_old']);
      expect(findings()[0]).toMatchObject({
        severity: 'warning',
        message: expect.stringContaining(version),
        action: expect.stringContaining('0.3.9'),
      });
    },
  );

  test.each(['0.3.9', '0.3.10', '0.20.0', '1.0.0', 'none'])(
    'no finding for @openai/agents %s',
    async (version) => {
      await install({ '@openai/agents-core': version });
      expect(codes()).toEqual([]);
    },
  );

  test('unreadable manifests are skipped', async () => {
    await write('node_modules/dd-trace/package.json', '{');
    await write('package.json', 'none');
    expect(codes()).toEqual([]);
  });
});

describe('in a package of a workspace', () => {
  const inPackage = (): FindingCode[] => codes({}, join(project, 'packages/app'));
  beforeEach(async () => {
    await write('package.json', { workspaces: ['packages/*'] });
    await write('packages/app/package.json', { type: 'module', devDependencies: { webpack: '*' } });
    await install(HEALTHY);
  });

  test('packages at the workspace root are found, and nearer ones take precedence', async () => {
    expect(inPackage()).toEqual(['openai_bundled']);
    await install({ openai: '4.10.0' }, 'packages/app/node_modules');
    expect(inPackage()).toEqual(['openai_untested', 'openai_bundled']);
  });

  test('packages of other workspace packages are ignored', async () => {
    await install({ openai: '4.10.0' }, 'packages/other/node_modules');
    await symlink(join(project, 'packages/other'), join(project, 'node_modules/other'));
    expect(inPackage()).toEqual(['openai_bundled']);
  });

  test('a subfolder has the package.json above it', async () => {
    await mkdir(join(project, 'packages/app/src'));
    expect(codes({}, join(project, 'packages/app/src'))).toEqual(['openai_bundled']);
  });
});

describe('a complete project is checked for', () => {
  beforeEach(() => install(HEALTHY));

  test('bundlers', async () => {
    await write('package.json', { devDependencies: { next: '*', esbuild: '*' } });
    expect(findings()).toEqual([
      expect.objectContaining({
        code: 'openai_bundled',
        severity: 'information',
        message: expect.stringContaining('next, esbuild'),
        action: expect.stringContaining('docs/bundlers.md'),
      }),
    ]);
  });

  test('invalid environment variables', () => {
    expect(codes({ OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS: 'sometimes' })).toEqual(['option_not_accepted']);
  });

  test('recorded content', () => {
    expect(codes({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' })).toEqual([
      'content_recorded',
    ]);
  });
});

test('escapes control characters in text from a project', async () => {
  await install({ ...HEALTHY, openai: '8.0.0\u001b[2J\u202e' });
  const printed: string[] = [];
  printChecks(examine(), { write: (text) => printed.push(text) });
  expect(printed.join('')).toContain('openai 8.0.0␛[2J');
  expect(printed.join('')).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});
