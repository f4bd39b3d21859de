import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { type Ended, PACKAGE, runChild } from '../entries/support/child.ts';
import { FORMATS, type Format, programText } from '../entries/support/programs.ts';
import { RECORDER, readSpans } from '../entries/support/spans.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { laneDirectory } from '../support/lanes/paths.ts';

const THEIRS = '@opentelemetry/instrumentation-openai';
const AUTO = '@opentelemetry/auto-instrumentations-node';

/** With versions of `openai` that the other instrumentation supports. That of SDK 2 is CommonJS only. */
const LANES = ['double-sdk-3', 'full-sdk-2'];

/** What lets instrumentations of OpenTelemetry wrap ES modules. */
const ES_MODULE_HOOK = [
  '--no-warnings',
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "import { register } from 'node:module'; register('@opentelemetry/instrumentation/hook.mjs', 'file://' + process.cwd() + '/');",
  )}`,
];

const LOAD_OURS = `const { OpenAIInstrumentation } = await load('${PACKAGE}');`;
const LOAD_THEIRS = `const { getNodeAutoInstrumentations } = await load('${AUTO}');`;
const START = (instrumentations: string): string => `
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  new NodeSDK({
    instrumentations: [${instrumentations}], spanProcessors: [recorder], metricReaders: [], logRecordProcessors: [],
  }).start();
`;
const OURS = 'new OpenAIInstrumentation()';
const AUTOMATIC = 'getNodeAutoInstrumentations()';

/** What the other instrumentation breaks, and the calls that it records. The first call is made at once. */
const CALLS = `
  const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
  const parsed = await client.chat.completions.parse(chat);
  const response = await client.chat.completions.create(chat).asResponse();
  const { id } = await response.json();
  const answer = await client.responses.parse({ model: 'gpt-4o', input: 'Hi' });
  const embeddings = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
  const stream = await client.chat.completions.create({ ...chat, stream: true });
  for await (const chunk of stream);
  console.log([parsed.id, id, answer.id, embeddings.object].every(Boolean));
