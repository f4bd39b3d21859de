import { describe, expect, it } from 'vitest';
import { traceIdOf } from '../../src/helpers/conversation-id-generator.ts';
import type { FinishedSpan } from '../../src/testing.ts';
import type { ItemUsage } from '../support/api-usage.ts';
import { usageSum } from '../support/lanes/usage.ts';
import {
  type Processes,
  type ReceivedSpan,
  type RunningProcess,
  startProcesses,
} from '../support/processes/index.ts';
import { startProgram } from '../support/program.ts';
import {
  costOf,
  documentedTree,
  type Memory,
  PRICES,
  type Role,
  SCRIPTED,
  type ScriptedConversation,
  showProcesses,
  showTree,
  writesTrees,
} from '../support/scripted/index.ts';
import type { ScriptedProcess } from '../support/scripted/process.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';

const PROGRAM = new URL('../support/scripted/process.ts', import.meta.url);
const ROLES: readonly Role[] = ['creator', 'poller', 'answerer', 'status'];

/** Four processes take a while to start. */
const PATIENCE = 180_000;

interface Running {
  readonly simulator: Simulator;
  readonly processes: Processes;
  readonly roles: Readonly<Record<Role, RunningProcess<ScriptedProcess>>>;
}

interface Conversed {
  readonly traceId: string | undefined;
  readonly memory: Memory;
  readonly apiUsage: Readonly<Record<string, ItemUsage>>;
}

async function startRoles(env: Readonly<Record<string, string>>): Promise<Running> {
  const simulator = await startSimulator();
  const processes = await startProcesses({ baseURL: simulator.url });
  const start = (role: Role) => processes.start<ScriptedProcess>(role, PROGRAM, env);
  const started = await Promise.all(ROLES.map(async (role) => [role, await start(role)] as const));
  return { simulator, processes, roles: Object.fromEntries(started) as Running['roles'] };
}

/** @param handsOn whether the program hands the context of its trace from process to process */
async function converse(
  { name, script, steps }: ScriptedConversation,
  { simulator, roles }: Running,
  handsOn: boolean,
): Promise<Conversed> {
  script(simulator);
  const before = await readApiUsage(roles);
  let memory = await roles.creator.call('prepare', name, {});
  const carrier = handsOn ? await roles.creator.call('begin') : {};
  for (const [index, { role }] of steps.entries())
    memory = await roles[role].call('step', name, index, memory, carrier);
  const items = Object.entries(await readApiUsage(roles)).filter(([id]) => before[id] === undefined);
  return { traceId: carrier.traceparent?.split('-')[1], memory, apiUsage: Object.fromEntries(items) };
}

/** What all processes were told, each thing once. */
async function readApiUsage(roles: Running['roles']): Promise<Conversed['apiUsage']> {
  const usages: Conversed['apiUsage'][] = [];
  for (const role of ROLES) usages.push(await roles[role].call('apiUsage'));
  return Object.assign({}, ...usages);
}

const WORK_ATTRIBUTES = [
  'error.type',
  'openai.run.status',
  'gen_ai.response.status',
  'openai.stream.end',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
];

/** What was done, whoever did it: invocations, model calls and tool calls, each with how it ended and what it spent. */
function workOf(spans: readonly FinishedSpan[]): string[] {
  return spans
    .filter(({ name }) => /^(invoke_agent|chat|execute_tool) ?/.test(name))
    .map(({ name, attributes }) =>
      [name, ...WORK_ATTRIBUTES.map((attribute) => attributes[attribute] ?? '-')].join(' '),
    )
    .sort();
}

/** A process that answers a tool call of a chat completion has not seen it asked for; the one that asked, not answered. */
async function workOfFourProcesses(conversation: ScriptedConversation): Promise<string[]> {
  const work = await workOfOneProcess(conversation);
  const isApart = conversation.name === 'Chat completions';
  return isApart ? work.filter((done) => !done.startsWith('execute_tool')) : work;
}

