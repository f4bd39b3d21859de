import { createRequire } from 'node:module';
import { context, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { noticeClientClass, noticeOpenAI, noticeOurselves } from '../../src/diagnostics/copies.ts';
import { notice } from '../../src/diagnostics/report.ts';
import { doctor } from '../../src/doctor/index.ts';
import { noticeOtherRuntime } from '../../src/sdk/loading/module-hooks.ts';
import { forgetCopies, forgetNotices } from '../support/process-state.ts';
import { type Session, startSession } from '../support/session.ts';

let session: Session;
let logged: string[];
beforeEach(async () => {
  forgetNotices();
  forgetCopies();
  session = await startSession();
  // The class of its client stays patched from one test to the next, and so is noticed only once.
  noticeClientClass([]);
  logged = [];
  const log = (text: string): void => void logged.push(text);
  diag.setLogger(
    { error: log, warn: log, info: log, debug: () => undefined, verbose: () => undefined },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await session.verify();
});

const codes = (): string[] => doctor().map(({ code }) => code);

/** How often `diag` was told of each finding. */
function timesLogged(): Record<string, number> {
  const counts = doctor().map(({ code, message, action }) => {
    const text = `opentelemetry-instrumentation-openai: ${message} ${action}`;
    return [code, logged.filter((line) => line === text).length];
  });
  return Object.fromEntries(counts);
}

function clientWith(config: OpenAIInstrumentationConfig): OpenAI {
  const options = { apiKey: 'k', baseURL: session.simulator.url, maxRetries: 0, logLevel: 'off' as const };
  return instrumentOpenAI(new OpenAI(options), config);
}

async function stream(usage: boolean): Promise<void> {
  const chunks = await session.client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    ...(usage ? { stream_options: { include_usage: true } } : {}),
  });
  for await (const _ of chunks);
}

test('a correct setup has no findings, and nothing is logged', async () => {
  await session.client.models.list();
  await stream(true);
  expect([doctor(), logged]).toEqual([[], []]);
});

describe('a finding', () => {
  test('is logged once, however often it is noticed and read', async () => {
    await stream(false);
    await stream(false);
    for (let i = 0; i < 2; i++) expect(timesLogged()).toEqual({ stream_without_usage: 1 });
  });

  test('from before the first call is logged with that call, when a logger may be set', async () => {
    const client = clientWith({});
    forgetNotices();
    notice('openai_loaded_early', '6.0.0', '/app/node_modules/openai/client.js');
    expect(logged).toEqual([]);
    await client.models.list();
    expect(timesLogged()).toEqual({ openai_loaded_early: 1 });
  });
});

describe('versions and copies of openai:', () => {
  const load = (directory: string, version: string, early = false): void =>
    noticeOpenAI(`/app/${directory}/client.js`, version, early);

  test.each([
    ['4.18.0', true],
    ['3.3.0', true],
    ['4.19.0', false],
    ['7.99.1', false],
    ['8.0.0', true],
    ['unknown', false],
  ])('%s is untested: %s', (version, untested) => {
    load('openai', version);
    expect(codes().includes('openai_untested')).toBe(untested);
  });

  test.each([
    [
      '8.1.0',
      'openai 8.1.0 is not a tested version (4.19 to 7.x). It is traced as far as its internals are the same.',
      'Update opentelemetry-instrumentation-openai, or use a tested version of openai.',
    ],
    [
      '4.18.0',
      'openai 4.18.0 is not traced: it is older than the supported versions (4.19 to 7.x).',
      'Update openai.',
    ],
  ])('the finding about %s says what to do', (version, message, action) => {
    load('openai', version);
    expect(doctor()).toEqual([{ code: 'openai_untested', severity: 'warning', message, action }]);
  });

  test('the version of a client passed to instrumentOpenAI is checked too', async () => {
    // A build that no other test uses: the version is looked at with the first call.
    const build = createRequire(import.meta.url)('openai') as { OpenAI: typeof OpenAI };
    const client = new build.OpenAI({ apiKey: 'k', baseURL: session.simulator.url });
    Object.defineProperty(client, 'getUserAgent', { value: () => 'OpenAI/JS 9.0.0' });
    await instrumentOpenAI(client, {}).models.list();
    expect(codes()).toContain('openai_untested');
  });

  test('a copy that the hooks saw is not reported as loaded early, and its two builds count once', () => {
    load('openai', '6.49.0');
    load('openai', '6.49.0', true);
    noticeOpenAI('file:///app/openai/client.mjs', '6.49.0', false);
    expect(codes()).toEqual([]);
  });

  test('several copies are one finding, which names all of them', () => {
    load('openai', '6.49.0');
    load('other/openai', '7.55.0');
    load('third/openai', '7.55.0');
    expect(doctor()).toEqual([
      expect.objectContaining({
        code: 'openai_twice',
        message: expect.stringContaining(
          '6.49.0 in /app/openai, 7.55.0 in /app/other/openai, 7.55.0 in /app/third/openai',
        ),
      }),
    ]);
  });

  test('no copy at all is reported: it is bundled, or was loaded before the hooks', () => {
    forgetCopies();
    expect(codes()).toEqual(['openai_not_seen']);
  });
});

