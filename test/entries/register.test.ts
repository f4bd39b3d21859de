import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newFolder } from '../support/folders.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { laneDirectory } from '../support/lanes/paths.ts';
import { BARE_LANE, FULL_LANES, LANES_IN_TURN } from './lanes.ts';
import { type Ended, PACKAGE, runChild } from './support/child.ts';
import { AS_TERMINAL, FORMATS, type Format, programText, REGISTER } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

const CALL = `console.log((await ask()).choices.length);`;
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;

/** A NodeSDK of the program's own that says on standard output what it is handed. */
const OWN_SDK = `
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  const spoken = {
    onStart() {},
    onEnd: (span) => console.log('own SDK: ' + span.name),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const sdk = new NodeSDK({ spanProcessors: [spoken], metricReaders: [], logRecordProcessors: [] });
`;

const simulator = useSimulator();
const receiver = useReceiver();

function runRegistered(
  lane: string,
  format: Format,
  text: string,
  env: Readonly<Record<string, string>> = {},
  before: readonly string[] = [],
): Promise<Ended> {
  return runChild({
    lane,
    format,
    text,
    parameters: [...before, ...REGISTER[format]],
    env: { BASE_URL: simulator().url, ...env },
  });
}

describe.each(LANES_IN_TURN)('$lane, $format: node with …/register', ({ lane, format }) => {
  test.each(['openai', 'openai-4'])(
    'sends the spans and metrics of %s to the OTLP endpoint',
    async (openai) => {
      const { httpUrl, spans, metrics } = receiver();
      const ended = await runRegistered(lane, format, programText(format, CALL, { openai }), {
        OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
      });
      expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n', stderr: '' });
      expect(spans).toEqual(['chat gpt-4o']);
      expect(metrics).toContain('gen_ai.client.operation.duration');
    },
  );

  test.each<[string, Record<string, string>, boolean]>([
    ['not exported', {}, false],
    ['exported if detectors are named', { OTEL_NODE_RESOURCE_DETECTORS: 'process' }, true],
  ])('the arguments of the command line are %s', async (_, env, isExported) => {
    const argument = '--title=as-you-asked';
    const body = `
      await ask();
      const span = (await load('@opentelemetry/api')).trace.getTracer('app').startSpan('request');
      const { 'process.command_args': exported } = span.resource.attributes;
      console.log(process.execArgv.includes('${argument}'), exported.includes('${argument}'), exported.length > 1);
    `;
    const { stdout } = await runRegistered(lane, format, programText(format, body), env, [argument]);
    expect(stdout).toBe(`true ${isExported} true\n`);
  });

  test('uses a NodeSDK that the program starts before its first call, also for an earlier tracer', async () => {
    const { httpUrl, requests } = receiver();
    const early = `const tracer = (await load('@opentelemetry/api')).trace.getTracer('app');`;
    const body = `sdk.start(); ${CALL} tracer.startSpan('request').end();`;
    const text = programText(format, body, { beginning: OWN_SDK + early });
    const ended = await runRegistered(lane, format, text, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    const stdout = 'own SDK: chat gpt-4o\n1\nown SDK: request\n';
    expect(ended).toEqual({ code: 0, signal: null, stdout, stderr: '' });
    expect(requests).toEqual([]);
  });

  test('hands over to a NodeSDK that the program starts after its first call, and loses nothing', async () => {
    const { httpUrl, spans } = receiver();
    const text = programText(
      format,
      `await ask('before'); sdk.start(); await ask('after'); await sdk.shutdown();`,
      { beginning: OWN_SDK },
    );
    const ended = await runRegistered(lane, format, text, { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'own SDK: chat after\n', stderr: '' });
    expect(spans).toEqual(['chat before']);
  });
});

describe.each(FULL_LANES)('$name: node with …/register', ({ name: lane }) => {
  test('uses a NodeSDK that was started before', async () => {
    const file = join(laneDirectory(lane), 'own-sdk.mjs');
    await writeFile(file, `const load = (name) => import(name); ${OWN_SDK} sdk.start();`);
    const { httpUrl, requests } = receiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl };
    const ended = await runRegistered(lane, 'mjs', programText('mjs', CALL), env, [
      '--import',
      './own-sdk.mjs',
    ]);
    await rm(file);
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'own SDK: chat gpt-4o\n1\n', stderr: '' });
    expect(requests).toEqual([]);
  });

  describe('on a terminal', () => {
    test('prints trees, and sends nothing to the default collector', async () => {
      const { code, stdout, stderr } = await runRegistered(
        lane,
        'mjs',
        programText('mjs', CALL),
        {},
        AS_TERMINAL,
      );
      expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
      expect(stderr).toContain('chat gpt-4o');
    });

    test.each(PROTOCOLS)(
      'prints trees and sends them by %s if the environment asks for it',
      async (protocol) => {
        const { httpUrl, url, spans, metrics } = receiver();
        const { code, stdout, stderr } = await runRegistered(
          lane,
          'mjs',
          programText('mjs', CALL),
          {
            OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? url : httpUrl,
            OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          },
          AS_TERMINAL,
        );
        expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
        expect(stderr).toContain('chat gpt-4o');
        expect(spans).toEqual(['chat gpt-4o']);
        expect(metrics).toContain('gen_ai.client.operation.duration');
      },
    );

    test('prints nothing with OTEL_TRACES_EXPORTER=none', async () => {
      const env = {
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      };
      const ended = await runRegistered(lane, 'mjs', programText('mjs', CALL), env, AS_TERMINAL);
      expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n', stderr: '' });
    });
  });

  test('OTEL_SDK_DISABLED leaves the program unchanged', async () => {
    const text = programText('mjs', `${CALL} console.log(process.listenerCount('SIGTERM'));`);
    const ended = await runRegistered(lane, 'mjs', text, { OTEL_SDK_DISABLED: 'true' });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n0\n', stderr: '' });
  });

  describe('with a configuration file', () => {
    const runConfigured = async (
      lines: readonly string[],
      env: Readonly<Record<string, string>> = {},
      beginning = '',
    ): Promise<Ended> => {
      const file = join(await newFolder(), 'otel.yaml');
      await writeFile(file, ['file_format: "1.0"', ...lines].join('\n'));
      const text = programText('mjs', `${CALL} console.log(process.listenerCount('SIGTERM'));`, {
        beginning,
      });
      return await runRegistered(lane, 'mjs', text, { OTEL_CONFIG_FILE: file, ...env });
    };

    const tracesTo = (url: string): string[] => [
      'tracer_provider:',
      '  processors:',
      '    - batch:',
      '        exporter:',
      '          otlp_http:',
      `            endpoint: ${url}v1/traces`,
    ];

    test('sends where the file says', async () => {
      const { httpUrl, spans, metrics } = receiver();
      const ended = await runConfigured(tracesTo(httpUrl));
      expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n1\n', stderr: '' });
      expect(spans).toEqual(['chat gpt-4o']);
      expect(metrics).toEqual([]);
    });

    describe('the logger for diag', () => {
      const LOG = `diag.info('information'); diag.warn('warning');`;
      const AFTER_START = `
        const { diag } = await load('@opentelemetry/api');
        process.once('beforeExit', () => { ${LOG} });
      `;
      /** Models without a price are reported. */
      const QUIET = { OTEL_INSTRUMENTATION_OPENAI_COST: 'false' };
      const OWN = `
        const own = (name) => (text) => console.log(name + ': ' + text);
        diag.setLogger({ error: own('E'), warn: own('W'), info: own('I'), debug() {}, verbose() {} });
      `;

      test.each([
        ['there is none without log_level', '# log_level: info', '', '1\n1\n'],
        ['it has the log_level of the file', 'log_level: info', '', '1\n1\ninformation\n'],
        ['that of the program stays', '', OWN, '1\n1\nI: information\nW: warning\n'],
        [
          'that of the program stays with log_level',
          'log_level: warn',
          OWN,
          '1\n1\nI: information\nW: warning\n',
        ],
      ])('%s', async (_, line, own, stdout) => {
        const { httpUrl, spans } = receiver();
        const lines = [line, ...tracesTo(httpUrl)];
        const ended = await runConfigured(lines, QUIET, AFTER_START + own);
        expect(ended).toMatchObject({ code: 0, stdout });
        expect(ended.stderr).toBe(line === 'log_level: info' ? 'warning\n' : '');
        expect(spans).toEqual(['chat gpt-4o']);
      });
    });

    test('flushes at signals if the file has a logger provider only', async () => {
      const ended = await runConfigured([
        'logger_provider:',
        '  processors:',
        '    - batch:',
        '        exporter:',
        '          otlp_http:',
        `            endpoint: ${receiver().httpUrl}v1/logs`,
      ]);
      expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n1\n', stderr: '' });
    });

    test('leaves the program unchanged if the file disables the SDK', async () => {
      const { httpUrl, requests } = receiver();
      const ended = await runConfigured(['disabled: true'], { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
      expect(ended).toEqual({ code: 0, signal: null, stdout: '1\n0\n', stderr: '' });
      expect(requests).toEqual([]);
    });

    test('says that there is no page', async () => {
      const { httpUrl, spans } = receiver();
      const page = { OTEL_INSTRUMENTATION_OPENAI_PAGE: join(await newFolder(), 'page.html') };
      const { stderr } = await runConfigured(tracesTo(httpUrl), page);
      expect(stderr).toBe(
        `${PACKAGE}: OTEL_INSTRUMENTATION_OPENAI_PAGE has no effect with OTEL_CONFIG_FILE.\n`,
      );
      expect(spans).toEqual(['chat gpt-4o']);
    });
  });

  test('starts no SDK and adds no listeners in a program without calls', async () => {
    const text = `
      const OpenAI = require('openai');
      new OpenAI({ apiKey: 'test' });
      const loaded = Object.keys(require.cache).filter((file) => file.includes('sdk-node'));
      const listeners = ['beforeExit', 'SIGTERM', 'SIGINT', 'SIGHUP'].map((name) => process.listenerCount(name));
      console.log(JSON.stringify({ loaded, listeners }));
    `;
    const ended = await runRegistered(lane, 'cjs', text);
    expect(JSON.parse(ended.stdout)).toEqual({ loaded: [], listeners: [0, 0, 0, 0] });
  });
});

