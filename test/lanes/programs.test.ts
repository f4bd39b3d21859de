import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { findings } from '../support/lanes/program.ts';
import { LANES_AND_FORMATS, runScenario, type Scenario } from '../support/lanes/scenario.ts';
import { usageSum } from '../support/lanes/usage.ts';

describe.each(LANES_AND_FORMATS)('$name, $format: a program', (row) => {
  test('sends a chat completion, plain and streamed', async () => {
    const chat: Scenario = { name: 'chat', server: { runs: [] } };
    const bare = await runScenario(chat, row, 'no');
    const outcome = await runScenario(chat, row, 'without content');
    assertSpanTree(
      outcome.spans,
      `
        program
        ├─ chat gpt-4o       gen_ai.response.model=gpt-4o-* gen_ai.request.temperature=0.5 gen_ai.usage.input_tokens={asked} gen_ai.usage.output_tokens={said}
        └─ chat gpt-4o-mini  gen_ai.response.model=gpt-4o-mini-* gen_ai.request.stream=true gen_ai.usage.input_tokens={asked} gen_ai.usage.output_tokens={said}
      `,
    );
    expect(findings(outcome, { content: false })).toEqual([]);
    expect(outcome.metrics.map(({ descriptor }) => descriptor.name)).toEqual(
      expect.arrayContaining(['gen_ai.client.operation.duration', 'gen_ai.client.token.usage']),
    );
    expect(outcome.recorded).not.toContain('What is a span?');
    expect(withoutTimes(outcome.result)).toEqual(withoutTimes(bare.result));
  });

  test('answers the function call of a run', async () => {
    const weather: Scenario = {
      name: 'functionTool',
      server: {
        runs: [
          {
            steps: [
              {
                tools: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }],
                usage: { prompt: 100, completion: 20 },
              },
              { message: 'Take an umbrella.', usage: { prompt: 150, completion: 10 } },
            ],
          },
        ],
      },
    };
    const bare = await runScenario(weather, row, 'no');
    const outcome = await runScenario(weather, row, 'without content');
    assertSpanTree(
      outcome.spans,
      `
        program
        ├─ create_agent Weather Bot
        ├─ POST /threads                         openai.thread.id={thread}
        └─ thread                                openai.thread.id={thread} openai.total.input_tokens=250
           ├─ invoke_agent Weather Bot           openai.run.id={run} openai.run.status=completed openai.total.input_tokens=250
           │  ├─ chat gpt-4o-mini                openai.step.id={asking} gen_ai.usage.input_tokens=100
           │  ├─ execute_tool get_weather        openai.step.id={asking}
           │  └─ chat gpt-4o-mini                openai.step.id={answering} gen_ai.usage.input_tokens=150
           └─ GET /threads/{thread_id}/messages  openai.thread.id={thread}
      `,
    );
    expect(findings(outcome, { content: false })).toEqual([]);
    expect(usageSum(outcome.spans)).toEqual({ input_tokens: 250, output_tokens: 30 });
    expect(outcome.recorded).not.toMatch(/umbrella|Heavy rain|Paris/);
    expect(withoutTimes(outcome.result)).toEqual(withoutTimes(bare.result));
  });

  test('gets an error', async () => {
    const failure: Scenario = {
      name: 'failure',
      server: {
        failure: {
          status: 429,
          body: {
            error: {
              message: 'You said: Hello? too often.',
              type: 'requests',
              param: null,
              code: 'rate_limit_exceeded',
            },
          },
        },
      },
    };
    const bare = await runScenario(failure, row, 'no');
    const outcome = await runScenario(failure, row, 'without content');
    assertSpanTree(
      outcome.spans,
      `
      program
      └─ chat gpt-4o  !rate_limit_exceeded
    `,
    );
    expect(findings(outcome, { content: false })).toEqual([]);
    expect(outcome.recorded).not.toContain('Hello?');
    expect(outcome.result).toMatchObject({ name: 'RateLimitError', code: 'rate_limit_exceeded' });
    expect(outcome.result).toEqual(bare.result);
  });
});

/** The simulator reports the time of day, which is not the same twice. */
function withoutTimes(result: unknown): unknown {
  const time = /^created$|_at$/;
  return JSON.parse(JSON.stringify(result), (key, value) =>
    time.test(key) && typeof value === 'number' ? 'a time' : value,
  );
}
