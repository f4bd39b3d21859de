import { describe, expect, it } from 'vitest';
import { environment, startAgentProgram } from '../support/agent-program.ts';
import { answersWithout } from '../support/answers-without.ts';
import { startProgram } from '../support/program.ts';
import { outsideOfParent } from '../support/times.ts';

describe('a turn that does not complete', () => {
  it.each([
    { end: 'failed', error: '!rate_limit_exceeded ', reason: 'error' },
    { end: 'cancelled', error: '', reason: 'cancelled' },
  ] as const)('is $end', async ({ end, error, reason }) => {
    const program = await startAgentProgram([
      { end, error: { code: 'rate_limit_exceeded', message: 'Too much x.' } },
    ]);
    await program.inSpan(() => program.converse());
    await program.expectTree(`
      program
      └─ session
         └─ invoke_agent Helper  ${error}openai.run.status=${end} gen_ai.response.finish_reasons=["${reason}"]
    `);
  });

  it.each([true, false])('fails with a session that fails before it begins, streamed: %s', async (stream) => {
    const program = await startAgentProgram([]);
    const { client, simulator } = program;
    const { sessions } = client.beta.agents;
    const session = { object: 'agent.session', id: 'sess_1', required_actions: [] };
    const error = { code: 'sandbox_error', message: 'No room for x.' };
    const failed = { ...session, status: 'failed', error };
    const created = { ...session, status: 'in_progress' };
    const events = [
      { type: 'agent.session.created', session: created },
      { type: 'agent.session.failed', session: failed },
    ];
    simulator.next({
      when: { method: 'POST', path: /sessions$/ },
      ...(stream ? { sse: [...events.map((data) => ({ data })), 'done'] } : { body: created }),
    });
    simulator.next({ when: { method: 'GET', path: /sess_1$/ }, body: failed });
    await program.inSpan(async () => {
      if (stream) await program.converse();
      else await sessions.retrieve((await program.create('What is x?')).id);
    });
    await program.expectTree(`
      program
      └─ session
         └─ invoke_agent Helper  !sandbox_error
    `);
  });

  it('was not created with its session: neither gets a span', async () => {
    const program = await startProgram();
    const { sessions } = program.client.beta.agents;
    await program.inSpan(() =>
      expect(sessions.create({ agent_id: 'agent_none', environment, input: 'Hello' })).rejects.toThrow('404'),
    );
    await program.expectTree(`
      program
      └─ session
         └─ invoke_agent  !NotFoundError
    `);
  });
});

it('a turn whose usage is counted late is retrieved again', async () => {
  const program = await startAgentProgram([{ usage: null }]);
  await program.inSpan(() => program.converse());
  await program.expectTree(`
    program
    └─ session                 openai.total.input_tokens=100
       └─ invoke_agent Helper  gen_ai.usage.input_tokens=100 gen_ai.usage.output_tokens=20 openai.total.input_tokens=100
  `);
});

it('a pending approval keeps the turn open, with the approval as its state', async () => {
  const program = await startAgentProgram([
    { items: [{ approval: { reason: 'To read x.' } }, { message: 'Done.' }] },
  ]);
  const { sessions } = program.client.beta.agents;
  await program.inSpan(async () => {
    const { id } = await program.create('Open it.');
    const [action] = (await program.poll(id, 'requires_action')).required_actions;
    if (action?.type !== 'computer_use_approval_request') throw new Error('nothing to approve');
    const response = { type: 'browser_origin_access', decision: 'approve' } as const;
    const type = 'agent.session.input.computer_use_approval_request_result';
    await sessions.events.create(id, { events: [{ type, request_id: action.request_id, response }] });
    await program.poll(id);
  });
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper  openai.run.status=completed
  `);
  const [turn] = program.ended('invoke_agent Helper');
  expect(
    turn?.events.map(({ name, attributes }) => [name, attributes?.['openai.required_action.type']]),
  ).toEqual([
    ['openai.run.requires_action', 'computer_use_approval_request'],
    ['openai.run.request', undefined],
  ]);
});

it('the environment of a session is recorded from session events, once each even if several streams send them', async () => {
  const program = await startAgentProgram([
    { items: [{ environment: 'connected' }, { environment: 'reset' }, { message: 'Done.' }] },
    { items: [{ environment: 'failed', errorCode: 'sandbox_error' }, { message: 'Done.' }] },
  ]);
  await program.inSpan(async () => {
    const id = await program.converse();
    const reading = program.follow(id);
    await program.stream(id, 'Again.');
    await reading;
  });
  const [session] = await program.flushed('session');
  expect(
    session?.events.map(({ attributes }) => [
      attributes?.['openai.environment.status'],
      attributes?.['error.type'],
    ]),
  ).toEqual([
    ['connected', undefined],
    ['reset', undefined],
    ['failed', 'sandbox_error'],
  ]);
});

it('a session ends when it is deleted', async () => {
  const program = await startAgentProgram([{}]);
  await program.inSpan(async () => {
    const id = await program.converse();
    await program.client.beta.agents.sessions.delete(id);
    expect(program.telemetry.spans.map(({ name }) => name)).toContain('session');
  });
});

const script = { items: [{ reasoning: 'Think of x.' }, { message: 'x is 1.' }] };

it.each([true, false])(
  'the messages of a turn are recorded on it with consent, streamed: %s',
  async (stream) => {
    const program = await startAgentProgram([script], {
      config: { captureMessageContent: 'SPAN_ONLY' },
      content: true,
    });
    await program.inSpan<unknown>(async () =>
      stream ? program.converse() : program.poll((await program.create('What is x?')).id),
    );
    const [turn] = await program.flushed('invoke_agent Helper');
    const read = (name: string): unknown => JSON.parse(String(turn?.attributes[name]));
    expect(read('gen_ai.input.messages')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'What is x?' }] },
    ]);
    expect(read('gen_ai.output.messages')).toEqual([
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'Think of x.' }], finish_reason: 'stop' },
      { role: 'assistant', parts: [{ type: 'text', content: 'x is 1.' }], finish_reason: 'stop' },
    ]);
  },
);

describe('the turn of a subagent', () => {
  const subagent = { name: 'Reader', task: 'Read it.', items: [{ webSearch: { query: 'x?' } }] };

  it('ends within the turn above, wherever the program leaves the stream', async () => {
    for (let left = 5; left < 25; left++) {
      const program = await startAgentProgram([{ items: [{ subagent }] }], {
        config: { runSteps: 'observe' },
      });
      const asked = { agent_id: program.agentId, environment, input: 'What is x?', stream: true } as const;
      let read = 0;
      for await (const _ of await program.client.beta.agents.sessions.create(asked))
        if (++read === left) break;
      await program.telemetry.provider.shutdown();
      expect(outsideOfParent(program.telemetry.spans)).toEqual([]);
    }
  });

  it('ends within the turn above if its server reports no times', async () => {
    const fetch = answersWithout('completed_at', '/sessions/');
    const program = await startAgentProgram([{ items: [{ subagent }] }], { client: { fetch } });
    await program.poll((await program.create('What is x?')).id);
    expect(await program.flushed('invoke_agent Reader')).toHaveLength(1);
    await program.telemetry.provider.shutdown();
    expect(outsideOfParent(program.telemetry.spans)).toEqual([]);
  });
});
