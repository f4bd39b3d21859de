import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, it, test } from 'vitest';
import { withConversation } from '../../../src/client.ts';
import { resolveSettings } from '../../../src/config/config.ts';
import { runTool } from '../../../src/pipeline/program-operations.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { type Program, startProgram } from '../../support/program.ts';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };

async function askWeather(
  { client }: Program,
  getWeather: (args: { city: string }) => unknown,
  { calls = 1, ...more }: { stream?: true; calls?: number } = {},
): Promise<unknown> {
  const tool = {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Tells the weather.',
      function: getWeather,
      parse: (text: string) => JSON.parse(text) as { city: string },
      parameters: PARAMETERS,
    },
  };
  const runner = client.chat.completions.runTools({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'How is the weather in Paris?' }],
    tools: Array(calls).fill(tool),
    ...(calls > 1 ? { parallel_tool_calls: true } : {}),
    ...more,
  } as Parameters<OpenAI['chat']['completions']['runTools']>[0]);
  return runner.finalContent();
}

const TREE = `
  program
  └─ invoke_workflow runTools     gen_ai.workflow.name=runTools
     ├─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["tool_calls"]
     ├─ execute_tool get_weather  gen_ai.tool.type=function gen_ai.tool.call.id={call}
     └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
`;

describe('a function that runTools runs', () => {
  it('has a span beside the model calls', async () => {
    const program = await startProgram();
    await program.inSpan(() => askWeather(program, async () => 'sunny'));
    await program.expectTree(TREE);
  });

  it('has a span in a streamed conversation too', async () => {
    const program = await startProgram();
    await program.inSpan(() => askWeather(program, async () => 'sunny', { stream: true }));
    await program.expectTree(TREE);
  });

  it('runs with its span active', async () => {
    const program = await startProgram();
    const look = async (): Promise<string> =>
      trace.getTracer('program').startActiveSpan('look out of the window', async (span) => {
        await new Promise((resolve) => setImmediate(resolve));
        span.end();
        return 'sunny';
      });
    await program.inSpan(() => askWeather(program, look));
    await program.expectTree(`
      program
      └─ invoke_workflow runTools
         ├─ chat gpt-4o-mini
         ├─ execute_tool get_weather
         │  └─ look out of the window
         └─ chat gpt-4o-mini
    `);
  });

  it('has its arguments and result recorded with consent', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    await program.inSpan(() => askWeather(program, () => ({ sky: 'blue' })));
    const tool = program.telemetry.spans.find(({ name }) => name.startsWith('execute_tool'))?.attributes;
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.arguments']))).toEqual(expect.any(Object));
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.result']))).toEqual({ sky: 'blue' });
  });

  it('has no secret of its result recorded, and no getter of it called', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    let asked = 0;
    const result = {
      apiKey: 'hidden',
      get sky() {
        return `blue ${++asked}`;
      },
    };
    await program.inSpan(() => askWeather(program, () => result));
    const tool = program.telemetry.spans.find(({ name }) => name.startsWith('execute_tool'))?.attributes;
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.result']))).toEqual({ apiKey: 'REDACTED' });
    // The SDK reads it once.
    expect(asked).toBe(1);
  });

  it('fails as without instrumentation', async () => {
    const program = await startProgram();
    const fail = (): never => {
      throw new RangeError('no such city');
    };
    const failed = await program.inSpan(() => askWeather(program, fail).catch((error: unknown) => error));
    const plain = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url, maxRetries: 0 });
    const unobserved = await askWeather({ ...program, client: plain }, fail).catch((error: unknown) => error);
    expect(failed).toEqual(unobserved);
    await program.expectTree(`
      program
      └─ invoke_workflow runTools     !OpenAIError
         ├─ chat gpt-4o-mini
         └─ execute_tool get_weather  !RangeError
    `);
  });

  it('receives what it receives without instrumentation', async () => {
    const program = await startProgram();
    const seen: unknown[] = [];
    await program.inSpan(() =>
      askWeather(program, function (this: unknown, ...args: unknown[]) {
        seen.push([typeof this, args.length, args[0], (args[1] as object).constructor.name]);
        return 'sunny';
      }),
    );
    const plain = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url, maxRetries: 0 });
    await askWeather({ ...program, client: plain }, function (this: unknown, ...args: unknown[]) {
      seen.push([typeof this, args.length, args[0], (args[1] as object).constructor.name]);
      return 'sunny';
    });
    expect(seen[0]).toEqual(seen[1]);
  });
});