test('two copies of this package are reported, two builds of one copy are not', () => {
  forgetCopies();
  noticeOurselves('file:///app/node_modules/ours/dist/index.mjs', '0.1.0');
  noticeOurselves('/app/node_modules/ours/dist/index.cjs', '0.1.0');
  expect(codes()).not.toContain('package_twice');
  noticeOurselves('/app/node_modules/other/node_modules/ours/dist/index.cjs', '0.2.0');
  expect(codes()).toContain('package_twice');
});

describe('OpenTelemetry:', () => {
  test('a missing tracer provider is logged at the first call, and is no finding once there is one', async () => {
    trace.disable();
    await clientWith({}).models.list();
    expect(logged).toEqual([expect.stringContaining('No tracer provider is registered')]);
    trace.setGlobalTracerProvider(session.provider);
    expect(codes()).toEqual([]);
  });

  test.each([
    ['OTEL_TRACES_EXPORTER', 'none'],
    ['OTEL_SDK_DISABLED', 'true'],
  ])('with %s=%s, no tracer provider is missing', async (variable, value) => {
    vi.stubEnv(variable, value);
    trace.disable();
    await clientWith({}).models.list();
    expect([logged, codes()]).toEqual([[], []]);
  });

  test('a missing context manager is reported', async () => {
    context.disable();
    await clientWith({}).models.list();
    expect(timesLogged()).toEqual({ no_context_manager: 1 });
  });
});

test.each([
  [
    { runSteps: 'sometimes' as 'off' },
    { code: 'option_not_accepted', severity: 'warning' },
    'option runSteps is "sometimes"; accepted: fetch, observe, off.',
  ],
  [
    { captureMessageContent: 'SPAN_ONLY' as const },
    { code: 'content_recorded', severity: 'information' },
    '',
  ],
])('the settings %j are reported', async (config, finding, message) => {
  await clientWith(config).models.list();
  expect(doctor()).toEqual([
    expect.objectContaining({ ...finding, message: expect.stringContaining(message) }),
  ]);
  expect(timesLogged()).toEqual({ [finding.code]: 1 });
});

test('steps that cannot be read are reported', async () => {
  const { client, simulator, provider } = session;
  for (let count = 0; count < 3; count++) {
    simulator.next({ when: { path: /\/steps/ }, status: 404 });
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'gpt-4o' });
    const { id } = await client.beta.threads.create();
    await client.beta.threads.runs.createAndPoll(id, { assistant_id }, { pollIntervalMs: 1 });
    await provider.forceFlush();
  }
  expect(timesLogged()).toEqual({ steps_missing: 1 });
});

test.each(['bun', 'deno'])('the finding names %s, not the Node version it claims', (runtime) => {
  vi.stubGlobal('process', { ...process, versions: { ...process.versions, [runtime]: '1.2.3' } });
  noticeOtherRuntime();
  vi.unstubAllGlobals();
  const finding = doctor().find(({ code }) => code === 'node_too_old');
  expect(finding?.message.toLowerCase()).toMatch(new RegExp(`^${runtime} 1\\.2\\.3 has no module hooks`));
  expect(finding?.action).not.toContain('Node 22.15');
});
