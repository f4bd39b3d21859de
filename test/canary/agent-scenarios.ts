import type OpenAI from 'openai';
import { TOOL } from './bodies.ts';
import { scriptRun, scriptTurn } from './scripts.ts';
import { drain, type Stage } from './stage.ts';

export async function runAssistant(stage: Stage, streamed: boolean): Promise<void> {
  const { client, simulator, secrets } = stage;
  const { threads } = client.beta;
  scriptRun(simulator);
  const assistant = await client.beta.assistants.create(
    secrets.plant(
      {
        model: 'gpt-4o-mini',
        object: 'assistant',
        name: 'Tutor',
        description: 'A tutor.',
        instructions: 'Teach.',
        tools: [TOOL],
        metadata: { topic: 'x' },
      },
      'assistant',
    ),
  );
  const thread = await threads.create(
    secrets.plant(
      { messages: [{ role: 'user', content: 'A question.' }], metadata: { topic: 'x' } },
      'thread',
    ) as object,
  );
  await threads.messages.create(
    thread.id,
    secrets.plant(
      { role: 'user', content: 'Another question.', metadata: { topic: 'x' } },
      'message',
    ) as never,
  );
  const body = secrets.plant(
    {
      assistant_id: assistant.id,
      instructions: 'Teach well.',
      additional_instructions: 'More.',
      additional_messages: [{ role: 'user', content: 'And?' }],
      metadata: { topic: 'x' },
    },
    'run',
  ) as OpenAI.Beta.Threads.RunCreateParamsNonStreaming;
  const outputs = (run: OpenAI.Beta.Threads.Run): { tool_call_id: string; output: string }[] =>
    (run.required_action?.submit_tool_outputs.tool_calls ?? []).map(({ id }) => ({
      tool_call_id: id,
      output: secrets.make('tool output'),
    }));
  if (streamed) {
    const stream = threads.runs.stream(thread.id, { ...body, stream: true });
    await drain(stream);
    const run = stream.currentRun();
    if (run === undefined) throw new Error('The stream has brought no run.');
    const rest = { thread_id: thread.id, tool_outputs: outputs(run) };
    await drain(threads.runs.submitToolOutputsStream(run.id, rest));
  } else {
    const waiting = await threads.runs.createAndPoll(thread.id, body, { pollIntervalMs: 1 });
    const rest = { thread_id: thread.id, tool_outputs: outputs(waiting) };
    const run = await threads.runs.submitToolOutputsAndPoll(waiting.id, rest, { pollIntervalMs: 1 });
    await threads.runs.steps.list(run.id, { thread_id: thread.id });
  }
  await threads.messages.list(thread.id);
}

export async function runAgent({ client, simulator, secrets }: Stage, streamed: boolean): Promise<void> {
  const { sessions } = client.beta.agents;
  scriptTurn(simulator);
  simulator.turn({ end: 'failed', error: { code: 'server_error', message: 'What went wrong.' } });
  const body = { object: 'agent', name: 'Helper', model: 'gpt-5', instructions: 'Help.', description: 'It.' };
  const agent = await client.beta.agents.create(secrets.plant(body, 'agent') as never);
  const environment = { type: 'none' as const };
  const input = secrets.make('session input');
  const start = { agent_id: agent.id, environment, input, metadata: { topic: secrets.make('metadata') } };
  if (streamed) return drain(await sessions.create({ ...start, stream: true }));
  const { id } = await sessions.create(start);
  while ((await sessions.retrieve(id)).status !== 'idle');
  const { data } = await sessions.turns.list(id);
  for (const turn of data) await sessions.turns.items.list(turn.id, { session_id: id });
}
