import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Processes, type RunningProcess, startProcesses } from '../support/processes/index.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';
import type { TutorSteps } from './programs/tutor.ts';

/** Many processes have to be started, on machines that have other things to do. */
const PATIENCE = 300_000;
const TUTOR = new URL('./programs/tutor.ts', import.meta.url);

/** A process that gives a run up asks for its end. */
const GIVES_UP = { OTEL_INSTRUMENTATION_OPENAI_RUN_TIMEOUT: '3000' };
const PROPAGATES = { OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA: 'true' };
const ADOPTS = { OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS: 'true' };

const PROCESSES = {
  web: GIVES_UP,
  'replica 1': {},
  'replica 2': {},
  'replica 3': {},
  'web that hands on': { ...PROPAGATES, ...ADOPTS },
  'web that only propagates': { ...PROPAGATES, ...GIVES_UP },
  'worker 1': { ...PROPAGATES, ...ADOPTS },
  'worker 2': { ...PROPAGATES, ...ADOPTS },
  'worker 3': { ...PROPAGATES, ...ADOPTS },
  poller: { OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS: 'polled' },
} as const;

type Name = keyof typeof PROCESSES;

/** A run that one process creates and others work on at the same time. */
interface Shared {
  readonly creator: Name;
  /** Those that wait for the end of the run with a poll helper. */
  readonly waiting: readonly Name[];
  /** Those that poll it by hand. */
  readonly polling: readonly Name[];
}

const RUNS = {
  off: { creator: 'web', waiting: [], polling: ['replica 1', 'replica 2', 'replica 3'] },
  'off-helper': { creator: 'web', waiting: ['replica 1'], polling: ['replica 2', 'replica 3'] },
  on: { creator: 'web that hands on', waiting: ['worker 1'], polling: ['worker 2', 'worker 3'] },
  'on-by-hand': { creator: 'web that hands on', waiting: [], polling: ['worker 1', 'worker 2', 'worker 3'] },
  'not-handed-on': {
    creator: 'web that only propagates',
    waiting: ['worker 1', 'worker 2'],
    polling: ['poller'],
  },
  polled: { creator: 'web that hands on', waiting: [], polling: ['poller', 'worker 1', 'replica 1'] },
} as const satisfies Record<string, Shared>;

type Model = keyof typeof RUNS;

let simulator: Simulator;
let processes: Processes;

beforeAll(async () => {
  simulator = await startSimulator();
  processes = await startProcesses({ baseURL: simulator.url, shared: true });
  const started = (Object.keys(PROCESSES) as Name[]).map(
    async (name) => [name, await processes.start<TutorSteps>(name, TUTOR, PROCESSES[name])] as const,
  );
  const all = new Map(await Promise.all(started));
  const recorded: string[] = [];
  for (const model of Object.keys(RUNS) as Model[]) {
    const id = await work(model, all);
    if (model !== 'on-by-hand') recorded.push(id);
  }
  for (const id of recorded) await untilDetailsAreRead(id);
  await processes.stop();
}, PATIENCE);

afterAll(async () => {
  await processes.close();
  await simulator.close();
});

async function work(model: Model, all: ReadonlyMap<Name, RunningProcess<TutorSteps>>): Promise<string> {
  const { creator, waiting, polling }: Shared = RUNS[model];
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url });
  simulator.script({ model, steps: [{ message: 'x is 1', usage: { prompt: 100, completion: 10 } }] });
  const assistant = await client.beta.assistants.create({ model });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] });
  const question = { assistantId: assistant.id, threadId: thread.id, model };
  const path = { threadId: thread.id, runId: (await all.get(creator)?.call('ask', question)) ?? '' };
  await Promise.all([
    ...waiting.map((name) => all.get(name)?.call('work', path, 'job')),
    ...polling.map(async (name) => {
      while ((await all.get(name)?.call('look', path)) !== 'completed');
    }),
  ]);
  return path.runId;
}

/** Whoever records a run lists its steps, the creator when it gives the run up. */
async function untilDetailsAreRead(runId: string): Promise<void> {
  await vi.waitFor(
    () => expect(simulator.requests.map(({ path }) => path).join()).toContain(`/runs/${runId}/steps`),
    { timeout: 60_000 },
  );
}

interface Counted {
  readonly spans: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The tokens of a run by the process that reports them. */
function counted(model: Model): Counted {
  const onSpans: Record<string, number> = {};
  const inMetrics: Record<string, number> = {};
  for (const { service, attributes } of processes.spans) {
    if (attributes['gen_ai.request.model'] !== model && attributes['gen_ai.response.model'] !== model)
      continue;
    for (const type of ['input', 'output'])
      add(onSpans, service, Number(attributes[`gen_ai.usage.${type}_tokens`] ?? 0));
  }
  for (const { name, service, sum, attributes } of processes.metrics)
    if (name === 'gen_ai.client.token.usage' && attributes['gen_ai.request.model'] === model)
      add(inMetrics, service, sum);
  return { spans: onSpans, metrics: inMetrics };
}

function add(to: Record<string, number>, service: string, tokens: number): void {
  if (tokens > 0) to[service] = (to[service] ?? 0) + tokens;
}

function onceBy(service: Name): Counted {
  return { spans: { [service]: 110 }, metrics: { [service]: 110 } };
}

describe('the 110 tokens of a run that one process creates and three others poll', () => {
  it('are counted by the creator, with adoptRuns off', () => {
    expect(counted('off')).toEqual(onceBy('web'));
    expect(counted('off-helper')).toEqual(onceBy('web'));
  });

  it('are counted by the worker that waits for its end with a poll helper, with adoptRuns', () => {
    expect(counted('on')).toEqual(onceBy('worker 1'));
  });

  it('are counted by nobody if all poll by hand, with adoptRuns', () => {
    expect(counted('on-by-hand')).toEqual({ spans: {}, metrics: {} });
  });

  it('are counted by the creator that does not hand on, whoever adopts', () => {
    expect(counted('not-handed-on')).toEqual(onceBy('web that only propagates'));
  });

  it("are counted by the only process with adoptRuns: 'polled'", () => {
    expect(counted('polled')).toEqual(onceBy('poller'));
  });
});
