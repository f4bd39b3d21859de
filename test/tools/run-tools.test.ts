import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };

async function askWeather(
  { client }: Program,
  getWeather: (args: { city: string }) => unknown,
  more: { stream?: true } = {},
): Promise<unknown> {
  const runner = client.chat.completions.runTools({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'How is the weather in Paris?' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'Tells the weather.',
          function: getWeather,
          parse: (text: string) => JSON.parse(text) as { city: string },
          parameters: PARAMETERS,
        },
      },
    ],
    ...more,
  } as Parameters<OpenAI['chat']['completions']['runTools']>[0]);
  return runner.finalContent();
}

const TREE = `
  program
  ├─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["tool_calls"]
  ├─ execute_tool get_weather  gen_ai.tool.type=function
  └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
`;

describe('a function that runTools runs', () => {
  it('is a span beside the calls of the model', async () => {
    const program = await startProgram();
    await program.inSpan(() => askWeather(program, async () => 'sunny'));
    await program.expectTree(TREE);
  });

  it('is one in a streamed conversation too', async () => {
    const program = await startProgram();
    await program.inSpan(() => askWeather(program, async () => 'sunny', { stream: true }));
    await program.expectTree(TREE);
  });

  it('is active while the function runs', async () => {
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
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_weather
      │  └─ look out of the window
      └─ chat gpt-4o-mini
    `);
  });

  it('says what it was given and gave, with consent', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    await program.inSpan(() => askWeather(program, () => ({ sky: 'blue' })));
    const tool = program.telemetry.spans.find(({ name }) => name.startsWith('execute_tool'))?.attributes;
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.arguments']))).toEqual(expect.any(Object));
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.result']))).toEqual({ sky: 'blue' });
  });

  it('fails as it does without us', async () => {
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
      ├─ chat gpt-4o-mini
      └─ execute_tool get_weather  !RangeError
    `);
  });

  it('gets what it would get without us', async () => {
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
