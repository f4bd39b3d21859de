import { logs } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { holdRequests } from '../support/hold-requests.ts';
import { usageSum } from '../support/lanes/usage.ts';
import type { RunScript } from '../support/simulator/index.ts';
import { outputsFor, runAndListSteps, startTutor } from '../support/tutor.ts';

type Run = OpenAI.Beta.Threads.Run;

const TWO_FUNCTIONS: RunScript = {
  steps: [
    {
      tools: [
        { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
        { function: { name: 'get_time', arguments: {} } },
      ],
    },
    { message: 'Sunny.' },
  ],
};

const secondsOf = (time: readonly [number, number] | undefined): number =>
  (time?.[0] ?? Number.NaN) + (time?.[1] ?? Number.NaN) / 1e9;

it('a run that began before there was a logger has the messages that are seen afterwards', async () => {
  const exporter = new InMemoryLogRecordExporter();
  const config = { captureMessageContent: 'EVENT_ONLY' } as const;
  const tutor = await startTutor({ runs: [{}], logs: false, eventContent: true, config });
  const { id } = await tutor.create();
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }),
  );
  await tutor.poll(id);
  await tutor.telemetry.provider.forceFlush();
  const messages = exporter
    .getFinishedLogRecords()
    .map(({ attributes }) => attributes['gen_ai.output.messages']);
  expect(JSON.stringify(messages)).toContain('This is a simulated answer.');
});

it('a thread counts what a run has spent that has ended in another span and waits for its details', async () => {
  const { fetch, release } = holdRequests('run_000001/steps', 'unasked');
  const tutor = await startTutor({ runs: [{}, {}], client: { fetch } });
  await tutor.inSpan(tutor.run, 'first');
  await tutor.inSpan(() => runAndListSteps(tutor), 'second');
  release();
  await tutor.telemetry.provider.forceFlush();
  const sumOf = (name: string, attribute: string): number[] =>
    tutor.ended(name).map(({ attributes }) => Number(attributes[attribute] ?? 0));
  const tokens = 'openai.total.input_tokens';
  const [second = 0, first = 0] = sumOf('invoke_agent', tokens);
  expect(first).toBeGreaterThan(0);
  expect(sumOf('thread', tokens)).toEqual([0, first + second, first + second]);
  expect(sumOf('thread', 'openai.total.runs')).toEqual([0, 2, 2]);
});

it('a run whose server reports no tokens has the steps that the program has not listed, too', async () => {
  const { client, simulator, ...tutor } = await startTutor();
  const { runs } = client.beta.threads;
  const run = { id: 'run_1', object: 'thread.run', thread_id: tutor.threadId };
  const steps = ['step_1', 'step_2'].map((id) => {
    const owner = { run_id: run.id, thread_id: run.thread_id };
    return { id, object: 'thread.run.step', type: 'message_creation', status: 'completed', ...owner };
  });
  const list = (data: readonly object[]): void =>
    simulator.next({ when: { path: /steps/ }, body: { object: 'list', data, has_more: false } });
  simulator.next({ body: { ...run, status: 'queued' } });
  await tutor.create();
  list(steps.slice(0, 1));
  await runs.steps.list(run.id, { thread_id: run.thread_id });
  list(steps);
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  simulator.next({ body: { ...run, status: 'completed', usage } });
  await tutor.poll(run.id);
  const chats = await tutor.flushed('chat');
  expect(chats.map(({ attributes }) => attributes['openai.step.id'])).toEqual(['step_1', 'step_2']);
});

