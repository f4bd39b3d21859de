import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { runProgram } from '../support/lanes/program.ts';

const LANES = ['openai-4.104', 'openai-6', 'openai-7'];

/** A program with the SDK set up but for the instrumentation, which it handles itself. */
const PRELUDE = {
  mjs: `
    import { createRequire } from 'node:module';
    import { writeResult } from './write.cjs';
    import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
    import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
    const load = () => import('openai');
  `,
  cjs: `
    const { writeResult } = require('./write.cjs');
    const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
    const { instrumentOpenAI } = require('opentelemetry-instrumentation-openai/client');
    const load = async () => require('openai');
  `,
};
const COMMON = `
  const newClient = (OpenAI) => new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  const ask = (client, model) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
  /** The methods of the prototype that every call passes. */
  const methods = (client) => {
    let holder = client;
    while (!Object.hasOwn(holder, 'makeRequest')) holder = Object.getPrototypeOf(holder);
    const names = ['request', 'requestAPIList', 'makeRequest', 'fetchWithTimeout', 'parseResponseWithTimeout', 'withOptions'];
    return { names: Object.getOwnPropertyNames(holder), symbols: Object.getOwnPropertySymbols(holder).length,
      functions: names.map((name) => holder[name]) };
  };
  const same = (one, other) =>
    one.symbols === other.symbols &&
    one.names.join() === other.names.join() &&
    one.functions.every((method, index) => method === other.functions[index]);
`;

interface Behaviour {
  readonly what: string;
  readonly body: string;
  /** The models of the calls that are recorded. */
  readonly recorded: readonly string[];
  /** What the program writes. */
  readonly result?: unknown;
  /** Default: both. */
  readonly formats?: readonly ('cjs' | 'mjs')[];
}

const BEHAVIOURS: readonly Behaviour[] = [
  {
    what: 'disable() restores the original methods, enable() instruments earlier and later clients',
    body: `
      const instrumentation = new OpenAIInstrumentation();
      instrumentation.disable();
      const { OpenAI } = await load();
      const client = newClient(OpenAI);
      await ask(client, 'unobserved');
      const original = methods(client);
      instrumentation.enable();
      const patched = methods(client);
      await ask(client, 'observed-1');
      instrumentation.disable();
      const restored = methods(client);
      await ask(client, 'unobserved');
      instrumentation.enable();
      await ask(client, 'observed-2');
      await ask(newClient(OpenAI), 'observed-3');
      instrumentation.disable();
      writeResult([same(original, patched), same(original, restored), same(original, methods(client))]);
    `,
    recorded: ['observed-1', 'observed-2', 'observed-3'],
    result: [false, true, true],
  },
  {
    what: 'enabled: false changes nothing',
    body: `
      new OpenAIInstrumentation({ enabled: false });
      const { OpenAI } = await load();
      await ask(newClient(OpenAI), 'unobserved');
    `,
    recorded: [],
  },
  {
    what: 'two instrumentations in one process, and instrumentOpenAI, create one span per call',
    body: `
      new OpenAIInstrumentation();
      new OpenAIInstrumentation();
      const { OpenAI } = await load();
      await ask(newClient(OpenAI), 'once');
      await ask(instrumentOpenAI(newClient(OpenAI)), 'once-again');
    `,
    recorded: ['once', 'once-again'],
  },
  {
    what: 'the CommonJS and the ES module entry share their state; two copies of this package create one span per call',
    body: `
      const require = createRequire(import.meta.url);
      const loadOurs = () => require('opentelemetry-instrumentation-openai');
      if (loadOurs().OpenAIInstrumentation !== OpenAIInstrumentation) throw new Error('two implementations');
      for (const file of Object.keys(require.cache))
        if (/opentelemetry-instrumentation-openai.dist/.test(file)) delete require.cache[file];
      const other = loadOurs();
      if (other.OpenAIInstrumentation === OpenAIInstrumentation) throw new Error('not two copies');
      const instrumentations = [new OpenAIInstrumentation(), new other.OpenAIInstrumentation()];
      const { OpenAI } = await load();
      const client = newClient(OpenAI);
      await ask(client, 'by-both');
      instrumentations[1].disable();
      await ask(client, 'by-the-first');
      instrumentations[0].disable();
      await ask(client, 'by-none');
    `,
    recorded: ['by-both', 'by-the-first'],
    formats: ['mjs'],
  },
  {
    what: 'instrumentOpenAI of a client instruments that client and its copies from withOptions',
    body: `
      const { OpenAI } = await load();
      const client = newClient(OpenAI);
      writeResult(instrumentOpenAI(client) === client);
      await ask(client, 'observed');
      await ask(newClient(OpenAI), 'unobserved');
      // openai 4 makes no copies.
      await ask(client.withOptions ? client.withOptions({ timeout: 1000 }) : client, 'copied');
    `,
    recorded: ['observed', 'copied'],
    result: true,
  },
  ...['sdk.OpenAI', 'sdk', 'sdk.default'].map((code) => ({
    what: `instrumentOpenAI(${code}) instruments every client`,
    body: `
      const sdk = await load();
      const target = ${code};
      writeResult(instrumentOpenAI(target) === target);
      await ask(newClient(sdk.OpenAI), 'observed');
    `,
    recorded: ['observed'],
    result: true,
  })),
];

describe.each(LANES)('%s', (lane) => {
  const simulator = useSimulator();

  describe.each(['cjs', 'mjs'] as const)('%s', (format) => {
    const behaviours = BEHAVIOURS.filter(({ formats = ['cjs', 'mjs'] }) => formats.includes(format));
    test.each(behaviours)('$what', async ({ body, recorded, result = null }) => {
      const text = format === 'mjs' ? body : `(async () => {${body}})();`;
      const outcome = await runProgram({
        lane,
        parameters: [format === 'mjs' ? '--import' : '--require', `./sdk-bare.${format}`],
        source: { format, text: `${PRELUDE[format]}\n${COMMON}\n${text}` },
        env: { BASE_URL: simulator().url },
      });
      expect(outcome.spans.map(({ name }) => name)).toEqual(recorded.map((model) => `chat ${model}`));
      expect(outcome.result).toEqual(result);
    });
  });
});
