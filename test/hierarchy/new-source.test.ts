import { describe, expect, it, vi } from 'vitest';
import { startProgram } from '../support/program.ts';

/*
 * A made-up API, as somebody adds one who follows the guide. It takes the paths of its endpoints, one dialect, and its family.
 */

vi.mock(import('../../src/sdk/routes/table.ts'), async (original) => {
  const all = await original();
  const rooms = { '{session_id}': { turns: { '{turn_id}': {} } } };
  return { ...all, PATHS: { ...all.PATHS, rooms } };
});
vi.mock(import('../../src/hierarchy/dialects/index.ts'), async (original) => {
  const { DIALECTS } = await original();
  const { rooms } = await import('./rooms.ts');
  return { DIALECTS: { ...DIALECTS, rooms } };
});
vi.mock(import('../../src/hierarchy/select-api.ts'), async (original) => {
  const all = await original();
  return {
    ...all,
    selectApi: (...asked: Parameters<typeof all.selectApi>) =>
      asked[1].route.family === 'rooms' ? ('rooms' as 'agents') : all.selectApi(...asked),
  };
});

const turn = (status: string): object => ({
  id: 'turn_1',
  object: 'turn',
  room_id: 'room_1',
  status,
  ...(status === 'done' && { usage: { input_tokens: 30, output_tokens: 12, total_tokens: 42 } }),
});
const search = { id: 'call_1', tool: 'search' };

function streamOf(...events: object[]): { headers: Record<string, string>; body: string } {
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  return { headers: { 'content-type': 'text/event-stream' }, body: `${body}data: [DONE]\n\n` };
}

describe('an API that is one dialect', () => {
  it('has a session with its turns and their tool calls', async () => {
    const { client, simulator, ...program } = await startProgram();
    simulator.next({ when: { path: /rooms$/ }, body: { id: 'room_1', object: 'room' } });
    simulator.next({
      when: { path: /turns$/ },
      ...streamOf(
        { type: 'turn.created', turn: turn('runs') },
        { type: 'tool.called', turn_id: 'turn_1', call: search },
        { type: 'tool.done', turn_id: 'turn_1', call: search },
        { type: 'text', turn_id: 'turn_1' },
        { type: 'turn.done', turn: turn('done') },
      ),
    });
    await program.inSpan(async () => {
      await client.post('/rooms', { body: {} });
      const stream = await client.post('/rooms/room_1/turns', {
        body: { model: 'gpt-4o', stream: true },
        stream: true,
      });
      for await (const _ of stream as AsyncIterable<unknown>);
    });
    await program.expectTree(`
      program
      ├─ POST /rooms
      └─ session                 gen_ai.conversation.id=room_1 openai.total.runs=1 openai.total.input_tokens=30
         └─ invoke_agent         openai.total.input_tokens=30 openai.turn.id=turn_1 openai.run.status=done gen_ai.usage.output_tokens=12
            └─ execute_tool search
    `);
  });

  it('has its polls folded, and the end that the program does not wait for', async () => {
    const { client, simulator, ...program } = await startProgram({ config: { conversationIdleTimeout: 40 } });
    simulator.next({ when: { path: /turns$/ }, body: turn('runs') });
    simulator.next({ when: { path: /turn_1$/ }, body: turn('asks') });
    simulator.next({ when: { path: /turn_1$/ }, body: turn('done') });
    await program.inSpan(async () => {
      await client.post('/rooms/room_1/turns', { body: { model: 'gpt-4o' } });
      await client.get('/rooms/room_1/turns/turn_1');
    });
    await program.expectTreeAtEnd(`
      program
      └─ session
         └─ invoke_agent  openai.run.status=done openai.run.poll_count=1
    `);
    expect(simulator.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
  });
});
