import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Completion,
  type OpenAIInstrumentationConfig,
  recordEvaluation,
  type SinkEvent,
  span,
  traced,
} from '../../../src/client.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';
import { library } from '../../agents-sdk/library.ts';
import { startAgents } from '../../agents-sdk/program.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { OPERATIONS, RUN } from '../../telemetry/content/operations.ts';

const SHOWN = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'shown' }] };
const HIDDEN = { model: 'judge', messages: [{ role: 'user' as const, content: 'hidden' }] };
/** Without a limit, a loop would never end. */
const MAX_RUNS = 10;

interface HookedProgram extends Program {
  /** How often the program's function ran. */
  readonly runs: number;
  /** Everything recorded of calls and functions that the function made, and everything else. */
  recorded(): { nested: string; own: string };
}

/** A program with a function that calls `openai`, which its options pass on as a hook or sink. */
async function startHooked(
  configure: (judge: () => Promise<void>) => OpenAIInstrumentationConfig,
  judge: (program: Program) => unknown,
): Promise<HookedProgram> {
  let runs = 0;
  const pending: Promise<void>[] = [];
  const run = (): Promise<void> => {
    const done = (async () => {
      if (++runs <= MAX_RUNS) await judge(program);
    })();
    pending.push(done);
    return done;
  };
  const config = configure(run);
  const content = config.captureMessageContent !== undefined;
  const program = await startProgram({ config, content, runs: [RUN] });
  // For the functions of the program.
  const instrumentation = new OpenAIInstrumentation({ cost: false, ...config });
  onTestFinished(() => instrumentation.disable());
  await program.inSpan(() => program.client.chat.completions.create(SHOWN));
  for (let count = 0; count < pending.length; count++) await pending[count];
  await program.telemetry.provider.forceFlush();
  return {
    ...program,
    get runs() {
      return runs;
    },
    recorded() {
      const { spans, logRecords } = program.telemetry;
      const all = [...spans, ...logRecords].map(({ attributes }) => attributes);
      const statuses = spans.map(({ status, events }) => [status.message, events]);
      const isOwn = (attributes: Readonly<Record<string, unknown>>): boolean =>
        attributes['gen_ai.request.model'] === SHOWN.model;
      return {
        own: JSON.stringify(all.filter(isOwn)),
        nested: JSON.stringify([all.filter((attributes) => !isOwn(attributes)), statuses]),
      };
    },
  };
}

const askJudge = async ({ client }: Program): Promise<void> => {
  await client.chat.completions.create(HIDDEN);
};

describe('calls that a hook makes reach no hook', () => {
  const configs: Readonly<Record<string, (judge: () => Promise<void>) => OpenAIInstrumentationConfig>> = {
    completionHook: (judge) => ({ completionHook: judge }),
    'events.sink': (judge) => ({ events: { sink: judge, preset: 'minimal' } }),
    requestHook: (judge) => ({ requestHook: () => void judge() }),
    'requestHook, which is asynchronous': (judge) => ({ requestHook: judge }),
    responseHook: (judge) => ({ responseHook: () => void judge() }),
    startSpanHook: (judge) => ({
      startSpanHook: () => {
        void judge();
        return {};
      },
    }),
    ignoreRequestHook: (judge) => ({
      ignoreRequestHook: () => {
        void judge();
        return false;
      },
    }),
    'all hooks together': (judge) => ({
      completionHook: judge,
      events: { sink: () => undefined, preset: 'full' },
      requestHook: () => undefined,
      responseHook: () => undefined,
    }),
  };
  const judges: Readonly<Record<string, (program: Program) => Promise<void>>> = {
    'at once': askJudge,
    'after a while': async (program) => {
      await wait(2);
      await askJudge(program);
      await wait(1);
    },
    'as a stream': async ({ client }) => {
      for await (const _ of await client.chat.completions.create({ ...HIDDEN, stream: true }));
    },
  };

  describe.each(Object.entries(configs))('%s', (_, configure) => {
    test.each(Object.entries(judges))('%s', async (__, judge) => {
      const program = await startHooked(configure, judge);
      expect(program.runs).toBe(1);
      expect(program.simulator.requests).toHaveLength(2);
      expect(program.telemetry.spans.map(({ name }) => name).sort()).toEqual([
        'chat gpt-4o',
        'chat judge',
        'program',
      ]);
      const durations = (await program.telemetry.metrics()).find(
        ({ descriptor }) => descriptor.name === 'gen_ai.client.operation.duration',
      );
      expect(
        durations?.dataPoints.map(({ attributes }) => attributes['gen_ai.request.model']).sort(),
      ).toEqual(['gpt-4o', 'judge']);
    });
  });
});

