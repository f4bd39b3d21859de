import { describe, expect, it } from 'vitest';
import { startAgentProgram } from '../support/agent-program.ts';
import { answersWithout } from '../support/answers-without.ts';

const TURNS = [1, 10, 100].map((prompt) => ({ usage: { prompt, completion: 1 } }));

describe('a polled turn that was never read', () => {
  it('does not take the id and tokens of a later turn, which a stream reports', async () => {
    const program = await startAgentProgram(TURNS, { config: { runSteps: 'observe' } });
    await program.inSpan(async () => {
      const { id } = await program.create();
      await program.send(id, 'first');
      await program.poll(id);
      await program.stream(id, 'second');
    });
    await program.expectTree(`
      program
      ├─ POST /agents/sessions
      └─ session                 openai.total.runs=1
         ├─ invoke_agent Helper  openai.run.observed=false
         └─ invoke_agent Helper  openai.turn.id=turn_000002 gen_ai.usage.input_tokens=10
    `);
  });

  it('is forgotten once it has ended, also if its session was created with its input', async () => {
    const program = await startAgentProgram(TURNS, { config: { runSteps: 'observe' } });
    let id = '';
    await program.inSpan(async () => {
      ({ id } = await program.create('first'));
      await program.poll(id);
    });
    await program.telemetry.provider.forceFlush();
    await program.inSpan(() => program.stream(id, 'second'));
    await program.inSpan(() => program.stream(id, 'third'));
    await program.expectTree(`
      program
      └─ session
         └─ invoke_agent Helper  openai.run.observed=false

      program
      └─ session                 openai.total.runs=1
         └─ invoke_agent Helper  openai.turn.id=turn_000002 gen_ai.usage.input_tokens=10

      program
      └─ session                 openai.total.runs=2
         └─ invoke_agent Helper  openai.turn.id=turn_000003 gen_ai.usage.input_tokens=100
    `);
  });
});

it('a polled turn whose server reports no usage is read once when it has ended', async () => {
  const fetch = answersWithout('usage', '/turns');
  const program = await startAgentProgram([{}], { client: { fetch } });
  await program.inSpan(async () => {
    const { id } = await program.create('first');
    await program.poll(id);
  });
  await program.telemetry.provider.forceFlush();
  const reads = program.simulator.requests.filter(({ path }) => /turns(\?|\/turn_\d+$)/.test(path));
  expect(reads).toHaveLength(1);
});

describe('without spans of sessions', () => {
  it('polled turns are read, and recorded with the id of their session', async () => {
    const program = await startAgentProgram(TURNS, { config: { conversationSpans: 'never' } });
    let id = '';
    await program.inSpan(async () => {
      ({ id } = await program.create('first'));
      await program.poll(id);
      await program.send(id, 'second');
      await program.poll(id);
    });
    await program.expectTree(`
      program
      ├─ invoke_agent Helper  gen_ai.conversation.id=${id} gen_ai.usage.input_tokens=1
      └─ invoke_agent Helper  gen_ai.conversation.id=${id} gen_ai.usage.input_tokens=10
    `);
  });

  it('a turn whose end nobody sees has the id of its session', async () => {
    const program = await startAgentProgram(TURNS, {
      config: { conversationSpans: 'never', runSteps: 'observe' },
    });
    let id = '';
    await program.inSpan(async () => {
      ({ id } = await program.create('first'));
    });
    await program.expectTreeAtEnd(`
      program
      └─ invoke_agent Helper  gen_ai.conversation.id=${id} openai.session.id=${id} openai.run.observed=false
    `);
  });
});

it('a turn that continues after a pause has its tokens, although only polls of its session show its end', async () => {
  const asks = { items: [{ functions: [{ name: 'ask_human', arguments: {} }] }, { message: 'ok' }] };
  const program = await startAgentProgram([{ ...asks, usage: { prompt: 1, completion: 1 } }], {
    config: { runTimeout: 400, conversationIdleTimeout: 20 },
  });
  const { sessions } = program.client.beta.agents;
  let id = '';
  await program.inSpan(async () => {
    ({ id } = await program.create('first'));
    await program.poll(id, 'requires_action');
  });
  await expect.poll(() => program.telemetry.openSpans, { timeout: 10_000 }).toEqual([]);
  await program.inSpan(async () => {
    const [action] = (await sessions.retrieve(id)).required_actions ?? [];
    const { call_id, turn_id } = action as { call_id: string; turn_id: string };
    const result = { type: 'agent.session.input.tool_result' as const, output: 'x', success: true };
    await sessions.events.create(id, { events: [{ ...result, call_id, turn_id }] as never });
    await program.poll(id);
  });
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper  openai.run.observed=false openai.run.status=waiting

    program
    └─ session
       └─ invoke_agent Helper  openai.run.status=completed gen_ai.usage.input_tokens=1
          └─ execute_tool ask_human
  `);
});