describe('without @opentelemetry/sdk-node', () => {
  /** Away from the project, whose own packages are found from every lane. */
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bare-'));
    await cp(laneDirectory(BARE_LANE), directory, { recursive: true });
  });
  afterAll(() => rm(directory, { recursive: true }));

  test.each(FORMATS)('%s: prints once what to install, and leaves the program unchanged', async (format) => {
    const { stderr, ...ended } = await runChild({
      lane: BARE_LANE,
      directory,
      format,
      text: programText(format, `${CALL} ${CALL} process.exitCode = 3;`),
      parameters: REGISTER[format],
      env: { BASE_URL: simulator().url },
    });
    expect(ended).toEqual({ code: 3, signal: null, stdout: '1\n1\n' });
    expect(stderr).toContain('and @opentelemetry/sdk-node was not found, so nothing is recorded.');
    expect(stderr.split('npm install @opentelemetry/api @opentelemetry/sdk-node\n')).toHaveLength(2);
  });
});

/** A terminal of `script`, which not every system has. */
test.skipIf(!existsSync('/usr/bin/script'))('prints the tree on a real terminal', async () => {
  const lane = FULL_LANES[0]?.name ?? '';
  const file = join(laneDirectory(lane), 'on-a-terminal.mjs');
  await writeFile(file, programText('mjs', CALL));
  const { stdout } = await promisify(execFile)(
    '/usr/bin/script',
    ['-qec', `"$NODE" --import ${PACKAGE}/register on-a-terminal.mjs > answer.txt`, '/dev/null'],
    {
      cwd: laneDirectory(lane),
      env: { PATH: process.env.PATH, TERM: 'xterm', NODE: process.execPath, BASE_URL: simulator().url },
    },
  );
  await rm(file);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is written to in colour.
  expect(stdout.replace(/\u001b\[[\d;]*m/g, '')).toMatch(/^chat gpt-4o/m);
});
