import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAME, VERSION } from '../../src/util/version.ts';

/*
 * Copies of this package in one process meet under symbols on `globalThis`, where every other package can write, too.
 * Whatever lies there, nothing throws, and every call is recorded once.
 */

const OTHER_VERSION = '9.9.9';

let root: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'shared-symbols-')));
  await symlink(resolve('node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await cp(resolve('src'), join(root, 'other'), { recursive: true });
  const version = join(root, 'other', 'util', 'version.ts');
  await writeFile(version, (await readFile(version, 'utf8')).replace(`'${VERSION}'`, `'${OTHER_VERSION}'`));
});
afterAll(() => rm(root, { recursive: true }));

/** The address of a module of a copy of this package. */
function moduleOf(copy: 'first' | 'other', name: string): string {
  const folder = copy === 'first' ? resolve('src') : join(root, copy);
  return JSON.stringify(pathToFileURL(join(folder, `${name}.ts`)).href);
}

const SURROUNDINGS = `
  import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
  import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
  import { TracerProvider } from '@opentelemetry/sdk-trace';

  const spans = [];
  const warnings = [];
  const log = (text) => void warnings.push(text);
  diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} }, { logLevel: DiagLogLevel.ALL });
  const onEnd = (span) => void spans.push(span.name + ' by ' + span.instrumentationScope.version);
  const processor = { onStart() {}, onEnd, async forceFlush() {}, async shutdown() {} };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  const answer = {
    id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
  };
  const thread = { id: 'thread_1', object: 'thread', created_at: 1, metadata: {} };
  const fetch = async (url) => Response.json(String(url).endsWith('/threads') ? thread : answer);
  const newClient = (OpenAI) => new OpenAI({ apiKey: 'test', maxRetries: 0, fetch });
  const ask = (client) => client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  const useProvider = (options = {}) =>
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor], ...options }));
`;

interface Ended {
  readonly spans: readonly string[];
  readonly warnings: readonly string[];
  readonly told?: unknown;
}

/** Runs a program, and gives what it recorded, what it logged, and what it `told`. */
async function run(body: string, before: readonly string[] = []): Promise<Ended> {
  const file = join(root, `program-${Math.random().toString(36).slice(2)}.mjs`);
  const end = 'console.log(JSON.stringify({ spans, warnings, told }));';
  await writeFile(file, [SURROUNDINGS, 'let told;', body, end].join('\n'));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, NODE_NO_WARNINGS: '1', OTEL_INSTRUMENTATION_OPENAI_COST: 'false' };
  const { stdout } = await promisify(execFile)(process.execPath, [...before, file], { env });
  return JSON.parse(stdout) as Ended;
}

const KEYS = [`${NAME}/state@1`];

/** Everything that a program can set up, and one call. */
const SET_UP = `
  const { ConversationIdGenerator, doctor, OpenAIInstrumentation } = await import(${moduleOf('first', 'index')});
  const { instrumentOpenAI, traced } = await import(${moduleOf('first', 'client')});
  useProvider({ idGenerator: new ConversationIdGenerator() });
  const instrumentation = new OpenAIInstrumentation();
  instrumentation.disable();
  instrumentation.enable();
  const { OpenAI } = await import('openai');
  await ask(newClient(OpenAI));
  await ask(instrumentOpenAI(newClient(OpenAI), { captureMessageContent: false }));
  await traced('own', async () => 1)();
`;
const RECORDED = ['chat gpt-4o', 'chat gpt-4o', 'own'].map((name) => `${name} by ${VERSION}`);

test('the symbols of this package carry the version of their value', async () => {
  const list = `
    const symbols = Object.getOwnPropertySymbols(globalThis).map((symbol) => Symbol.keyFor(symbol) ?? '');
    told = symbols.filter((key) => key.startsWith('${NAME}')).sort();
  `;
  expect(await run(SET_UP + list)).toEqual({ spans: RECORDED, warnings: [], told: KEYS });
});

