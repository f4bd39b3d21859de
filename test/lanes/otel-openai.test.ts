import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { PACKAGE, runChild } from '../entries/support/child.ts';
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

interface Started {
  readonly format?: Format;
  readonly body?: string;
  readonly openai?: string;
  readonly parameters?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

describe.each(LANES)("OpenTelemetry's own instrumentation in %s", (lane) => {
  const simulator = useSimulator();

  /** Runs a program; gives the names of spans of calls, by whose they are, and the lines about theirs. */
  async function run(beginning: string, { format = 'cjs', body = CALLS, ...started }: Started = {}) {
    const { openai = 'openai', parameters = [], env = {} } = started;
    const { code, stdout, stderr } = await runChild({
      lane,
      format,
      text: programText(format, body, { openai, beginning: `${RECORDER}\n${beginning}` }),
      parameters: [...(format === 'mjs' ? ES_MODULE_HOOK : []), ...parameters],
      env: { BASE_URL: simulator().url, OTEL_NODE_RESOURCE_DETECTORS: 'none', ...env },
    });
    expect(code).toBe(0);
    if (body.includes(CALLS)) expect(stdout).toMatch(/^true$/m);
    const spans = readSpans(stdout);
    const of = (wanted: string): string[] =>
      spans.filter(({ scope }) => scope === wanted).map(({ name }) => name);
    const lines = stderr.split('\n').filter((line) => line.includes(THEIRS));
    return { spans: { ours: of(PACKAGE), theirs: of(THEIRS) }, lines };
  }

  test.each(ROWS.filter((row) => row.lane === lane))(
    'loaded $order ours, as $format: ours records each call, the program works, one line says so',
    async ({ format, beginning }) => {
      const { spans, lines } = await run(beginning, { format });
      expect(spans).toEqual({ ours: SPANS, theirs: [] });
      expect(lines).toEqual([
        expect.stringMatching(/is switched off.*OTEL_INSTRUMENTATION_OPENAI_ENABLED=false/),
      ]);
    },
  );

  test('the drop-in switches it off, too', async () => {
    const { spans } = await run(LOAD_THEIRS + START(AUTOMATIC), { openai: `${PACKAGE}/openai` });
    expect(spans).toEqual({ ours: SPANS, theirs: [] });
  });

  test.each([
    [`${AUTO}/register`, `${PACKAGE}/register`],
    [`${PACKAGE}/register`, `${AUTO}/register`],
  ])('preloads: %s, then %s', async (...preloads) => {
    const { lines } = await run('', {
      parameters: preloads.flatMap((preload) => ['--require', preload]),
      env: { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
    });
    expect(lines).toHaveLength(1);
  });

  test('bundled and minified, as in a distribution, it is switched off with the first call', async () => {
    const directory = laneDirectory(lane);
    const file = `distribution-${randomUUID()}.cjs`;
    const bundle = await rolldown({
      input: THEIRS,
      cwd: directory,
      platform: 'node',
      external: [/^@opentelemetry\/api(-logs)?$/, /-in-the-middle$/],
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
    try {
      const body = `await ask();${CALLS} ours.disable(); await ask();`;
      const { spans, lines } = await run(beginning, { body });
      // The first call had begun, and the last one is made without ours.
      expect(spans).toEqual({ ours: SPANS, theirs: ['chat gpt-4o', 'chat gpt-4o'] });
      expect(lines).toEqual([expect.stringContaining('is switched off')]);
    } finally {
      await rm(join(directory, file));
    }
  });

  test('the kill switch keeps it', async () => {
    const { spans } = await run(`${LOAD_THEIRS}${LOAD_OURS}${START(`${AUTOMATIC}, ${OURS}`)}`, {
      body: 'await ask();',
      env: { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' },
    });
    expect(spans).toEqual({ ours: [], theirs: ['chat gpt-4o'] });
  });

  test('disable() switches it on again', async () => {
    const beginning = `${LOAD_THEIRS}${LOAD_OURS}const ours = ${OURS};${START(`${AUTOMATIC}, ours`)}`;
    const { spans } = await run(beginning, { body: 'await ask(); ours.disable(); await ask();' });
    expect(spans).toEqual({ ours: ['chat gpt-4o'], theirs: ['chat gpt-4o'] });
  });
});
