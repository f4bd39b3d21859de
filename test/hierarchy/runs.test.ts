import { describe, expect, it } from 'vitest';
import type { RunScript } from '../support/simulator/index.ts';
import { millisecondsOf } from '../support/times.ts';
import { outputsFor, startTutor, type Tutor } from '../support/tutor.ts';

const TUTOR_RUN: RunScript = {
  steps: [
    {
      tools: [{ codeInterpreter: { input: 'print(4 / 3)', logs: '1.333', images: 2 } }],
      usage: { prompt: 154, completion: 62, cached: 128 },
    },
    { message: 'x is 1.', usage: { prompt: 227, completion: 26, reasoning: 10 } },
  ],
};

const WEATHER_RUN: RunScript = {
  steps: [
    {
      tools: [
        { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
        { function: { name: 'get_time', arguments: {} } },
      ],
      usage: { prompt: 100, completion: 20 },
    },
    { message: 'Sunny.', usage: { prompt: 140, completion: 5 } },
  ],
};

const SEARCH_RUN: RunScript = {
  steps: [
    {
      tools: [
        {
          fileSearch: {
            query: 'tariff',
            results: [{ file_id: 'file-1', file_name: 'secret.pdf', score: 0.9, text: 'The tariff is 7.' }],
          },
        },
      ],
      usage: { prompt: 50, completion: 10 },
    },
    { message: 'The tariff is 7.', usage: { prompt: 90, completion: 8 } },
  ],
};

const TUTOR_TREE = `
  program
  └─ thread                             openai.total.input_tokens=381 openai.total.output_tokens=88
     └─ invoke_agent Math Tutor         openai.run.status=completed openai.total.input_tokens=381 openai.total.output_tokens=88
        ├─ chat gpt-4o-mini             gen_ai.usage.input_tokens=154 gen_ai.usage.output_tokens=62 gen_ai.usage.cache_read.input_tokens=128
        ├─ execute_tool code_interpreter
        └─ chat gpt-4o-mini             gen_ai.usage.input_tokens=227 gen_ai.usage.output_tokens=26 gen_ai.usage.reasoning.output_tokens=10
`;

describe('a run', () => {
  it.each<[string, (tutor: Tutor) => Promise<unknown>]>([
    ['the helper polls it', ({ run }) => run()],
    [
      'the program polls',
      async ({ client, create, threadId }) => {
        let run = await create();
        while (run.status !== 'completed')
          run = await client.beta.threads.runs.retrieve(run.id, { thread_id: threadId });
      },
    ],
    [
      'it is streamed',
      async ({ events }) => {
        for await (const _ of await events());
      },
    ],
    ['the helper streams it', ({ stream }) => stream()],
  ])('is recorded with its steps when %s', async (_, run) => {
    const program = await startTutor({ runs: [TUTOR_RUN] });
    await program.inSpan(() => run(program));
    await program.expectTree(TUTOR_TREE);
  });

  it.each(['polled', 'streamed'])('that creates its thread has a thread span: %s', async (how) => {
    const program = await startTutor({ runs: [TUTOR_RUN] });
    const { threads } = program.client.beta;
    const thread = { messages: [{ role: 'user' as const, content: 'What is x?' }] };
    const body = { assistant_id: program.assistantId, thread };
    await program.inSpan(() =>
      how === 'polled' ? threads.createAndRunPoll(body) : threads.createAndRunStream(body).finalRun(),
    );
    await program.expectTree(`
      program
      └─ thread                             openai.thread.id={thread} openai.total.user_messages=1 openai.total.runs=1
         └─ invoke_agent Math Tutor         openai.run.id={run} openai.total.user_messages=1
            ├─ chat gpt-4o-mini
            ├─ execute_tool code_interpreter
            └─ chat gpt-4o-mini
    `);
  });
});

const WEATHER_TREE = `
  program
  └─ thread
     └─ invoke_agent Math Tutor      openai.run.status=completed gen_ai.response.finish_reasons=["stop"]
        ├─ chat gpt-4o-mini          openai.step.id={asking} gen_ai.usage.input_tokens=100 gen_ai.response.finish_reasons=["tool_calls"]
        ├─ execute_tool get_weather  openai.step.id={asking} openai.tool.type=function
        ├─ execute_tool get_time     openai.step.id={asking} openai.tool.type=function
        └─ chat gpt-4o-mini          openai.step.id={answering} gen_ai.usage.input_tokens=140 gen_ai.response.finish_reasons=["stop"]
`;

describe('a run that asks for tools', () => {
  it.each<[string, (tutor: Tutor) => Promise<unknown>]>([
    [
      'the poll helpers send the outputs',
      async ({ client, run }) => {
        const asked = await run();
        await client.beta.threads.runs.submitToolOutputsAndPoll(asked.id, outputsFor(asked));
      },
    ],
    [
      'the outputs are streamed',
      async ({ client, stream }) => {
        const asked = await stream();
        await client.beta.threads.runs.submitToolOutputsStream(asked.id, outputsFor(asked)).finalRun();
      },
    ],
    [
      'the program sends plain requests',
      async ({ client, create, threadId }) => {
        const { runs } = client.beta.threads;
        let run = await create();
        while (run.status !== 'completed') {
          const asks = run.status === 'requires_action';
          run = await (asks
            ? runs.submitToolOutputs(run.id, outputsFor(run))
            : runs.retrieve(run.id, { thread_id: threadId }));
        }
      },
    ],
  ])('is one run with a tool span from the request to the output, when %s', async (_, run) => {
    const program = await startTutor({ runs: [WEATHER_RUN] });
    await program.inSpan(() => run(program));
    await program.expectTree(WEATHER_TREE);
    const [asking, weather] = ['chat gpt-4o-mini', 'execute_tool get_weather'].map((name) =>
      program.telemetry.spans.find((span) => span.name === name),
    );
    expect(weather?.startTime).toEqual(asking?.endTime);
  });

  it('has a tool span that ends when the output is sent, however late its stream begins', async () => {
    const { client, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    const { runs } = client.beta.threads;
    const asked = await program.stream();
    program.simulator.next({ when: { method: 'POST', path: /submit_tool_outputs$/ }, delayMs: 500 });
    const sent = Date.now();
    await runs.submitToolOutputsStream(asked.id, outputsFor(asked)).finalRun();
    await program.telemetry.provider.shutdown();
    const [weather] = program.ended('execute_tool get_weather');
    expect(millisecondsOf(weather?.endTime) - sent).toBeLessThan(400);
  });
});

it('a file search records the number of results, and their text with consent', async () => {
  const program = await startTutor({
    runs: [SEARCH_RUN],
    config: { captureMessageContent: 'SPAN_ONLY' },
    content: true,
  });
  await program.inSpan(program.run);
  await program.telemetry.provider.forceFlush();
  const search = program.ended('execute_tool file_search')[0]?.attributes;
  expect(search).toMatchObject({
    'openai.file_search.result_count': 1,
    'openai.file_search.file_ids': ['file-1'],
    'gen_ai.tool.type': 'datastore',
    'gen_ai.retrieval.query.text': 'tariff',
  });
  expect(JSON.parse(String(search?.['gen_ai.retrieval.documents']))).toEqual([
    { id: 'file-1', score: 0.9, name: 'secret.pdf', content: 'The tariff is 7.' },
  ]);
  const answer = program.telemetry.spans.findLast(({ name }) => name === 'chat gpt-4o-mini')?.attributes;
  expect(JSON.parse(String(answer?.['gen_ai.output.messages']))).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'The tariff is 7.' }], finish_reason: 'stop' },
  ]);
});