/** What another package may have put there, as code. */
const FOREIGN = [
  'null',
  '0',
  "'text'",
  '{}',
  '[]',
  'Object.freeze([])',
  'Object.freeze({ openai: new Map(), ours: new Map(), files: new Set(), findings: new Map(), said: new Set(), seen: false, speaking: false, conversationId: undefined, used: false })',
  'Object.assign(new Set(), { add() { throw new Error("add"); } })',
  'new (class extends WeakMap { get() { throw new Error("get"); } })()',
  'new Proxy(new Map(), {})',
  'new Proxy(new WeakMap(), {})',
  '() => { throw new Error("called"); }',
  'new Proxy(() => undefined, new Proxy({}, { get() { throw new Error("trap"); } }))',
  'new Proxy({ conversationId: undefined, used: false }, { get() { throw new Error("get"); } })',
  'Object.defineProperty({}, "findings", { get() { throw new Error("getter"); } })',
  '{ values: new Proxy(new Map(), {}) }',
  '{ values: new (class extends Map { get() { throw new Error("get"); } })() }',
  'Object.freeze({ values: new Map() })',
];

describe('another package that puts', () => {
  const plant = (value: string): string => `
    for (const key of ${JSON.stringify(KEYS)}) globalThis[Symbol.for(key)] = ${value};
  `;

  test.each(FOREIGN)('%s under all of them: everything works', async (value) => {
    expect(await run(plant(value) + SET_UP)).toEqual({ spans: RECORDED, warnings: [] });
  });

  test('accessors that throw there: everything works', async () => {
    const accessors = `
      for (const key of ${JSON.stringify(KEYS)})
        Object.defineProperty(globalThis, Symbol.for(key), { get() { throw new Error('getter'); } });
    `;
    expect(await run(accessors + SET_UP)).toEqual({ spans: RECORDED, warnings: [] });
  });

  test('something under all of them does not make two copies of this package record a call twice', async () => {
    const { spans, told } = await run(`
      ${plant('Object.freeze({})')}
      const one = await import(${moduleOf('first', 'index')});
      const two = await import(${moduleOf('other', 'index')});
      useProvider();
      new one.OpenAIInstrumentation();
      new two.OpenAIInstrumentation();
      const { OpenAI } = await import('openai');
      await ask(newClient(OpenAI));
      told = two.doctor().map(({ code }) => code);
    `);
    expect(spans).toEqual([`chat gpt-4o by ${VERSION}`]);
    expect(told).toEqual(['package_twice', 'other_release']);
  });

  test('something under all of them does not stop …/register from recording', async () => {
    const planted = `data:text/javascript,${encodeURIComponent(plant('Object.freeze({})'))}`;
    const before = ['--import', planted, '--import', join(resolve('src'), 'register.ts')];
    const { spans } = await run(
      `useProvider(); const { OpenAI } = await import('openai'); await ask(newClient(OpenAI));`,
      before,
    );
    expect(spans).toEqual([`chat gpt-4o by ${VERSION}`]);
  });

  test('something there later finds the symbols taken, and openai loads', async () => {
    const overwrite = `
      told = ${JSON.stringify(KEYS)}.filter((key) => Reflect.set(globalThis, Symbol.for(key), 'foreign'));
    `;
    const load = "const { OpenAI } = await import('openai');";
    const { spans, told } = await run(SET_UP.replace(load, `${overwrite}\n${load}`));
    expect(spans).toEqual(RECORDED);
    expect(told).toEqual([]);
  });

  test('its own logger provider under the symbols of OpenTelemetry: calls are recorded', async () => {
    const planted = `
      globalThis[Symbol.for('io.opentelemetry.js.api.logs')] = () => { throw new Error('logs'); };
      globalThis[Symbol.for('opentelemetry.js.api.1')].logs = { getLogger: 'none' };
    `;
    expect(
      await run(SET_UP.replace('const instrumentation', `${planted}\nconst instrumentation`)),
    ).toMatchObject({ spans: RECORDED });
  });
});

