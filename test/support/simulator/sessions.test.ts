import { describe, expect, it } from 'vitest';
import { simulate } from './conversation.ts';

const environment = { type: 'none' } as const;
const agent = { model: 'gpt-5' };

describe('sessions', () => {
  it('send the events of a turn in order', async () => {
    const { client } = await simulate();
    const stream = await client.beta.agents.sessions.create({
      agent,
      environment,
      input: 'Hi',
      stream: true,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type.replace('agent.session.', ''));
    expect(types).toEqual([
      'created',
      'turn.created',
      'in_progress',
      'turn.in_progress',
      'turn.item.added',
      'turn.output_text.delta',
      'turn.output_text.delta',
      'turn.output_text.done',
      'turn.item.done',
      'turn.completed',
      'idle',
    ]);
  });

  it('return the final result to the SDK helpers', async () => {
    const { client, simulator } = await simulate();
    simulator.turn({ items: [{ message: 'First.', phase: 'commentary' }, { message: 'x is 1.' }] });
    const { id } = await client.beta.agents.sessions.create({ agent, environment });
    const result = await client.beta.agents.sessions.stream(id, { input: 'What is x?' }).finalResult();
    expect(result.turn.status).toBe('completed');
    expect(result.output_text).toBe('x is 1.');
  });

  it('wait for function results, however they are polled', async () => {
    const { client, simulator } = await simulate();
    simulator.turn({ items: [{ functions: [{ name: 'get_x', arguments: { of: 'y' } }] }] });
    const { sessions } = client.beta.agents;
    const { id } = await sessions.create({ agent, environment, input: 'What is x?' });
    for (let polls = 0; polls < 5; polls++) await sessions.retrieve(id);
    const session = await sessions.retrieve(id);
    expect(session.status).toBe('requires_action');
    const [action] = session.required_actions;
    if (action?.type !== 'function_call') throw new Error('no function call');
    expect([action.name, action.arguments]).toEqual(['get_x', '{"of":"y"}']);
    const answer = {
      type: 'agent.session.input.tool_result' as const,
      turn_id: action.turn_id,
      success: true,
    };
    await expect(
      sessions.events.create(id, { events: [{ ...answer, call_id: 'call_none', output: '1' }] }),
    ).rejects.toThrow('Unknown pending tool call: call_none');
    await sessions.events.create(id, { events: [{ ...answer, call_id: action.call_id, output: '1' }] });
    while ((await sessions.retrieve(id)).status !== 'idle');
    const items = await sessions.items.list(id, { order: 'asc' });
    expect(items.data.map(({ type }) => type)).toEqual(['function_call', 'function_call_output']);
  });

  it('list the turns and items of subagents separately', async () => {
    const { client, simulator } = await simulate();
    simulator.turn({
      items: [
        { subagent: { name: 'Reader', task: 'Read.', items: [{ message: 'Read.' }] } },
        { message: 'Done.' },
      ],
    });
    const { sessions } = client.beta.agents;
    const { id } = await sessions.create({ agent, environment, input: 'Read.' });
    while ((await sessions.retrieve(id)).status !== 'idle');
    const [subagent] = (await sessions.subagents.list(id)).data;
    expect(subagent).toMatchObject({ name: 'Reader', status: 'closed', session_id: id });
    const place = { session_id: id };
    const turns = await sessions.subagents.turns.list(subagent?.id ?? '', place);
    expect(turns.data).toMatchObject([{ subagent_id: subagent?.id, status: 'completed' }]);
    const items = await sessions.subagents.items.list(subagent?.id ?? '', place);
    expect(items.data.map(({ type }) => type)).toEqual(['message']);
    expect((await sessions.turns.list(id)).data).toHaveLength(1);
  });

  it('use saved agents, and fail for unknown ones', async () => {
    const { client } = await simulate();
    const { id } = await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
    const { sessions } = client.beta.agents;
    expect((await sessions.create({ agent_id: id, environment })).agent).toMatchObject({
      id,
      name: 'Helper',
    });
    await expect(sessions.create({ agent_id: 'agent_none', environment })).rejects.toThrow('404');
  });
});