describe('outputs for only some of the functions', () => {
  it('that the server rejects change nothing', async () => {
    const tutor = await startTutor({ runs: [TWO_FUNCTIONS] });
    const { runs } = tutor.client.beta.threads;
    await tutor.inSpan(async () => {
      const run = await tutor.run();
      const { tool_outputs, ...path } = outputsFor(run);
      const some = { ...path, tool_outputs: tool_outputs.slice(0, 1) };
      await expect(runs.submitToolOutputs(run.id, some)).rejects.toThrow('400');
      await runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    });
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor      openai.run.status=completed
            ├─ chat gpt-4o-mini
            ├─ execute_tool get_weather
            ├─ execute_tool get_time
            └─ chat gpt-4o-mini
    `);
    const tried = tutor
      .ended('invoke_agent')[0]
      ?.events.map(({ attributes }) => [
        attributes?.['http.response.status_code'],
        attributes?.['error.type'],
      ]);
    expect(tried).toEqual([
      [400, 'BadRequestError'],
      [undefined, undefined],
    ]);
  });

  it('that a server accepts end those functions only', async () => {
    const tutor = await startTutor({ runs: [TWO_FUNCTIONS], config: { runSteps: 'off' } });
    await tutor.inSpan(async () => {
      const run = await tutor.run();
      const { tool_outputs, ...path } = outputsFor(run);
      const { runs } = tutor.client.beta.threads;
      tutor.simulator.next({ when: { path: /submit_tool_outputs$/ }, body: run });
      await runs.submitToolOutputs(run.id, { ...path, tool_outputs: tool_outputs.slice(0, 1) });
      await runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    });
    const [weather] = await tutor.flushed('execute_tool get_weather');
    const [time] = tutor.ended('execute_tool get_time');
    expect(secondsOf(weather?.startTime)).toBeCloseTo(secondsOf(time?.startTime), 4);
    expect(secondsOf(weather?.endTime)).toBeLessThan(secondsOf(time?.endTime));
    expect(tutor.ended('execute_tool')).toHaveLength(2);
  });
});

describe('the content and details of a run', () => {
  it('include the limits for messages and tokens', async () => {
    const tutor = await startTutor({
      runs: [{ end: 'incomplete', incompleteReason: 'max_prompt_tokens' }, {}],
    });
    const { client, assistantId: assistant_id, threadId } = tutor;
    await tutor.inSpan(async () => {
      await client.beta.threads.runs.createAndPoll(
        threadId,
        {
          assistant_id,
          max_prompt_tokens: 256,
          truncation_strategy: { type: 'last_messages', last_messages: 3 },
        },
        { pollIntervalMs: 1 },
      );
      await tutor.run();
    });
    await tutor.expectTree(`
      program
      └─ thread
         ├─ invoke_agent Math Tutor  openai.run.status=incomplete openai.run.last_messages=3 openai.run.max_prompt_tokens=256 gen_ai.response.finish_reasons=["length"] openai.response.incomplete_reason=max_prompt_tokens
         │  └─ chat gpt-4o-mini      gen_ai.response.finish_reasons=["length"] openai.response.incomplete_reason=max_prompt_tokens
         └─ invoke_agent Math Tutor  openai.run.status=completed gen_ai.response.finish_reasons=["stop"]
            └─ chat gpt-4o-mini      gen_ai.response.finish_reasons=["stop"]
    `);
  });

  it('include search results with their text, if the program requests it', async () => {
    const results = [{ file_id: 'file-1', file_name: 'tariffs.pdf', score: 0.9, text: 'The tariff is 7.' }];
    const tutor = await startTutor({
      runs: [{ steps: [{ tools: [{ fileSearch: { query: 'tariff', results } }] }, { message: 'It is 7.' }] }],
      config: { captureMessageContent: 'SPAN_ONLY', runSteps: 'observe' },
      content: true,
    });
    await tutor.inSpan(async () => {
      const run = await tutor.run();
      const { steps } = tutor.client.beta.threads.runs;
      const include = ['step_details.tool_calls[*].file_search.results[*].content' as const];
      await steps.list(run.id, { thread_id: tutor.threadId, include });
    });
    const [search] = await tutor.flushed('execute_tool file_search');
    expect(search?.attributes).toMatchObject({
      'openai.file_search.result_count': 1,
      'openai.file_search.file_ids': ['file-1'],
      'gen_ai.tool.type': 'datastore',
      'gen_ai.retrieval.query.text': 'tariff',
    });
    expect(JSON.parse(String(search?.attributes['gen_ai.retrieval.documents']))).toEqual([
      { id: 'file-1', score: 0.9, name: 'tariffs.pdf', content: 'The tariff is 7.' },
    ]);
  });

  it('include code, logs and images; only their number without consent', async () => {
    const runs = [
      {
        steps: [
          { tools: [{ codeInterpreter: { input: '4/3', logs: '1.3', images: 2 } }] },
          { message: '1.3' },
        ],
      },
    ];
    for (const content of [true, false]) {
      const captureMessageContent = content ? 'SPAN_ONLY' : 'NO_CONTENT';
      const tutor = await startTutor({ runs, config: { captureMessageContent }, content });
      await tutor.inSpan(() => tutor.run());
      const [code] = await tutor.flushed('execute_tool code_interpreter');
      expect(code?.attributes['openai.code_interpreter.image_count']).toBe(2);
      const recorded = ['arguments', 'result'].map((name) => code?.attributes[`gen_ai.tool.call.${name}`]);
      if (content)
        expect(recorded.map((text) => JSON.parse(String(text)))).toEqual([
          { code: '4/3' },
          { logs: '1.3', images: ['file-000001', 'file-000002'] },
        ]);
      else expect(recorded).toEqual([undefined, undefined]);
    }
  });
});

describe('tokens and times', () => {
  it('are recorded on the run if old servers report none for steps', async () => {
    const tutor = await startTutor({
      runs: [{ stepUsage: false, steps: [{ message: 'x is 1.', usage: { prompt: 100, completion: 20 } }] }],
    });
    await tutor.inSpan(() => tutor.run());
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  gen_ai.usage.input_tokens=100 gen_ai.usage.output_tokens=20
            └─ chat gpt-4o-mini
    `);
    expect(usageSum(tutor.telemetry.spans)).toEqual({ input_tokens: 100, output_tokens: 20 });
  });

  it('to the first token are recorded for every streamed step', async () => {
    const tutor = await startTutor({ runs: [TWO_FUNCTIONS] });
    await tutor.inSpan(async () => {
      const { runs } = tutor.client.beta.threads;
      const run = await tutor.stream();
      await runs.submitToolOutputsStream(run.id, outputsFor(run)).finalRun();
    });
    const steps = tutor.ended('chat gpt-4o-mini');
    expect(steps).toHaveLength(2);
    for (const { attributes, duration } of steps) {
      expect(attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThanOrEqual(0);
      expect(attributes['gen_ai.response.time_to_first_chunk']).toBeLessThanOrEqual(secondsOf(duration));
      expect(attributes['openai.stream.time_to_first_token']).toBeGreaterThanOrEqual(
        Number(attributes['gen_ai.response.time_to_first_chunk']),
      );
      expect(attributes['openai.stream.time_to_first_token']).toBeLessThanOrEqual(secondsOf(duration));
    }
  });
});

