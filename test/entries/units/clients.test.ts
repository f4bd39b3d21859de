import OpenAI, * as namespace from 'openai';
import { AzureOpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { VERSION } from '../../../src/util/version.ts';
import { type Simulator, startSimulator } from '../../support/simulator/index.ts';
import { type RecordedTelemetry, recordTelemetry } from '../../support/telemetry.ts';
import { collectWarnings } from '../../support/warnings.ts';

const CONTENT = 'gen_ai.input.messages';

let simulator: Simulator;
let telemetry: RecordedTelemetry;
beforeEach(async () => {
  simulator = await startSimulator();
  telemetry = recordTelemetry({ content: true });
});
afterEach(async () => {
  await simulator.close();
  await telemetry.verify();
});

const newClient = (Client: typeof OpenAI = OpenAI): OpenAI =>
  new Client({ apiKey: 'k', baseURL: simulator.url, maxRetries: 0 });

async function ask(client: OpenAI, model: string): Promise<void> {
  await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
}

/** The models that were asked, and whether what they were asked was recorded. */
function asked(): Record<string, boolean> {
  return Object.fromEntries(
    telemetry.spans.map(({ name, attributes }) => [name.replace('chat ', ''), CONTENT in attributes]),
  );
}

/** A client with settings of its own, which records content or none. */
function withContent(captureMessageContent: boolean, client: OpenAI = newClient()): OpenAI {
  return instrumentOpenAI(client, { captureMessageContent });
}

/** Passes every call on to a client, as its own methods. */
const BINDING: ProxyHandler<OpenAI> = {
  get(target, key) {
    const value: unknown = Reflect.get(target, key);
    return typeof value === 'function' ? value.bind(target) : value;
  },
};

describe('the settings of one client', () => {
  test('apply to that client only', async () => {
    const [speaking, silent] = [withContent(true), withContent(false)];
    await Promise.all([ask(speaking, 'speaking'), ask(silent, 'silent'), ask(newClient(), 'unobserved')]);
    expect(asked()).toEqual({ speaking: true, silent: false });
  });

  test('are the defaults if a program passes null', async () => {
    await ask(instrumentOpenAI(newClient(), null as never), 'default');
    expect(asked()).toEqual({ default: false });
  });

  test('are inherited through withOptions(), repeatedly, by copies that may have others', async () => {
    const child = withContent(true).withOptions({ timeout: 5_000 });
    await ask(child, 'child');
    await ask(child.withOptions({ maxRetries: 1 }), 'grandchild');
    await ask(withContent(false, child.withOptions({})), 'silent');
    await ask(child, 'unaffected');
    expect(asked()).toEqual({ child: true, grandchild: true, silent: false, unaffected: true });
  });

  test('are replaced by new settings', async () => {
    const client = withContent(true);
    await ask(client, 'before');
    await ask(withContent(false, client), 'after');
    expect(asked()).toEqual({ before: true, after: false });
  });

  test.each<[string, (client: OpenAI) => OpenAI]>([
    ['a client', (client) => client],
    ['a proxy', (client) => new Proxy(client, {})],
    ['a proxy that binds methods', (client) => new Proxy(client, BINDING)],
    ['an object that inherits from a client', (client) => Object.create(client)],
  ])('take precedence over those of all clients: %s', async (_, wrap) => {
    instrumentOpenAI(OpenAI, { captureMessageContent: true });
    await ask(withContent(false, wrap(newClient())), 'silent');
    await ask(newClient(), 'speaking');
    expect(asked()).toEqual({ silent: false, speaking: true });
  });

  test('cannot be given to a proxy that wraps everything, which is reported', () => {
    const warnings = collectWarnings();
    const wrap = <Wrapped extends object>(wrapped: Wrapped): Wrapped =>
      new Proxy(wrapped, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'object' && value !== null ? wrap(value) : value;
        },
      });
    const client = wrap(newClient());
    expect(instrumentOpenAI(client)).toBe(client);
    expect(warnings).toEqual([expect.stringContaining('Pass the client to it first')]);
  });
});

describe('instrumentOpenAI returns its target:', () => {
  test('a client', () => {
    const client = newClient();
    expect(instrumentOpenAI(client)).toBe(client);
  });

  test('the class, and instruments all its clients and those of its subclasses', async () => {
    class Own extends OpenAI {}
    expect(instrumentOpenAI(OpenAI)).toBe(OpenAI);
    await ask(newClient(), 'plain');
    await ask(newClient(Own), 'subclass');
    await ask(new AzureOpenAI({ apiKey: 'k', baseURL: simulator.url, apiVersion: '2024-10-21' }), 'azure');
    expect(Object.keys(asked())).toEqual(['plain', 'subclass', 'azure']);
  });

  test('the module namespace', async () => {
    expect(instrumentOpenAI(namespace)).toBe(namespace);
    await ask(newClient(), 'plain');
    expect(Object.keys(asked())).toEqual(['plain']);
  });

  test.each([undefined, null, 'openai', {}, () => undefined])(
    'anything else (%s), and does nothing',
    (target) => {
      expect(instrumentOpenAI(target)).toBe(target);
    },
  );
});

test('instrumenting a class twice creates one span per call', async () => {
  instrumentOpenAI(OpenAI);
  instrumentOpenAI(OpenAI, {});
  instrumentOpenAI(newClient());
  await ask(newClient(), 'once');
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat once']);
});

test('instrumenting a class on each request keeps only the latest observer', async () => {
  const observers = (): readonly unknown[] => [
    ...Reflect.get(globalThis, Symbol.for('opentelemetry-instrumentation-openai/state@1')).values.get(
      `observers@${VERSION}`,
    ),
  ];
  const first = { captureMessageContent: false };
  instrumentOpenAI(OpenAI, first);
  const before = observers().length;
  for (let request = 0; request < 100; request++) instrumentOpenAI(OpenAI, { captureMessageContent: true });
  instrumentOpenAI(OpenAI, first);
  expect(observers()).toHaveLength(before);
  await ask(newClient(), 'speaking');
  // What the program said last holds, also if it has said it before.
  expect(asked()).toEqual({ speaking: false });
});