/** How often tools were timed. */
async function timedTools({ telemetry }: Program): Promise<number> {
  return (await telemetry.metrics())
    .filter(({ descriptor }) => descriptor.name === 'gen_ai.execute_tool.duration')
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => (value as { count: number }).count))
    .reduce((sum, count) => sum + count, 0);
}

test('a finished tool is released', async () => {
  const telemetry = new Telemetry(resolveSettings({}, () => undefined));
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = { calls: () => [], history: () => [] };
  const tool = { client: {}, name: 'tool', arguments: {}, ...seen, run: () => promise };
  const result = runTool(telemetry, tool, 'openai', () => undefined);
  expect(telemetry.functions.size).toBe(1);
  resolve();
  await result;
  expect(telemetry.functions.size).toBe(0);
});

describe('a function that runTools runs in a conversation', () => {
  it.each([{}, { stream: true as const }])(
    'is recorded and timed once, in the conversation: %o',
    async (more) => {
      const program = await startProgram();
      const ask = () => program.client.models.retrieve('gpt-4o-mini');
      await withConversation('chat-1', () => askWeather(program, ask, more));
      await program.telemetry.provider.shutdown();
      await program.expectTree(`
      conversation                    gen_ai.conversation.id=chat-1
      └─ invoke_workflow runTools     gen_ai.conversation.id=chat-1
         ├─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1
         ├─ execute_tool get_weather  gen_ai.conversation.id=chat-1 gen_ai.tool.call.id={call}
         │  └─ GET /models/{model}
         └─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1
    `);
      expect(await timedTools(program)).toBe(1);
    },
  );

  it('is recorded once below a span of the program', async () => {
    const program = await startProgram();
    await program.inSpan(() => withConversation('chat-1', () => askWeather(program, () => 'sunny')));
    await program.expectTree(`
      program
      └─ invoke_workflow runTools     gen_ai.conversation.id=chat-1
         ├─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1
         ├─ execute_tool get_weather  gen_ai.conversation.id=chat-1 gen_ai.tool.call.id={call}
         └─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1
    `);
    expect(await timedTools(program)).toBe(1);
  });

  it('has the id of its own call among parallel ones', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    let runs = 0;
    const run = async (): Promise<unknown> => ({ run: ++runs });
    await withConversation('chat-1', () => askWeather(program, run, { calls: 3 }));
    await program.telemetry.provider.shutdown();
    const tools = program.telemetry.spans
      .filter(({ name }) => name === 'execute_tool get_weather')
      .map(({ attributes }) => [attributes['gen_ai.tool.call.id'], attributes['gen_ai.tool.call.result']]);
    expect(tools).toEqual([
      ['call_000001', '{"run":1}'],
      ['call_000002', '{"run":2}'],
      ['call_000003', '{"run":3}'],
    ]);
  });

  it('is recorded where it runs, even if it fails', async () => {
    const program = await startProgram();
    const fail = (): never => {
      throw new RangeError('no such city');
    };
    await withConversation('chat-1', () => askWeather(program, fail).catch(() => undefined));
    await program.telemetry.provider.shutdown();
    await program.expectTree(`
      conversation
      └─ invoke_workflow runTools     !OpenAIError
         ├─ chat gpt-4o-mini
         └─ execute_tool get_weather  !RangeError
    `);
  });
});
