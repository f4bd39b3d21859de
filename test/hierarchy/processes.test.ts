import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Processes,
  type ReceivedSpan,
  type RunningProcess,
  startProcesses,
} from '../support/processes/index.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';
import type { TutorSteps } from './programs/tutor.ts';

/** Many processes have to be started, on machines that have other things to do. */
const PATIENCE = 300_000;
const REPLICAS = 10;
const TUTOR = new URL('./programs/tutor.ts', import.meta.url);

const PROCESSES = {
  web: {},
  'web that hands on': {
    OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA: 'true',
    OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS: 'true',
  },
  worker: {},
  'worker that adopts': { OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS: 'true' },
  tools: { OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA: 'true' },
} as const;

type Name = keyof typeof PROCESSES;
type Tutor = RunningProcess<TutorSteps>;

/** Who does what about one question. The model is the question's own, and distinguishes its metrics from those of others. */
interface Question {
  readonly model: string;
  /** Creates the run. */
  readonly web: Name;
  /** Polls it to its end, but for the tool calls, which another process answers. */
  readonly worker: Name;
  /** The worker has a span of its own. */
  readonly job: string | undefined;
  /** The process that has created the run shows its answer, too. */
  readonly shows: boolean;
}

const QUESTIONS = {
  shown: { model: 'shown', web: 'web', worker: 'worker', job: 'job', shows: true },
  both: { model: 'both', web: 'web', worker: 'worker that adopts', job: 'job', shows: false },
  handedOn: {
    model: 'handed-on',
    web: 'web that hands on',
    worker: 'worker that adopts',
    job: 'job',
    shows: true,
  },
  goesOn: {
    model: 'goes-on',
    web: 'web that hands on',
    worker: 'worker that adopts',
    job: undefined,
    shows: true,
  },
} as const satisfies Record<string, Question>;

let simulator: Simulator;
let processes: Processes;
const threads = new Map<string, string>();

beforeAll(async () => {
  simulator = await startSimulator();
  processes = await startProcesses({ baseURL: simulator.url, shared: true });
  const names = Object.keys(PROCESSES) as Name[];
  const started = names.map(async (name) => {
    return [name, await processes.start<TutorSteps>(name, TUTOR, PROCESSES[name])] as const;
  });
  const replicas = Array.from({ length: REPLICAS }, () => processes.start<TutorSteps>('replica', TUTOR));
  const all = new Map<Name, Tutor>(await Promise.all(started));
  const looking = await Promise.all(replicas);
  for (const question of Object.values(QUESTIONS)) await answer(question, all, looking);
  await processes.stop();
}, PATIENCE);

afterAll(async () => {
  await processes.close();
  await simulator.close();
});

async function answer(
  { model, web, worker, job, shows }: Question,
  all: ReadonlyMap<Name, Tutor>,
  replicas: readonly Tutor[],
): Promise<void> {
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url });
  simulator.script({
    model,
    steps: [
      {
        tools: [{ function: { name: 'solve', arguments: { x: 6 } } }],
        usage: { prompt: 100, completion: 10 },
      },
      { message: 'x is 42', usage: { prompt: 120, completion: 20 } },
    ],
  });
  const assistant = await client.beta.assistants.create({ model });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] });
  threads.set(model, thread.id);
  const runId = await all.get(web)?.call('ask', { assistantId: assistant.id, threadId: thread.id, model });
  const path = { threadId: thread.id, runId: runId ?? '' };
  expect(await all.get(worker)?.call('work', path, job)).toBe('requires_action');
  await all.get('tools')?.call('answerTools', path);
  expect(await all.get(worker)?.call('work', path, job)).toBe('completed');
  const shown = shows ? [all.get(web), ...replicas] : replicas;
  for (const process of shown) expect(await process?.call('look', path)).toBe('completed');
}

/** All spans of all traces in which something was done about the thread of a question. */
function spansAbout({ model }: Question): ReceivedSpan[] {
  const { spans } = processes;
  const traceOf = (span: ReceivedSpan): string => span.spanContext().traceId;
  const about = spans.filter(({ attributes }) => attributes['openai.thread.id'] === threads.get(model));
  const traces = new Set(about.map(traceOf));
  return spans.filter((span) => traces.has(traceOf(span)));
}

/** Compares the spans about a question, but for requests that only look. */
async function expectTree(question: Question, expected: string): Promise<void> {
  const about = new Set(spansAbout(question).map((span) => span.spanContext().spanId));
  const only = (span: ReceivedSpan): boolean =>
    about.has(span.spanContext().spanId) &&
    !span.name.startsWith('GET /threads/') &&
    !['tools', 'replica'].includes(span.service);
  await processes.expectTree(expected, { only });
}

/** The parts of the hierarchy, each with the process that recorded it. */
function recorded(question: Question): string[] {
  return spansAbout(question)
    .filter(({ name }) => /^(invoke_agent|chat|execute_tool)/.test(name))
    .map(({ name, service }) => `${service}: ${name}`)
    .sort();
}

interface Counted {
  readonly spans: readonly number[];
  readonly metrics: readonly number[];
  readonly runs: number;
}