test('a program that freezes globalThis is recorded by …/client', async () => {
  const { spans } = await run(`
    const { instrumentOpenAI } = await import(${moduleOf('first', 'client')});
    const { OpenAI } = await import('openai');
    useProvider();
    Object.preventExtensions(globalThis);
    await ask(instrumentOpenAI(newClient(OpenAI)));
  `);
  expect(spans).toEqual([`chat gpt-4o by ${VERSION}`]);
});

describe('two copies of this package, of different releases,', () => {
  const both = (): string => `
    const one = await import(${moduleOf('first', 'index')});
    const two = await import(${moduleOf('other', 'index')});
    useProvider();
    const first = new one.OpenAIInstrumentation();
    const second = new two.OpenAIInstrumentation();
    const { OpenAI } = await import('openai');
  `;

  test.each<[string, string]>([
    [
      'one after the other',
      'asks 1; first.disable; asks nobody; second.disable; second.enable; asks 2; first.enable; asks 2; second.disable; asks nobody',
    ],
    [
      'the first before the second',
      'asks 1; first.disable; first.enable; second.disable; first.disable; second.enable; asks 2',
    ],
    [
      'both, and the second comes back',
      'asks 1; first.disable; second.disable; second.enable; asks 2; first.enable; asks 2',
    ],
  ])(
    'record a call once, the one that patched openai first, when a program disables %s',
    async (_, script) => {
      const steps = script.split('; ');
      const code = steps.map((step) =>
        step.startsWith('asks') ? 'await ask(newClient(OpenAI));' : `${step}();`,
      );
      const [asked, ...others] = code;
      const findings = 'told = two.doctor().map(({ code }) => code);';
      const { spans, told } = await run([both(), asked, findings, ...others].join('\n'));
      const versions: Record<string, string> = { 'asks 1': VERSION, 'asks 2': OTHER_VERSION };
      const recording = steps.flatMap((step) => versions[step] ?? []);
      expect(spans).toEqual(recording.map((version) => `chat gpt-4o by ${version}`));
      expect(told).toEqual(['package_twice', 'other_release']);
    },
  );

  test('record a call once, although the second is disabled and enabled again', async () => {
    const { spans } = await run(`
      const one = await import(${moduleOf('first', 'client')});
      const two = await import(${moduleOf('other', 'index')});
      // A copy that was loaded before is found if it is CommonJS.
      const { createRequire } = await import('node:module');
      const { OpenAI } = createRequire(import.meta.url)('openai');
      useProvider();
      const client = one.instrumentOpenAI(newClient(OpenAI));
      const second = new two.OpenAIInstrumentation();
      second.disable();
      second.enable();
      await ask(client);
    `);
    expect(spans).toEqual([`chat gpt-4o by ${VERSION}`]);
  });

  test('do not share a client either', async () => {
    const { spans } = await run(`
      const one = await import(${moduleOf('first', 'client')});
      const two = await import(${moduleOf('other', 'client')});
      const { OpenAI } = await import('openai');
      useProvider();
      const client = two.instrumentOpenAI(newClient(OpenAI));
      await ask(one.instrumentOpenAI(client));
      await ask(one.instrumentOpenAI(OpenAI) && newClient(OpenAI));
    `);
    expect(spans).toEqual([`chat gpt-4o by ${OTHER_VERSION}`]);
  });

  test('share the id of a conversation with the id generator', async () => {
    const { told } = await run(`
      const { ConversationIdGenerator } = await import(${moduleOf('other', 'index')});
      const { traceIdOf } = await import(${moduleOf('first', 'helpers/conversation-id-generator')});
      const { instrumentOpenAI } = await import(${moduleOf('first', 'client')});
      const { OpenAI } = await import('openai');
      const traces = [];
      processor.onEnd = (span) => void traces.push(span.spanContext().traceId);
      useProvider({ idGenerator: new ConversationIdGenerator() });
      const client = instrumentOpenAI(newClient(OpenAI), { conversationIdleTimeout: 0 });
      await client.beta.threads.create();
      await trace.getTracerProvider().getDelegate().forceFlush();
      told = traces.includes(traceIdOf('thread_1'));
    `);
    expect(told).toBe(true);
  });
});
