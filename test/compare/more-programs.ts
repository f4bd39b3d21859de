/**
 * Programs that no other test has in a form that only needs the package. What not every version of `openai` has, they
 * import where they need it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import type { AgentsLibrary } from '../agents-sdk/library.ts';
import { drain, type Stage } from '../canary/stage.ts';
import type { Program } from './programs.ts';

const USERS = 50;

/** Each user has a thread, asks two questions in it, and another model for its title; all at the same time. */
async function serveUsers({ client, simulator }: Stage): Promise<unknown> {
  for (let run = 0; run < 2 * USERS; run++)
    simulator.script({ steps: [{ message: 'x is 4.', usage: { prompt: 120, completion: 6 } }] });
  const assistant = await client.beta.assistants.create({ name: 'Math Tutor', model: 'gpt-4o-mini' });
  const answer = async (): Promise<string[]> => {
    const thread = await client.beta.threads.create();
    const statuses: string[] = [];
    for (const content of ['What is x?', 'And y?']) {
      await client.beta.threads.messages.create(thread.id, { role: 'user', content });
      const body = { assistant_id: assistant.id };
      const run = await client.beta.threads.runs.createAndPoll(thread.id, body, { pollIntervalMs: 1 });
      statuses.push(run.status);
    }
    const messages = [{ role: 'user' as const, content: 'A title?' }];
    const { choices } = await client.chat.completions.create({ model: 'gpt-4o', messages });
    return [...statuses, String(choices[0]?.finish_reason)];
  };
  const server = createServer((_, response) => {
    answer().then(
      (answered) => response.end(JSON.stringify(answered)),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/ask`)).json();
  const answers = await Promise.all(Array.from({ length: USERS }, ask));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return answers;
}

/** A chain with a fork, and a stream in the background that is taken up again where it was left. */
async function respond({ client, simulator }: Stage): Promise<unknown> {
  const { responses } = client;
  const usage = { prompt: 30, completion: 5 };
  for (const message of ['One.', 'Two.', 'Another two.', 'Three.'])
    simulator.respond({ output: [{ message }], usage });
  const first = await responses.create({ model: 'gpt-4o', input: 'Count.' });
  const next = { model: 'gpt-4o', previous_response_id: first.id };
  const second = await responses.create({ ...next, input: 'Go on.' });
  const fork = await responses.create({ ...next, input: 'Go on in another way.' });
  await drain(await responses.create({ ...next, previous_response_id: fork.id, input: 'On.', stream: true }));
  simulator.respond({ output: [{ message: 'A long story.' }], usage });
  const body = { model: 'gpt-4o', input: 'Tell me a story.' } as const;
  const stream = await responses.create({ ...body, background: true, stream: true });
  let id = '';
  for await (const event of stream) {
    if (event.type !== 'response.created') continue;
    id = event.response.id;
    break;
  }
  const types: string[] = [];
  for await (const { type } of await responses.retrieve(id, { stream: true, starting_after: 1 }))
    types.push(type);
  return [first.output_text, second.output_text, fork.output_text, types];
}

async function loop({ client, simulator, config }: Stage): Promise<unknown> {
  const { ResponsesToolRunner } = await import('openai/helpers/responses-tool-runner');
  instrumentOpenAI(ResponsesToolRunner, config);
  const call = { function: { name: 'solve', arguments: {} } };
  simulator.respond({ output: [call] }, { output: [{ message: 'x is 2.' }] });
  const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const tool = { type: 'function' as const, name: 'solve', parameters, strict: true };
  const runner = new ResponsesToolRunner({ functions: [{ tool, execute: () => '2' }] });
  return (await runner.run(client, { model: 'gpt-4o', input: 'What is x?' })).output_text;
}

/** A user speaks while an answer is spoken. */
async function interrupt(stage: Stage): Promise<void> {
  const { openRealtime } = await import('../support/realtime-socket.ts');
  const { say, answer, socket, closed } = await openRealtime(stage, stage.config);
  const cancelled = { type: 'cancelled', reason: 'turn_detected' };
  const response = { id: 'resp_1', status: 'in_progress', output: [] };
  await answer({ type: 'session.created', session: { id: 'sess_1', model: 'gpt-realtime' } });
  await say({ type: 'response.create' });
  await answer(
    { type: 'response.created', response },
    { type: 'response.output_audio.delta', response_id: 'resp_1', item_id: 'item_1', delta: 'AAAA' },
    { type: 'input_audio_buffer.speech_started', item_id: 'item_2', audio_start_ms: 100 },
    { type: 'response.done', response: { ...response, status: 'cancelled', status_details: cancelled } },
    { type: 'input_audio_buffer.speech_stopped', item_id: 'item_2', audio_end_ms: 900 },
  );
  socket.close();
  await closed();
}

interface AgentsStage extends Stage {
  readonly library: AgentsLibrary;
  readonly parts: typeof import('../agents-sdk/parts.ts');
  readonly runner: InstanceType<AgentsLibrary['Runner']>;
}

/** A program of `@openai/agents`. */
function withAgents(run: (stage: AgentsStage) => Promise<unknown>): Program['run'] {
  return async (stage) => {
    const { library } = await import('../agents-sdk/library.ts');
    const parts = await import('../agents-sdk/parts.ts');
    const instrumentation = new OpenAIInstrumentation(stage.config);
    const stop = instrumentAgents();
    library.setTraceProcessors([]);
    library.setTracingDisabled(false);
    try {
      const modelProvider = new library.OpenAIProvider({ openAIClient: stage.client });
      const runner = new library.Runner({ modelProvider });
      return await run({ ...stage, library, parts, runner });
    } finally {
      stop();
      instrumentation.disable();
    }
  };
}

/** What waits for an approval continues from its state as a text. */
async function resume({ simulator, library, parts, runner }: AgentsStage): Promise<unknown> {
  simulator.respond({ output: [parts.calling('remove')] }, { output: [{ message: 'Removed.' }] });
  const tools = [parts.newTool('remove', () => 'Yes.', { needsApproval: true })];
  const agent = new library.Agent({ name: 'Helper', model: 'gpt-4o', tools });
  const { state } = await runner.run(agent, 'Remove it');
  const resumed = await library.RunState.fromString(agent, state.toString());
  for (const interruption of resumed.getInterruptions()) resumed.approve(interruption);
  return (await runner.run(agent, resumed)).finalOutput;
}

export const MORE: readonly Program[] = [
  { name: 'a server with fifty users', run: serveUsers, anyOrder: true },
  { name: 'responses: chain, fork, stream resumed', run: respond },
];

/** What only `openai` 7 has. */
export const NEWEST: readonly Program[] = [
  { name: 'a loop of responses', run: loop },
  { name: 'an answer that is interrupted', run: interrupt },
  { name: 'agents: an approval, resumed', run: withAgents(resume) },
];
