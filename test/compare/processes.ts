import { join } from 'node:path';
import OpenAI from 'openai';
import type { TutorSteps } from '../hierarchy/programs/tutor.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/lanes/otlp.ts';
import { Child, processEnvironment, type RunningProcess } from '../support/processes/child.ts';
import type { Steps } from '../support/processes/serve.ts';
import { type Memory, type Role, SCRIPTED } from '../support/scripted/index.ts';
import type { ScriptedProcess } from '../support/scripted/process.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';
import type { InstalledVersion } from './lanes.ts';
import {
  type MetricPoint,
  NOTHING,
  type Outcome,
  type Outcomes,
  type SpanData,
  startText,
} from './outcome.ts';

/** Starts a process by its name. */
type Start = <Known extends Steps<Known>>(
  name: string,
  program: string,
  env?: Readonly<Record<string, string>>,
) => Promise<RunningProcess<Known>>;

interface Together {
  readonly name: string;
  run(start: Start, simulator: Simulator): Promise<unknown>;
}

const ROLES: readonly Role[] = ['creator', 'poller', 'answerer', 'status'];
const OPTION = 'OTEL_INSTRUMENTATION_OPENAI';

/** What several processes do about the same conversations, one step after the other. */
const TOGETHER: readonly Together[] = [
  { name: 'four processes', run: (start, simulator) => converse(start, simulator, true) },
  {
    name: 'four processes that derive trace ids',
    run: (start, simulator) => converse(start, simulator, false, { DERIVED_TRACE_IDS: '1' }),
  },
  { name: 'a creator and a poller', run: (start, simulator) => work(start, simulator, {}, {}) },
  {
    name: 'a creator and a poller that adopts',
    run: (start, simulator) =>
      work(
        start,
        simulator,
        { [`${OPTION}_PROPAGATE_IN_METADATA`]: 'true', [`${OPTION}_ADOPT_RUNS`]: 'true' },
        { [`${OPTION}_ADOPT_RUNS`]: 'true' },
      ),
  },
];

async function converse(
  start: Start,
  simulator: Simulator,
  handsOn: boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const roles = new Map<Role, RunningProcess<ScriptedProcess>>();
  for (const role of ROLES)
    roles.set(role, await start<ScriptedProcess>(role, 'test/support/scripted/process.ts', env));
  const memories: (Memory | undefined)[] = [];
  for (const { name, script, steps } of SCRIPTED) {
    script(simulator);
    let memory = await roles.get('creator')?.call('prepare', name, {});
    const carrier = handsOn ? await roles.get('creator')?.call('begin') : {};
    for (const [index, { role }] of steps.entries())
      memory = await roles.get(role)?.call('step', name, index, memory ?? {}, carrier);
    memories.push(memory);
  }
  return memories;
}

/** One process creates a run, another polls it, a third answers its tool call. */
async function work(
  start: Start,
  simulator: Simulator,
  creating: Readonly<Record<string, string>>,
  polling: Readonly<Record<string, string>>,
): Promise<unknown> {
  const program = 'test/hierarchy/programs/tutor.ts';
  const web = await start<TutorSteps>('web', program, creating);
  const worker = await start<TutorSteps>('worker', program, polling);
  const tools = await start<TutorSteps>('tools', program);
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url });
  simulator.script({
    steps: [{ tools: [{ function: { name: 'solve', arguments: { x: 6 } } }] }, { message: 'x is 42' }],
  });
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] });
  const question = { assistantId: assistant.id, threadId: thread.id, model: 'gpt-4o' };
  const path = { threadId: thread.id, runId: await web.call('ask', question) };
  return [
    await worker.call('work', path, 'job'),
    await tools.call('answerTools', path),
    await worker.call('work', path),
    await web.call('look', path),
  ];
}

/** They export over OTLP, to one receiver. */
export async function runTogether({ directory }: InstalledVersion): Promise<Outcomes> {
  const outcomes: Record<string, Outcome> = {};
  for (const { name, run } of TOGETHER) {
    const simulator = await startSimulator();
    const receiver = await startOtlpReceiver();
    const children: Child[] = [];
    const start = async <Known extends Steps<Known>>(
      service: string,
      program: string,
      env: Readonly<Record<string, string>> = {},
    ): Promise<RunningProcess<Known>> => {
      const known = processEnvironment(service, simulator.url, receiver.url);
      const child = new Child(service, join(directory, program), { ...known, ...env });
      children.push(child);
      await child.reply();
      return child as RunningProcess<Known>;
    };
    try {
      const result = await run(start, simulator);
      // What each asks for at its end, it asks for in order.
      for (const child of children) await child.stop();
      const recorded = { spans: spansOf(receiver), metrics: pointsOf(receiver) };
      const output = children.map(({ output: text }) => text).join('');
      outcomes[`processes: ${name}`] = {
        ...{ ...NOTHING, ...recorded, result, requests: simulator.requests, stdout: output },
      };
    } finally {
      for (const child of children) await child.kill();
      await receiver.close();
      await simulator.close();
    }
  }
  return outcomes;
}

function spansOf({ spans }: OtlpReceiver): SpanData[] {
  return spans.map((span) => ({
    name: span.name,
    kind: span.kind ?? 0,
    scope: span.scope,
    ...span.spanContext(),
    parentId: span.parentSpanContext?.spanId ?? '',
    start: startText(span.startTime ?? [0, 0]),
    status: { code: Number(span.status?.code), message: '' },
    attributes: { ...span.attributes, process: span.service },
    events: span.events,
    links: span.links.map(({ spanId }) => ({ spanId, attributes: {} })),
  }));
}

/** Points come as often as they are sent. */
function pointsOf({ metrics }: OtlpReceiver): MetricPoint[] {
  const points = new Map<string, MetricPoint>();
  for (const { name, service, attributes, count = 0, sum } of metrics) {
    const all = { ...attributes, process: service };
    const key = JSON.stringify([name, all]);
    const before = points.get(key) ?? { count: 0, sum: 0 };
    const unit = name.endsWith('duration') || /time/.test(name) ? 's' : '';
    points.set(key, { name, unit, attributes: all, count: before.count + count, sum: before.sum + sum });
  }
  return [...points.values()];
}
