import { instrumentAgents } from '../../src/agents.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { type AgentsLibrary, type LibraryRunner, library } from '../agents-sdk/library.ts';
import { calling } from '../agents-sdk/parts.ts';
import type { Secrets } from './secrets.ts';
import type { Scenario, Stage } from './stage.ts';

const ANYTHING = { type: 'object', properties: {}, required: [], additionalProperties: true };
const NOTHING = { ...ANYTHING, additionalProperties: false };

/** Everything that programs of `@openai/agents` hand over in which there may be content. */
export const AGENTS_SCENARIOS: readonly Scenario[] = [true, false].flatMap((tracing): Scenario[] => [
  { name: `agents, tracing ${tracing}`, run: (stage) => runAgents(stage, tracing, runEverything) },
  { name: `agents that fail, tracing ${tracing}`, run: (stage) => runAgents(stage, tracing, runFailures) },
]);

async function runAgents(
  stage: Stage,
  tracing: boolean,
  run: (stage: Stage, runner: LibraryRunner) => Promise<void>,
): Promise<void> {
  const instrumentation = new OpenAIInstrumentation(stage.config);
  const stop = instrumentAgents();
  library.setTraceProcessors([]);
  library.setTracingDisabled(!tracing);
  try {
    const modelProvider = new library.OpenAIProvider({ openAIClient: stage.client });
    await run(
      stage,
      new library.Runner({ modelProvider, traceMetadata: { note: stage.secrets.make('trace') } }),
    );
  } finally {
    stop();
    instrumentation.disable();
  }
}

async function runEverything({ simulator, secrets }: Stage, runner: LibraryRunner): Promise<void> {
  const tutor = newAgent(secrets, 'Tutor', {
    tools: [newTool(secrets, 'look_up', () => secrets.make('result of a tool'))],
    outputGuardrails: [newGuardrail(secrets, 'short')],
  });
  const handoff = library.handoff(tutor, { inputType: ANYTHING, onHandoff: () => undefined });
  const historian = newAgent(secrets, 'Historian', {});
  const triage = newAgent(secrets, 'Triage', {
    handoffs: [handoff],
    inputGuardrails: [newGuardrail(secrets, 'polite')],
    mcpServers: [newServer(secrets)],
    tools: [historian.asTool({ toolName: 'history', toolDescription: secrets.make('agent as tool') })],
  });
  simulator.respond(
    { output: [calling('read_file', { term: 'x' }), calling('history', { input: 'x' })] },
    { output: [{ message: 'An answer of an agent that is a tool.' }] },
    { output: [calling('transfer_to_Tutor', { term: 'x' })] },
    { output: [calling('look_up', { term: 'x' })] },
    { output: [{ message: 'An answer.' }] },
  );
  await runner.run(triage, secrets.make('prompt'));
  await library.withTrace('Voice', async () => {
    const { withCustomSpan, withSpeechSpan, withTranscriptionSpan } = library;
    await withTranscriptionSpan(async () => undefined, { data: { output: secrets.make('transcript') } });
    await withCustomSpan(async () => undefined, {
      data: { name: 'part', data: { key: secrets.make('custom data') } },
    });
    await withSpeechSpan(async () => undefined, { data: { input: secrets.make('speech') } });
  });
}

async function runFailures({ simulator, secrets }: Stage, runner: LibraryRunner): Promise<void> {
  const fail = (): never => {
    throw new Error(secrets.make('error of a tool'));
  };
  const failing = newAgent(secrets, 'Failing', { tools: [newTool(secrets, 'fail', fail)] });
  simulator.respond({ output: [calling('fail', { term: 'x' })] }, { output: [{ message: 'Sorry.' }] });
  await runner.run(failing, secrets.make('prompt'));
  const refuse = (): never => {
    throw new Error(
      `Incorrect API key provided: ${secrets.make('key in an error of a tool', 'credential')}.`,
    );
  };
  const tools = [newTool(secrets, 'refuse', refuse, { errorFunction: () => 'Sorry.' })];
  simulator.respond({ output: [calling('refuse', { term: 'x' })] }, { output: [{ message: 'Sorry.' }] });
  await runner.run(newAgent(secrets, 'Refusing', { tools }), secrets.make('prompt'));
  simulator.respond({ output: [calling('fail', { term: 'x' })] });
  await runner.run(failing, secrets.make('prompt'), { maxTurns: 1 }).catch(() => undefined);
  const guarded = newAgent(secrets, 'Guarded', { inputGuardrails: [newGuardrail(secrets, 'polite', true)] });
  simulator.respond({ output: [{ message: 'An answer.' }] });
  await runner.run(guarded, secrets.make('prompt')).catch(() => undefined);
  simulator.next({ status: 400, body: { error: { message: 'What went wrong.' } } });
  await runner.run(failing, secrets.make('prompt')).catch(() => undefined);
  await library.withTrace('Failing', async () => fail()).catch(() => undefined);
}

type Agent = InstanceType<AgentsLibrary['Agent']>;

function newAgent(secrets: Secrets, name: string, config: object): Agent {
  return new library.Agent({
    name,
    model: 'gpt-4o-mini',
    instructions: secrets.make(`instructions of ${name}`),
    handoffDescription: secrets.make(`description of ${name}`),
    ...config,
  });
}

function newTool(secrets: Secrets, name: string, execute: () => unknown, more: object = {}): object {
  const description = secrets.make(`description of ${name}`);
  return library.tool({ name, description, strict: false, parameters: ANYTHING, execute, ...more });
}

function newGuardrail(secrets: Secrets, name: string, tripwireTriggered = false): object {
  const outputInfo = { why: secrets.make(`verdict of ${name}`) };
  return { name, execute: async () => ({ outputInfo, tripwireTriggered }) };
}

function newServer(secrets: Secrets): object {
  const nothing = async (): Promise<void> => undefined;
  return {
    name: 'files',
    cacheToolsList: false,
    connect: nothing,
    close: nothing,
    invalidateToolsCache: nothing,
    listTools: async () => [
      { name: 'read_file', description: secrets.make('description of an MCP tool'), inputSchema: NOTHING },
    ],
    callTool: async () => [{ type: 'text', text: secrets.make('result of an MCP tool') }],
  };
}