`;
const SPANS = [
  'chat gpt-4o',
  'chat gpt-4o',
  'chat gpt-4o',
  'embeddings text-embedding-3-small',
  'chat gpt-4o',
];

const ORDERS = [
  ['before', LOAD_THEIRS + LOAD_OURS + START(`${AUTOMATIC}, ${OURS}`)],
  ['after', LOAD_OURS + LOAD_THEIRS + START(`${OURS}, ${AUTOMATIC}`)],
] as const;
const ROWS = LANES.flatMap((lane) =>
  FORMATS.flatMap((format) => ORDERS.map(([order, beginning]) => ({ lane, format, order, beginning }))),
);

describe.each(LANES)("OpenTelemetry's own instrumentation in %s", (lane) => {
  const simulator = useSimulator();

  const run = async (
    format: Format,
    beginning: string,
    { parameters = [], env = {} }: { parameters?: readonly string[]; env?: Record<string, string> } = {},
  ): Promise<Ended> =>
    runChild({
      lane,
      format,
      text: programText(format, CALLS, { beginning: `${RECORDER}\n${beginning}` }),
      parameters: [...(format === 'mjs' ? ES_MODULE_HOOK : []), ...parameters],
      env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none', ...env },
    });

  /** The names of spans of calls, by whose they are. */
  const spansIn = ({ stdout }: Ended): { ours: string[]; theirs: string[] } => {
    const spans = readSpans(stdout);
    const of = (wanted: string): string[] =>
      spans.filter(({ scope }) => scope === wanted).map(({ name }) => name);
    return { ours: of(PACKAGE), theirs: of(THEIRS) };
  };

  test.each(ROWS.filter((row) => row.lane === lane))(
    'loaded $order ours, as $format: ours records each call, the program works, one line says so',
    async ({ format, beginning }) => {
      const ended = await run(format, beginning);
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^true$/m) });
      expect(spansIn(ended)).toEqual({ ours: SPANS, theirs: [] });
      const lines = ended.stderr.split('\n').filter((line) => line.includes(THEIRS));
      expect(lines).toEqual([
        expect.stringMatching(/is switched off.*OTEL_INSTRUMENTATION_OPENAI_ENABLED=false/),
      ]);
    },
  );

  test('the drop-in switches it off, too', async () => {
    const beginning = `${LOAD_THEIRS}${START(AUTOMATIC)}`;
    const text = programText('cjs', CALLS, { openai: `${PACKAGE}/openai`, beginning: RECORDER + beginning });
    const ended = await runChild({
      lane,
      format: 'cjs',
      text,
      env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none' },
    });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^true$/m) });
    expect(spansIn(ended)).toEqual({ ours: SPANS, theirs: [] });
  });

  test.each([
    [`${AUTO}/register`, `${PACKAGE}/register`],
    [`${PACKAGE}/register`, `${AUTO}/register`],
  ])('preloads: %s, then %s', async (...preloads) => {
    const ended = await run('cjs', '', {
      parameters: preloads.flatMap((preload) => ['--require', preload]),
      env: { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
    });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^true$/m) });
    expect(ended.stderr.split('\n').filter((line) => line.includes(THEIRS))).toHaveLength(1);
  });

  test('bundled and minified, as in a distribution, it is switched off with the first call', async () => {
    const directory = laneDirectory(lane);
    const file = `distribution-${randomUUID()}.cjs`;
    const external = [
      '@opentelemetry/api',
      '@opentelemetry/api-logs',
      'require-in-the-middle',
      'import-in-the-middle',
    ];
    const bundle = await rolldown({
      input: THEIRS,
      cwd: directory,
      platform: 'node',
      external,
      logLevel: 'silent',
    });
    await bundle.write({ file: join(directory, file), format: 'cjs', minify: true });
    await bundle.close();
    const beginning = `
      const { OpenAIInstrumentation: Theirs } = require('./${file}');
      ${LOAD_OURS}
      const ours = ${OURS};
      ${START('new Theirs(), ours')}
    `;
    const text = programText('cjs', `await ask();${CALLS} ours.disable(); await ask();`, {
      beginning: RECORDER + beginning,
    });
    try {
      const ended = await runChild({
        lane,
        format: 'cjs',
        text,
        env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none' },
      });
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^true$/m) });
      // The first call had begun, and the last one is made without ours.
      expect(spansIn(ended)).toEqual({ ours: SPANS, theirs: ['chat gpt-4o', 'chat gpt-4o'] });
      expect(ended.stderr.split('\n').filter((line) => line.includes('is switched off'))).toHaveLength(1);
    } finally {
      await rm(join(directory, file));
    }
  });

  test('the kill switch keeps it', async () => {
    const calls = `${LOAD_THEIRS}${LOAD_OURS}${START(`${AUTOMATIC}, ${OURS}`)}`;
    const text = programText('cjs', 'await ask();', { beginning: RECORDER + calls });
    const ended = await runChild({
      lane,
      format: 'cjs',
      text,
      env: {
        BASE_URL: simulator().url,
        OTEL_NODE_RESOURCE_DETECTORS: 'none',
        OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false',
      },
    });
    expect(spansIn(ended)).toEqual({ ours: [], theirs: ['chat gpt-4o'] });
  });

  test('disable() switches it on again', async () => {
    const calls = `${LOAD_THEIRS}${LOAD_OURS}const ours = ${OURS};${START(`${AUTOMATIC}, ours`)}`;
    const text = programText('cjs', 'await ask(); ours.disable(); await ask();', {
      beginning: RECORDER + calls,
    });
    const ended = await runChild({
      lane,
      format: 'cjs',
      text,
      env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none' },
    });
    expect(spansIn(ended)).toEqual({ ours: ['chat gpt-4o'], theirs: ['chat gpt-4o'] });
  });
});