async function workOfOneProcess({ prepare, script, steps }: ScriptedConversation): Promise<string[]> {
  const program = await startProgram({ config: { cost: true, prices: PRICES } });
  script(program.simulator);
  const surroundings = { client: program.client, memory: {}, apart: false };
  await prepare(surroundings);
  for (const { run } of steps) await run(surroundings);
  await program.telemetry.provider.shutdown();
  return workOf(program.telemetry.spans);
}

const sum = (values: readonly unknown[]): number =>
  values.reduce((total: number, value) => total + Number(value ?? 0), 0);

function expectApiUsage(spans: readonly FinishedSpan[], apiUsage: Conversed['apiUsage'], name: string): void {
  const spent = Object.values(apiUsage);
  expect(usageSum(spans), name).toEqual({
    input_tokens: sum(spent.map(({ input }) => input)),
    output_tokens: sum(spent.map(({ output }) => output)),
  });
  const costs = spans.map(({ attributes }) => attributes['openai.cost']);
  expect(sum(costs), name).toBeCloseTo(costOf(apiUsage, 'gpt-5'), 9);
}

function expectMetrics(
  metrics: Processes['metrics'],
  conversed: readonly [ScriptedConversation, Conversed][],
): void {
  const apiUsage = Object.assign({}, ...conversed.map(([, one]) => one.apiUsage)) as Conversed['apiUsage'];
  const total = (name: string): number =>
    sum(metrics.filter(({ metric }) => metric === name).map(({ value }) => value));
  const tokens = Object.values(apiUsage).map(({ input, output }) => input + output);
  expect(total('gen_ai.client.token.usage')).toBe(sum(tokens));
  expect(total('openai.client.cost')).toBeCloseTo(costOf(apiUsage, 'gpt-5'), 9);
}

const withProcess = (spans: readonly ReceivedSpan[]): FinishedSpan[] =>
  spans.map((span) => ({ ...span, attributes: { process: span.service, ...span.attributes } }));

/** All conversations, each with what was recorded of it, in processes that have ended since. */
async function converseAll(
  env: Readonly<Record<string, string>>,
  handsOn: boolean,
): Promise<{ processes: Processes; conversed: readonly [ScriptedConversation, Conversed][] }> {
  const running = await startRoles(env);
  const conversed: [ScriptedConversation, Conversed][] = [];
  for (const each of SCRIPTED) conversed.push([each, await converse(each, running, handsOn)]);
  await running.processes.stop();
  await running.simulator.close();
  return { processes: running.processes, conversed };
}

describe('four processes', { timeout: PATIENCE }, () => {
  it('that pass on the trace context record a conversation as one tree', async () => {
    const { processes, conversed } = await converseAll({}, true);
    for (const [conversation, { traceId, apiUsage }] of conversed) {
      const { name } = conversation;
      const spans = processes.spans.filter((span) => span.spanContext().traceId === traceId);
      const looks = /^(GET |fetch_response)/;
      const tree = showProcesses(withProcess(spans.filter((span) => !looks.test(span.name))));
      writesTrees(`${name}, four processes`, tree);
      expect(tree).toBe(documentedTree(`${name}, four processes`));
      expect(showTree(spans), name).not.toContain('\n\n');
      expect(workOf(spans), name).toEqual(await workOfFourProcesses(conversation));
      expectApiUsage(spans, apiUsage, name);
    }
    expectMetrics(processes.metrics, conversed);
  });

  it('that derive trace ids record a conversation as one trace, each with its own segment', async () => {
    const { processes, conversed } = await converseAll({ DERIVED_TRACE_IDS: '1' }, false);
    for (const [conversation, { memory, apiUsage }] of conversed) {
      const { name } = conversation;
      const id = memory.thread ?? memory.conversation ?? memory.session ?? '';
      const spans = processes.spans.filter((span) => span.spanContext().traceId === traceIdOf(id));
      const segments = spans.filter(({ parentSpanContext }) => parentSpanContext === undefined);
      const services = segments.map(({ service }) => service);
      expect(services, name).toEqual([...new Set(services)]);
      expect(workOf(spans), name).toEqual(await workOfFourProcesses(conversation));
      expectApiUsage(spans, apiUsage, name);
    }
    expectMetrics(processes.metrics, conversed);
  });
});
