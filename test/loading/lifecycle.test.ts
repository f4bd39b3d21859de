import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { runProgram } from '../support/lanes/program.ts';

const LANES = ['openai-4.104', 'openai-6', 'openai-7'];

/** A program with the SDK set up but for the instrumentation, which it handles itself. */
const PRELUDE = {
  mjs: `
    import { writeResult } from './write.cjs';
    import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
    const load = () => import('openai');
  `,
  cjs: `
    const { writeResult } = require('./write.cjs');
    const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
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

describe.each(LANES)('%s', (lane) => {
  const simulator = useSimulator();

  /** Runs the body of a program in both formats; `setup` is what is loaded before it. */
  const runBody = (format: 'cjs' | 'mjs', body: string, setup = 'sdk-bare') =>
    runProgram({
      lane,
      parameters: [format === 'mjs' ? '--import' : '--require', `./${setup}.${format}`],
      source: {
        format,
        text: `${PRELUDE[format]}\n${COMMON}\n${format === 'mjs' ? body : `(async () => {${body}})();`}`,
      },
      env: { BASE_URL: simulator().url },
    });

  describe.each(['cjs', 'mjs'] as const)('%s', (format) => {
    test('disable() restores the original methods, enable() instruments earlier and later clients', async () => {
      const { result, spans } = await runBody(
        format,
        `
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
          writeResult({
            patched: !same(original, patched),
            restored: same(original, restored),
            again: same(original, methods(client)),
          });
        `,
      );
      expect(spans.map(({ name }) => name)).toEqual([
        'chat observed-1',
        'chat observed-2',
        'chat observed-3',
      ]);
      expect(result).toEqual({ patched: true, restored: true, again: true });
    });

    test('enabled: false changes nothing', async () => {
      const { spans } = await runBody(
        format,
        `
          new OpenAIInstrumentation({ enabled: false });
          const { OpenAI } = await load();
          await ask(newClient(OpenAI), 'unobserved');
        `,
      );
      expect(spans).toEqual([]);
    });

    test('disabling during a call ends its span and does not affect its result', async () => {
      const { result, spans } = await runBody(
        format,
        `
          const instrumentation = new OpenAIInstrumentation();
          const { OpenAI } = await load();
          const answer = ask(newClient(OpenAI), 'interrupted');
          await new Promise((resolve) => setImmediate(resolve));
          instrumentation.disable();
          writeResult((await answer).choices.length);
        `,
      );
      expect(result).toBe(1);
      expect(spans.map(({ name }) => name)).toEqual(['chat interrupted']);
    });

    test('two instrumentations in one process create one span per call', async () => {
      const { spans } = await runBody(
        format,
        `
          new OpenAIInstrumentation();
          new OpenAIInstrumentation();
          const { OpenAI } = await load();
          await ask(newClient(OpenAI), 'once');
        `,
      );
      expect(spans.map(({ name }) => name)).toEqual(['chat once']);
    });
  });

  test('the CommonJS and the ES module entry share their state; two copies of this package create one span per call', async () => {
    const { spans } = await runBody(
      'mjs',
      `
        const { createRequire } = await import('node:module');
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
    );
    expect(spans.map(({ name }) => name)).toEqual(['chat by-both', 'chat by-the-first']);
  });

  test('a program that loaded openai before is instrumented too', async () => {
    const { spans } = await runBody(
      'cjs',
      `
        const { OpenAI } = await load();
        const client = newClient(OpenAI);
        new OpenAIInstrumentation();
        await ask(client, 'late');
      `,
    );
    expect(spans.map(({ name }) => name)).toEqual(['chat late']);
  });

  describe.each(['cjs', 'mjs'] as const)('instrumentOpenAI, %s', (format) => {
    const entry =
      format === 'mjs'
        ? `const { instrumentOpenAI } = await import('opentelemetry-instrumentation-openai/client');`
        : `const { instrumentOpenAI } = require('opentelemetry-instrumentation-openai/client');`;

    test('of a client instruments that client and its copies from withOptions', async () => {
      const { spans, result } = await runBody(
        format,
        `
          ${entry}
          const { OpenAI } = await load();
          const client = newClient(OpenAI);
          const returned = instrumentOpenAI(client);
          await ask(client, 'observed');
          await ask(newClient(OpenAI), 'unobserved');
          if (client.withOptions) await ask(client.withOptions({ timeout: 1000 }), 'observed');
          writeResult({ same: returned === client, both: client.withOptions !== undefined });
        `,
      );
      expect(result).toEqual({ same: true, both: lane !== 'openai-4.104' });
      const expected = lane === 'openai-4.104' ? ['chat observed'] : ['chat observed', 'chat observed'];
      expect(spans.map(({ name }) => name)).toEqual(expected);
    });

    test.each([
      { target: 'the class', code: 'sdk.OpenAI' },
      { target: 'the namespace', code: 'sdk' },
      { target: 'the default export', code: 'sdk.default' },
    ])('of $target instruments every client', async ({ code }) => {
      const { spans, result } = await runBody(
        format,
        `
          ${entry}
          const sdk = await load();
          const target = (${code});
          const returned = instrumentOpenAI(target);
          await ask(newClient(sdk.OpenAI), 'observed');
          writeResult(returned === target);
        `,
      );
      expect(result).toBe(true);
      expect(spans.map(({ name }) => name)).toEqual(['chat observed']);
    });

    test('of a subclass instruments its clients', async () => {
      const { spans } = await runBody(
        format,
        `
          ${entry}
          const sdk = await load();
          const target = instrumentOpenAI(class MyOpenAI extends sdk.OpenAI {});
          await ask(newClient(sdk.OpenAI), 'unobserved');
          await ask(newClient(target), 'observed');
        `,
      );
      expect(spans.map(({ name }) => name)).toEqual(['chat observed']);
    });

    test('together with the instrumentation creates one span per call', async () => {
      const { spans } = await runBody(
        format,
        `
          ${entry}
          new OpenAIInstrumentation();
          const { OpenAI } = await load();
          await ask(instrumentOpenAI(newClient(OpenAI)), 'once');
        `,
      );
      expect(spans.map(({ name }) => name)).toEqual(['chat once']);
    });
  });
});
