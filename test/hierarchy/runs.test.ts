import { describe, expect, it } from 'vitest';
import { startProgram } from '../support/program.ts';
import type { RunScript } from '../support/simulator/index.ts';
import { startTutor, type Tutor } from '../support/tutor.ts';

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
        ├─ chat gpt-4o-mini             gen_ai.usage.input_tokens=154 gen_ai.usage.output_tokens=62
        ├─ execute_tool code_interpreter
        └─ chat gpt-4o-mini             gen_ai.usage.input_tokens=227 gen_ai.usage.output_tokens=26
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
      async ({ client, assistantId, threadId }) => {
        const request = { assistant_id: assistantId, stream: true } as const;
        for await (const _ of await client.beta.threads.runs.create(threadId, request));
      },
    ],
    ['the helper streams it', ({ stream }) => stream()],
  ])('is recorded with its steps when %s', async (_, run) => {
    const program = await startTutor({ runs: [TUTOR_RUN] });
    await program.inSpan(() => run(program));
    await program.expectTree(TUTOR_TREE);
  });

  it('has cached and reasoning tokens on the steps that spent them', async () => {
    const program = await startTutor({ runs: [TUTOR_RUN] });
    await program.inSpan(program.run);
    await program.telemetry.provider.forceFlush();
    const steps = program.telemetry.spans.filter(
      ({ attributes }) => attributes['openai.step.type'] !== undefined,
    );
    expect(
      steps.map(({ attributes }) => [
        attributes['gen_ai.usage.cache_read.input_tokens'],
        attributes['gen_ai.usage.reasoning.output_tokens'],
      ]),
    ).toEqual([
      [128, undefined],
      [undefined, 10],
    ]);
  });

  it('that creates its thread has a thread span', async () => {
    const program = await startProgram({ runs: [TUTOR_RUN] });
    const assistant = await program.client.beta.assistants.create({
      model: 'gpt-4o-mini',
      name: 'Math Tutor',
    });
    await program.inSpan(() =>
      program.client.beta.threads.createAndRunPoll({
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: 'What is x?' }] },
      }),
    );
    await program.expectTree(`
      create_agent Math Tutor

      program
      └─ thread                             openai.thread.id={thread} openai.total.user_messages=1 openai.total.runs=1
         └─ invoke_agent Math Tutor         openai.run.id={run} openai.total.user_messages=1
            ├─ chat gpt-4o-mini
            ├─ execute_tool code_interpreter
            └─ chat gpt-4o-mini
    `);
  });

  it('that creates its thread as a stream has a thread span', async () => {
    const program = await startProgram({ runs: [TUTOR_RUN] });
    const assistant = await program.client.beta.assistants.create({
      model: 'gpt-4o-mini',
      name: 'Math Tutor',
    });
    await program.inSpan(() =>
      program.client.beta.threads.createAndRunStream({ assistant_id: assistant.id }).finalRun(),
    );
    await program.expectTree(`
      create_agent Math Tutor

      program
      └─ thread                             openai.thread.id={thread} openai.total.runs=1
         └─ invoke_agent Math Tutor         openai.run.id={run}
            ├─ chat gpt-4o-mini
            ├─ execute_tool code_interpreter
            └─ chat gpt-4o-mini
    `);
  });
});

const outputsFor = (run: {
  required_action?: { submit_tool_outputs: { tool_calls: { id: string }[] } } | null;
}) =>
  (run.required_action?.submit_tool_outputs.tool_calls ?? []).map(({ id }) => ({
    tool_call_id: id,
    output: 'sunny',
  }));

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
  it('has a tool span from the request to the output, with the poll helpers', async () => {
    const { client, assistantId, threadId, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    await program.inSpan(async () => {
      const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
      await client.beta.threads.runs.submitToolOutputsAndPoll(run.id, {
        thread_id: threadId,
        tool_outputs: outputsFor(run),
      });
    });
    await program.expectTree(WEATHER_TREE);
    const [asking, weather] = ['chat gpt-4o-mini', 'execute_tool get_weather'].map((name) =>
      program.telemetry.spans.find((span) => span.name === name),
    );
    expect(weather?.startTime).toEqual(asking?.endTime);
  });

  it('is one run when the outputs are streamed', async () => {
    const { client, threadId, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    await program.inSpan(async () => {
      const asked = await program.stream();
      await client.beta.threads.runs
        .submitToolOutputsStream(asked.id, { thread_id: threadId, tool_outputs: outputsFor(asked) })
        .finalRun();
    });
    await program.expectTree(WEATHER_TREE);
  });

  it('has a tool span that ends when the output is sent, however late its stream begins', async () => {
    const { client, threadId, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    const { runs } = client.beta.threads;
    const asked = await program.stream();
    program.simulator.next({ when: { method: 'POST', path: /submit_tool_outputs$/ }, delayMs: 500 });
    const sent = Date.now();
    await runs
      .submitToolOutputsStream(asked.id, { thread_id: threadId, tool_outputs: outputsFor(asked) })
      .finalRun();
    await program.telemetry.provider.shutdown();
    const weather = program.telemetry.spans.find(({ name }) => name === 'execute_tool get_weather');
    const [seconds = 0, nanoseconds = 0] = weather?.endTime ?? [];
    expect(seconds * 1e3 + nanoseconds / 1e6 - sent).toBeLessThan(400);
  });

  it('is one run when the program sends plain requests', async () => {
    const { client, threadId, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    await program.inSpan(async () => {
      let run = await program.create();
      while (run.status !== 'completed') {
        run =
          run.status === 'requires_action'
            ? await client.beta.threads.runs.submitToolOutputs(run.id, {
                thread_id: threadId,
                tool_outputs: outputsFor(run),
              })
            : await client.beta.threads.runs.retrieve(run.id, { thread_id: threadId });
      }
    });
    await program.expectTree(WEATHER_TREE);
  });
});

describe('a file search', () => {
  it('records the number of results, and their text with consent', async () => {
    const program = await startTutor({
      runs: [SEARCH_RUN],
      config: { captureMessageContent: 'SPAN_ONLY' },
      content: true,
    });
    await program.inSpan(program.run);
    await program.telemetry.provider.forceFlush();
    const search = program.telemetry.spans.find(
      ({ name }) => name === 'execute_tool file_search',
    )?.attributes;
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
});
