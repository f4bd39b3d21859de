import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Finding, FindingCode } from '../../src/diagnostics/findings.ts';
import { type Check, findingsOf } from '../../src/doctor/check.ts';
import { printChecks, runDoctor } from '../../src/doctor/command.ts';
import { examineProject } from '../../src/doctor/project.ts';
import { newFolder } from '../support/folders.ts';

const OURS = 'opentelemetry-instrumentation-openai';
const API = '@opentelemetry/api';
/** What a project has that needs nothing. */
const HEALTHY = { openai: '7.55.0', '@opentelemetry/sdk-node': '0.301.0', [OURS]: '0.1.0' };

let project: string;
beforeEach(async () => {
  project = await newFolder();
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

const examine = (environment: Record<string, string> = {}, folder = project): readonly Check[] =>
  examineProject({ project: folder, environment });
const findings = (...about: Parameters<typeof examine>): Finding[] => findingsOf(examine(...about));
const codes = (...about: Parameters<typeof examine>): FindingCode[] =>
  findings(...about).map(({ code }) => code);

test('a complete project has no findings', async () => {
  await write('package.json', { type: 'module', dependencies: HEALTHY });
  await install(HEALTHY);
  expect(codes()).toEqual([]);
});

test('an empty folder lacks openai and an SDK, and its start script was not examined', () => {
  expect(codes()).toEqual(['openai_not_installed', 'no_sdk_installed']);
  expect(examine().find(({ subject }) => subject === 'start script')).toMatchObject({
    result: 'skipped',
    detail: expect.stringMatching(/ Give the command: npx \S+ doctor --start "node app\.mjs"$/),
  });
});

test('SDK 3 with the API of SDK 2 is reported once for each package of it', async () => {
  await install({ ...HEALTHY, [API]: '1.9.1', '@opentelemetry/sdk-trace': '3.1.1' });
  expect(codes()).toEqual(['api_too_old', 'api_too_old']);
  expect(findings()[0]?.message).toContain('@opentelemetry/sdk-node 0.301.0 requires');
});

describe('packages are found:', () => {
  beforeEach(() => install(HEALTHY));

  test('those of dependencies, where pnpm has links to them', async () => {
    await rm(join(project, 'node_modules/openai'), { recursive: true });
    await install({ openai: '7.55.0' }, 'node_modules/.pnpm/openai@7.55.0/node_modules');
    const links = join(project, 'node_modules/.pnpm/node_modules');
    await mkdir(links);
    await symlink('../openai@7.55.0/node_modules/openai', join(links, 'openai'));
    expect(codes()).toEqual([]);
  });

  const AGENTS = '@openai/agents-core';
  const TOO_OLD: Partial<Finding> = { code: 'agents_too_old', severity: 'warning' };
  const AI_SDK: Partial<Finding> = { code: 'ai_sdk_installed', severity: 'information' };
  test.each<[Record<string, string>, Partial<Finding>, message: string, action: string]>([
    [{ openai: '4.10.0' }, { code: 'openai_untested' }, '4.10.0', 'Update openai'],
    [
      { '@langfuse/openai': '6.0.0' },
      { code: 'other_instrumentation_installed' },
      'has two spans, one from each package.',
      'observeOpenAI',
    ],
    [
      { 'dd-trace': '6.0.0' },
      { code: 'other_instrumentation_installed' },
      'has two spans, one from each package.',
      'DD_TRACE_OPENAI_ENABLED=false',
    ],
    [{ 'portkey-ai': '3.1.0' }, { code: 'calls_past_openai' }, 'portkey-ai 3.1.0', 'new OpenAI'],
    [{ ai: '7.0.173' }, AI_SDK, 'ai 7.0.173', 'docs/frameworks.md'],
    [{ '@mastra/core': '7.0.173' }, AI_SDK, '@mastra/core', 'docs/frameworks.md'],
    ...['0.0.17', '0.1.11', '0.3.8', '0.3.0-beta.1'].map(
      (version): [Record<string, string>, Partial<Finding>, string, string] => [
        { [AGENTS]: version },
        TOO_OLD,
        version,
        '0.3.9',
      ],
    ),
  ])('%j, with what it means', async (packages, finding, message, action) => {
    await install(packages);
    expect(findings()).toEqual([
      expect.objectContaining({
        ...finding,
        message: expect.stringContaining(message),
        action: expect.stringContaining(action),
      }),
    ]);
  });

  const ofSdk = 'node_modules/@opentelemetry/sdk-node/node_modules';
  test.each<[packages: Record<string, string>, folder?: string]>([
    ...['0.3.9', '0.3.10', '0.20.0', '1.0.0', 'none'].map((version): [Record<string, string>] => [
      { [AGENTS]: version },
    ]),
    // LangChain brings it.
    [{ langsmith: '1.0.0' }],
    // It has other uses.
    [{ '@sentry/node': '1.0.0' }],
    [{ [API]: '1.10.0' }],
    [{ [API]: '1.10.0' }, ofSdk],
    [{ [API]: '1.9.1', '@opentelemetry/sdk-node': '0.223.0' }],
  ])('%j is no finding', async (packages, folder) => {
    if (folder !== undefined) await install({ [API]: '1.9.1' });
    await install(packages, folder);
    expect(codes()).toEqual([]);
  });

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

  test.each<[Record<string, string>, string, FindingCode, string]>([
    [
      { OTEL_TRACES_SAMPLER: 'always_off' },
      'information',
      'spans_switched_off',
      'OTEL_TRACES_SAMPLER=always_off',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.0' },
      'information',
      'spans_switched_off',
      'OTEL_TRACES_SAMPLER_ARG=0.0: no spans are sent.',
    ],
    [{ OTEL_TRACES_EXPORTER: 'otlp,none' }, 'information', 'spans_switched_off', 'EXPORTER=otlp,none: no'],
    // The SDK knows the names of samplers only as they are written.
    ...['alwayson', 'ALWAYS_OFF', 'always_off ', 'parentbased_'].map(
      (sampler): [Record<string, string>, string, FindingCode, string] => [
        { OTEL_TRACES_SAMPLER: sampler },
        'warning',
        'option_not_accepted',
        '; accepted: always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio. parentbased_always_on is used.',
      ],
    ),
    [{ OTEL_TRACES_SAMPLER_ARG: '0' }, 'warning', 'option_not_accepted', '_ARG has no effect unless'],
    ...['2', '-1', 'half'].map((ratio): [Record<string, string>, string, FindingCode, string] => [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio },
      'warning',
      'option_not_accepted',
      `OTEL_TRACES_SAMPLER_ARG is "${ratio}"; accepted: numbers from 0 to 1. 1 is used.`,
    ]),
    ...['0', '-1', '0.5', '5s'].map((size): [Record<string, string>, string, FindingCode, string] => [
      { OTEL_BSP_MAX_QUEUE_SIZE: size },
      'warning',
      'option_not_accepted',
      `OTEL_BSP_MAX_QUEUE_SIZE is "${size}"; accepted: whole numbers from 1. With it, spans may be lost.`,
    ]),
    [{ OTEL_SDK_DISABLED: '1' }, 'warning', 'option_not_accepted', 'DISABLED is "1"; accepted: true, false.'],
    [{ OTEL_SDK_DISABLED: 'true' }, 'information', 'spans_switched_off', 'OTEL_SDK_DISABLED=true'],
    [
      { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' },
      'information',
      'spans_switched_off',
      '_ENABLED=false: calls of openai are not recorded.',
    ],
    [
      { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'Off' },
      'information',
      'spans_switched_off',
      '_ENABLED=Off: calls of openai are not recorded.',
    ],
    [
      { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'flase' },
      'warning',
      'option_not_accepted',
      'Did you mean false?',
    ],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'htp' }, 'warning', 'option_not_accepted', 'is "htp"; accepted: grpc'],
    [{ OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS: 'often' }, 'warning', 'option_not_accepted', '"often"'],
    [
      { OTEL_TRACES_EXPORTER: 'Console' },
      'warning',
      'option_not_accepted',
      'OTEL_TRACES_EXPORTER names "Console", which is unknown, so it exports nothing',
    ],
    [
      { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' },
      'information',
      'content_recorded',
      'are recorded (SPAN_AND_EVENT)',
    ],
  ])('variables that are ignored, drop spans or record content: %j', (environment, severity, code, said) => {
    const finding = { severity, code, message: expect.stringContaining(said) };
    expect(findings(environment)).toEqual([expect.objectContaining(finding)]);
  });

  test('variables that the SDK accepts', () => {
    const accepted = {
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_SCHEDULE_DELAY: ' 100 ',
      OTEL_BSP_EXPORT_TIMEOUT: '',
      OTEL_SDK_DISABLED: 'False',
    };
    expect(findings(accepted)).toEqual([]);
  });

  test('options in a configuration file, which OpenTelemetry ignores', async () => {
    await writeFile(
      join(project, 'otel.yaml'),
      'instrumentation/development:\n  js:\n    openai:\n      cost: false\n',
    );
    expect(findings({ OTEL_CONFIG_FILE: 'otel.yaml' }).map(({ code, message }) => [code, message])).toEqual([
      ['option_not_accepted', expect.stringContaining('set OTEL_INSTRUMENTATION_OPENAI_COST')],
    ]);
  });

  test('nothing that a configuration file replaces', () => {
    const replaced = { OTEL_TRACES_EXPORTER: 'none', OTEL_TRACES_SAMPLER: 'always_off' };
    expect(codes({ ...replaced, OTEL_CONFIG_FILE: 'otel.yaml' })).toEqual([]);
    expect(codes({ OTEL_TRACES_EXPORTER: 'Console', OTEL_CONFIG_FILE: 'otel.yaml' })).toEqual([]);
  });
});

test('escapes control characters in text from a project', async () => {
  await install({ ...HEALTHY, openai: '8.0.0\u001b[2J\u202e' });
  const printed: string[] = [];
  printChecks(examine(), { write: (text) => printed.push(text) });
  expect(printed.join('')).toContain('openai 8.0.0␛[2J');
  expect(printed.join('')).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

test.each([
  [['app.mjs'], "Unexpected argument 'app.mjs'."],
  [['--unknown'], "Unknown option '--unknown'."],
  [['--start'], "Option '--start <value>' argument missing."],
])('the command rejects %j, and prints its usage', async (parameters, problem) => {
  const [output, errors]: [string[], string[]] = [[], []];
  const code = await runDoctor(
    parameters,
    { write: (text) => output.push(text) },
    { write: (text) => errors.push(text) },
  );
  expect([code, output]).toEqual([2, []]);
  expect(errors.join('').split('\n')).toEqual(
    expect.arrayContaining([problem, expect.stringMatching(/^Usage: npx \S+ doctor /)]),
  );
});
