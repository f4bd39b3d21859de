import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { withConversation } from '../../../src/client.ts';
import { type Program, startProgram } from '../../support/program.ts';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };

async function askWeather(
  { client }: Pick<Program, 'client'>,
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
  it.each([{}, { stream: true as const }])('has a span beside the model calls: %o', async (more) => {
    const program = await startProgram();
    await program.inSpan(() => askWeather(program, async () => 'sunny', more));
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

  it('has its arguments and result recorded with consent, but no secret, and no getter is called for that', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    let asked = 0;
    const result = {
      sky: 'blue',
      apiKey: 'hidden',
      get clouds() {
        return ++asked;
      },
    };
    await program.inSpan(() => askWeather(program, () => result));
    const [tool] = program.ended('execute_tool');
    expect(JSON.parse(String(tool?.attributes['gen_ai.tool.call.arguments']))).toEqual(expect.any(Object));
    expect(JSON.parse(String(tool?.attributes['gen_ai.tool.call.result']))).toEqual({
      sky: 'blue',
      apiKey: 'REDACTED',
    });
    // The SDK reads it once.
    expect(asked).toBe(1);
  });

  it('runs without a span or a metric where tracing is suppressed', async () => {
    const program = await startProgram();
    let ran = 0;
    await context.with(suppressTracing(context.active()), () => askWeather(program, () => ++ran));
    expect([ran, program.telemetry.spans, await program.telemetry.metrics()]).toEqual([1, [], []]);
  });

  it('fails as without instrumentation', async () => {
    const program = await startProgram();
    const fail = (): never => {
      throw new RangeError('no such city');
    };
    const failed = await program.inSpan(() => askWeather(program, fail).catch((error: unknown) => error));
    const unobserved = await askWeather({ client: program.plain }, fail).catch((error: unknown) => error);
    expect(failed).toEqual(unobserved);
    await program.expectTree(`
      program
      └─ invoke_workflow runTools     !OpenAIError
         ├─ chat gpt-4o-mini
         └─ execute_tool get_weather  !RangeError
    `);
  });
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
      expect(await program.points('gen_ai.execute_tool.duration')).toMatchObject([{ count: 1 }]);
    },
  );

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
});
