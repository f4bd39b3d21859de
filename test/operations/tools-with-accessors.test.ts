import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { startSession } from '../support/session.ts';

const MODEL = 'gpt-4o-mini';
const FUNCTION = { name: 'look_up', parameters: { type: 'object', properties: {} } };
const TOOL = { type: 'function', ...FUNCTION, function: FUNCTION };

type Tools = never[];
/** Makes the tools of a request, which say whenever code of the program runs to read them. */
type Make = (ran: () => void) => unknown;

function after<Value>(ran: () => void, value: Value): Value {
  ran();
  return value;
}

function accessors(values: Readonly<Record<string, unknown>>, ran: () => void): object {
  const properties = Object.entries(values).map(([key, value]) => [
    key,
    { enumerable: true, get: () => after(ran, value) },
  ]);
  return Object.defineProperties({}, Object.fromEntries(properties) as PropertyDescriptorMap);
}

function proxy<Target extends object>(target: Target, ran: () => void): Target {
  return new Proxy(target, {
    get: (from, key, self) => after(ran, Reflect.get(from, key, self)),
    has: (from, key) => after(ran, Reflect.has(from, key)),
    ownKeys: (from) => after(ran, Reflect.ownKeys(from)),
    getOwnPropertyDescriptor: (from, key) => after(ran, Reflect.getOwnPropertyDescriptor(from, key)),
  });
}

const TOOLS: readonly [kind: string, make: Make][] = [
  [
    'an array with an accessor',
    (ran) => Object.defineProperty([], 0, { get: () => after(ran, TOOL), enumerable: true }),
  ],
  ['a proxy of an array', (ran) => proxy([TOOL], ran)],
  ['a tool with accessors', (ran) => [accessors(TOOL, ran)]],
  ['a proxy of a tool', (ran) => [proxy(TOOL, ran)]],
  ['a function with accessors', (ran) => [{ ...TOOL, function: accessors(FUNCTION, ran) }]],
  [
    'parameters with accessors',
    (ran) => {
      const parameters = { type: 'object', properties: accessors({ city: { type: 'string' } }, ran) };
      return [{ ...TOOL, parameters, function: { ...FUNCTION, parameters } }];
    },
  ],
];

const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];
const CALLS: readonly [method: string, call: (client: OpenAI, tools: Tools) => Promise<unknown>][] = [
  [
    'chat.completions.create',
    ({ chat }, tools) =>
      chat.completions.create({ model: MODEL, messages: MESSAGES, tools, tool_choice: 'none' }),
  ],
  [
    'chat.completions.stream',
    ({ chat }, tools) =>
      chat.completions
        .stream({ model: MODEL, messages: MESSAGES, tools, tool_choice: 'none' })
        .finalChatCompletion(),
  ],
  [
    'chat.completions.runTools',
    ({ chat }, tools) =>
      chat.completions.runTools({ model: MODEL, messages: MESSAGES, tools, tool_choice: 'none' }).done(),
  ],
  ['responses.create', ({ responses }, tools) => responses.create({ model: MODEL, input: 'Hello', tools })],
];

const CONFIGS: readonly OpenAIInstrumentationConfig[] = [
  {},
  { captureMessageContent: 'SPAN_ONLY' },
  { streamUsage: 'include' },
];

describe.each(CALLS)('%s runs no code of the program more often than without us', (_, call) => {
  describe.each(CONFIGS)('with %j', (config) => {
    test.each(TOOLS)('if the tools are %s', async (__, make) => {
      const session = await startSession({ config });
      const countRuns = async (client: OpenAI): Promise<number> => {
        let runs = 0;
        const tools = make(() => runs++) as Tools;
        await call(client, tools).catch(() => undefined);
        return runs;
      };
      const plain = await countRuns(session.plain);
      expect(await countRuns(session.client)).toBeLessThanOrEqual(plain);
      await session.simulator.close();
    });
  });
});