/** Tokens on spans and in metrics, input and output, and of how many runs it was measured how long they took. */
function counted(question: Question): Counted {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const points = processes.metrics.filter(
    ({ attributes }) =>
      attributes['gen_ai.request.model'] === question.model ||
      attributes['gen_ai.response.model'] === question.model,
  );
  const measured = (type: string): number =>
    sum(
      points
        .filter(({ name }) => name === 'gen_ai.client.token.usage')
        .filter(({ attributes }) => attributes['gen_ai.token.type'] === type)
        .map((point) => point.sum),
    );
  const onSpans = (type: string): number =>
    sum(spansAbout(question).map(({ attributes }) => Number(attributes[`gen_ai.usage.${type}_tokens`] ?? 0)));
  const runs = points
    .filter(({ name }) => name === 'gen_ai.client.operation.duration')
    .filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'invoke_agent');
  return {
    spans: [onSpans('input'), onSpans('output')],
    metrics: [measured('input'), measured('output')],
    runs: sum(runs.map(({ count }) => count ?? 0)),
  };
}

const ONCE: Counted = { spans: [220, 30], metrics: [220, 30], runs: 1 };
/** The server's whole seconds, which an adopted run begins with, are no measure. */
const ADOPTED: Counted = { ...ONCE, runs: 0 };

/** The names of what the spans of a name and a process are linked to. */
function linked(question: Question, service: string, name: string): string[] {
  const { spans } = processes;
  const targets = spansAbout(question)
    .filter((span) => span.name.startsWith(name) && span.service === service)
    .flatMap(({ links }) => links)
    .map(({ spanId }) => spans.find((span) => span.spanContext().spanId === spanId));
  return [...new Set(targets.map((span) => `${span?.service}: ${span?.name}`))];
}

const CREATED = 'web that hands on: POST /threads/{thread_id}/runs';

describe('a run that one process creates, another polls, a third answers, and ten display', () => {
  it('is recorded by its creator, which sees its end', async () => {
    await expectTree(
      QUESTIONS.shown,
      `
      POST /ask                    process=web
      └─ thread                    process=web openai.total.runs=1 openai.total.input_tokens=220
         └─ invoke_agent           process=web openai.total.input_tokens=220 openai.run.status=completed
            ├─ chat shown          process=web openai.step.type=tool_calls
            ├─ execute_tool solve  process=web
            └─ chat shown          process=web openai.step.type=message_creation

      job                          process=worker

      job                          process=worker

      GET /answer                  process=web
      `,
    );
    expect(counted(QUESTIONS.shown)).toEqual(ONCE);
    expect(linked(QUESTIONS.shown, 'web', 'GET /threads/')).toEqual(['web: invoke_agent']);
  });

  // Nothing tells the worker that the creator is instrumented: that takes `propagateInMetadata`.
  it('is counted by both if its creator does not hand it on, and a worker adopts it all the same', async () => {
    expect(recorded(QUESTIONS.both)).toEqual([
      'web: chat both',
      'web: chat both',
      'web: execute_tool solve',
      'web: invoke_agent',
      'worker that adopts: chat both',
      'worker that adopts: chat both',
      'worker that adopts: execute_tool solve',
      'worker that adopts: invoke_agent',
    ]);
    expect(counted(QUESTIONS.both)).toEqual({ spans: [440, 60], metrics: [440, 60], runs: 1 });
  });

  it('is recorded only by the worker if its creator hands it over, with a link to its creation', async () => {
    expect(recorded(QUESTIONS.handedOn)).toEqual([
      'worker that adopts: chat handed-on',
      'worker that adopts: chat handed-on',
      'worker that adopts: execute_tool solve',
      'worker that adopts: invoke_agent',
    ]);
    expect(counted(QUESTIONS.handedOn)).toEqual(ADOPTED);
    for (const [service, name] of [
      ['worker that adopts', 'invoke_agent'],
      ['web that hands on', 'GET /threads/'],
      ['tools', 'GET /threads/'],
      ['tools', 'POST /threads/'],
    ] as const)
      expect([service, linked(QUESTIONS.handedOn, service, name)]).toEqual([service, [CREATED]]);
    // Without an option nothing is read from metadata.
    expect(linked(QUESTIONS.handedOn, 'replica', 'GET /threads/')).toEqual([]);
  });

  it('continues the trace that created it if the worker has no span', async () => {
    await expectTree(
      QUESTIONS.goesOn,
      `
      POST /ask                             process="web that hands on"
      └─ thread                             process="web that hands on"
         └─ POST /threads/{thread_id}/runs  process="web that hands on" openai.run.status=queued
            └─ thread                       process="worker that adopts" openai.total.runs=1
               └─ invoke_agent              process="worker that adopts" openai.run.status=completed
                  ├─ chat goes-on           process="worker that adopts"
                  ├─ execute_tool solve     process="worker that adopts"
                  └─ chat goes-on           process="worker that adopts"

      thread                                process="worker that adopts" openai.total.runs=1

      GET /answer                           process="web that hands on"
      `,
    );
    expect(counted(QUESTIONS.goesOn)).toEqual(ADOPTED);
  });
});