describe('with a completion hook, no content is recorded of what a hook does:', () => {
  const failing = async ({ client, simulator }: Program): Promise<void> => {
    simulator.next({ status: 400, body: { error: { message: 'Bad input: hidden' } } });
    await client.embeddings.create({ model: 'm', input: 'hidden' }).catch(() => undefined);
    simulator.next({ status: 400, body: { error: { message: 'Bad input: hidden' } } });
    await client.chat.completions.create(HIDDEN).catch(() => undefined);
  };
  const score = async ({ client }: Program): Promise<void> => {
    const { id } = await client.chat.completions.create(HIDDEN);
    recordEvaluation({ responseId: id, name: 'helpfulness', explanation: 'hidden reason' });
  };
  const cases: readonly (readonly [string, (program: Program) => unknown])[] = [
    ...OPERATIONS.map(({ operation, call }, index) => [`${operation} (${index})`, call] as const),
    ['a traced function', (program) => traced('judge', async (_: string) => askJudge(program))('hidden')],
    ['a span', (program) => span('judge', () => askJudge(program))],
    ['calls that fail', failing],
    ['an evaluation', score],
    [
      'a session with a subagent',
      async ({ client, simulator }) => {
        const says = { message: 'hidden answer' };
        const command = { command: { command: 'cat hidden', output: 'hidden output' } };
        const subagent = { name: 'Reader', task: 'hidden task', items: [command, says] };
        simulator.turn({ items: [{ subagent }, says] });
        const { id } = await client.beta.agents.create({ name: 'Judge', model: 'judge' });
        const environment = { type: 'none' as const };
        const stream = await client.beta.agents.sessions.create({
          agent_id: id,
          environment,
          input: 'hidden',
          stream: true,
        });
        for await (const _ of stream);
      },
    ],
    [
      'a tool loop of its own',
      async ({ client }) => {
        const tools = [{ type: 'function' as const, name: 'get_hidden', strict: false, parameters: {} }];
        const input = [{ role: 'user' as const, content: 'hidden' }];
        const asked = await client.responses.create({ model: 'judge', input, tools });
        const calls = asked.output.filter((item) => item.type === 'function_call');
        expect(calls).toHaveLength(1);
        await client.responses.create({
          model: 'judge',
          previous_response_id: asked.id,
          input: calls.map(({ call_id }) => ({
            type: 'function_call_output',
            call_id,
            output: 'hidden result',
          })),
        });
      },
    ],
  ];

  test.each(cases)('%s', async (_, judge) => {
    const completions: Completion[] = [];
    const sink: SinkEvent[] = [];
    const program = await startHooked(
      (run) => ({
        captureMessageContent: 'SPAN_AND_EVENT',
        completionHook: (completion) => {
          completions.push(completion);
          return run();
        },
        events: { sink: (event) => void sink.push(event), preset: 'full' },
      }),
      judge,
    );
    expect(program.runs).toBe(1);
    expect(JSON.stringify(completions)).not.toContain('hidden');
    expect(JSON.stringify(sink)).not.toContain('hidden');
    const { own, nested } = program.recorded();
    expect(own).toContain('shown');
    // Names of tools are recorded in every mode.
    expect(nested.replaceAll('get_hidden', '')).not.toContain('hidden');
    expect(program.telemetry.spans.length).toBeGreaterThan(2);
  });
});

test('without a completion hook, the content of such calls is recorded, and the sink gets nothing', async () => {
  const sunk: SinkEvent[] = [];
  const program = await startHooked(
    (run) => ({
      captureMessageContent: 'SPAN_AND_EVENT',
      events: {
        sink: (event) => {
          sunk.push(event);
          return run();
        },
        preset: 'full',
      },
    }),
    askJudge,
  );
  expect(program.runs).toBe(1);
  expect(sunk).toMatchObject([{ type: 'model.invoke', model: 'gpt-4o' }]);
  expect(program.recorded().nested).toContain('hidden');
});

test('the calls of the program after that reach the hook again', async () => {
  const program = await startHooked((run) => ({ completionHook: run }), askJudge);
  await program.client.chat.completions.create(SHOWN);
  expect(program.runs).toBe(2);
  await program.telemetry.provider.forceFlush();
  expect(program.simulator.requests).toHaveLength(4);
});

test('agents that a hook runs reach no hook', async () => {
  let runs = 0;
  const config: OpenAIInstrumentationConfig = { captureMessageContent: 'SPAN_AND_EVENT' };
  const { newRunner, simulator, telemetry, client } = await startAgents({
    content: true,
    config: {
      ...config,
      completionHook: async () => {
        if (++runs > MAX_RUNS) return;
        await newRunner().run(new library.Agent({ name: 'Judge', model: 'judge' }), 'hidden');
      },
    },
  });
  simulator.respond({ output: [{ message: 'Fine.' }] }, { output: [{ message: 'hidden' }] });
  await client.responses.create({ model: 'gpt-4o', input: 'shown' });
  await telemetry.provider.forceFlush();
  expect(runs).toBe(1);
  const recorded = JSON.stringify([...telemetry.spans, ...telemetry.logRecords].map((one) => one.attributes));
  expect(recorded).toContain('shown');
  expect(recorded).not.toContain('hidden');
  expect(telemetry.spans.map(({ name }) => name)).toContain('invoke_agent Judge');
});