it('runs that nobody answers keep 64 MB of content in all, that of the newest', async () => {
  const given = 'x'.repeat(1_000_000);
  const tools = Array.from({ length: 4 }, () => ({ function: { name: 'save', arguments: given } }));
  const program = await startTutor({
    runs: Array.from({ length: 10 }, () => ({ steps: [{ tools }] })),
    config: {
      captureMessageContent: 'SPAN_ONLY',
      maxContentLength: 2_000_000,
      maxSpanContentLength: 8_000_000,
      runSteps: 'observe',
    },
    mayLog: true,
  });
  const { client, assistantId: assistant_id, telemetry } = program;
  const open: Run[] = [];
  await program.inSpan(async () => {
    for (let index = 0; index < 10; index++)
      open.push(await client.beta.threads.createAndRunPoll({ assistant_id, thread: {} }));
    for (const { id, thread_id } of open) {
      await client.beta.threads.runs.cancel(id, { thread_id });
      await client.beta.threads.runs.retrieve(id, { thread_id });
    }
  });
  await telemetry.provider.forceFlush();
  const haveArguments = open.map(({ id }) => {
    const own = telemetry.spans.filter(({ attributes }) => attributes['openai.run.id'] === id);
    const tools = own.filter(({ name }) => name === 'execute_tool save');
    return tools.map(({ attributes }) => attributes['gen_ai.tool.call.arguments'] !== undefined);
  });
  expect(haveArguments).toEqual([
    ...Array(2).fill(Array(4).fill(false)),
    ...Array(8).fill(Array(4).fill(true)),
  ]);
});
