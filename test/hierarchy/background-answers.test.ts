import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { openResponses } from '../support/responses-socket.ts';
import { millisecondsOf } from '../support/times.ts';

const MODEL = 'gpt-4o-mini';
const CALL = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'get_weather',
  arguments: '{}',
  status: 'completed',
};
const BEGUN = responseBody([], { background: true, status: 'in_progress', usage: null });
const ENDED = responseBody([CALL], {
  background: true,
  usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
});
const event = (type: string, response: object, sequence_number: number) => ({
  data: { type, response, sequence_number },
});

async function answer({ client, simulator }: Program): Promise<void> {
  const usage = { input_tokens: 9, output_tokens: 1, total_tokens: 10 };
  simulator.next({ body: responseBody([], { id: 'resp_2', usage }) });
  const output = { type: 'function_call_output', call_id: 'call_1', output: 'sun' } as const;
  await client.responses.create({ model: MODEL, previous_response_id: 'resp_1', input: [output] });
}

it('an older poll that is answered after the last one takes back neither the answer nor its usage', async () => {
  const program = await startProgram();
  const { client, simulator } = program;
  const polls = () => simulator.requests.filter(({ method }) => method === 'GET').length;
  await program.inSpan(async () => {
    simulator.next({ body: BEGUN });
    await client.responses.create({ model: MODEL, input: 'x', background: true });
    simulator.next({ body: BEGUN, delayMs: 200 });
    const older = client.responses.retrieve('resp_1');
    const isRead = older.then();
    await vi.waitUntil(() => polls() === 1);
    simulator.next({ body: ENDED });
    await client.responses.retrieve('resp_1');
    expect(await isRead).toMatchObject({ status: 'in_progress' });
    await answer(program);
  });
  await program.expectTree(`
    program
    ├─ chat gpt-4o-mini          gen_ai.response.status=completed gen_ai.usage.input_tokens=5 gen_ai.usage.output_tokens=3
    ├─ execute_tool get_weather  gen_ai.tool.call.id=call_1
    └─ chat gpt-4o-mini          gen_ai.response.status=completed gen_ai.usage.input_tokens=9 gen_ai.usage.output_tokens=1
  `);
});

it('a response ends when the server gives its id to another one', async () => {
  const { client, simulator, ended } = await startProgram();
  for (let made = 0; made < 2; made++) {
    simulator.next({ body: { ...responseBody([]), status: 'queued', background: true } });
    await client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
    expect(ended('chat')).toHaveLength(made);
  }
});

it('a function that is answered while the resumed stream that asked for it is still read has a span', async () => {
  const program = await startProgram();
  const { client, simulator } = program;
  simulator.next({ sse: [event('response.created', BEGUN, 0)] });
  simulator.next({ sse: [event('response.in_progress', BEGUN, 1), event('response.completed', ENDED, 2)] });
  await program.inSpan(async () => {
    const asked = { model: MODEL, input: 'x', stream: true, background: true } as const;
    for await (const _ of await client.responses.create(asked));
    const resumed = await client.responses.retrieve('resp_1', { stream: true, starting_after: 0 });
    for await (const { type } of resumed) if (type === 'response.completed') await answer(program);
  });
  await program.expectTree(`
    program
    ├─ chat gpt-4o-mini          gen_ai.response.status=completed gen_ai.usage.input_tokens=5
    ├─ execute_tool get_weather  gen_ai.tool.call.id=call_1
    └─ chat gpt-4o-mini          gen_ai.response.status=completed gen_ai.usage.input_tokens=9
  `);
});

it('a response of a server that does not say that it is in the background has one span with its usage', async () => {
  const program = await startProgram();
  const { client, simulator } = program;
  const [begun, ended] = [BEGUN, ENDED].map(({ background: _, ...body }) => body);
  await program.inSpan(async () => {
    simulator.next({ body: { ...begun, status: 'queued' } });
    await client.responses.create({ model: MODEL, input: 'x', background: true });
    simulator.next({ body: begun });
    await client.responses.retrieve('resp_1');
    simulator.next({ body: ended });
    await client.responses.retrieve('resp_1');
  });
  await program.expectTree(`
    program
    └─ chat gpt-4o-mini  gen_ai.response.status=completed gen_ai.usage.input_tokens=5 gen_ai.usage.output_tokens=3
  `);
});

it.each([true, false])('a response has a duration in metrics once its end is known: %s', async (isKnown) => {
  const program = await startProgram({ config: { runSteps: 'observe' } });
  const { client, simulator } = program;
  simulator.next({ body: BEGUN });
  await client.responses.create({ model: MODEL, input: 'x', background: true });
  simulator.next({ body: isKnown ? ENDED : BEGUN });
  await client.responses.retrieve('resp_1');
  await program.telemetry.provider.shutdown();
  expect(await program.points('gen_ai.client.operation.duration', 'chat')).toHaveLength(isKnown ? 1 : 0);
});

describe('a stream that is read for long', () => {
  let passed = 0;
  beforeEach(() => {
    passed = 0;
    for (const clock of [Date, performance]) {
      const now = clock.now.bind(clock);
      vi.spyOn(clock, 'now').mockImplementation(() => now() + passed * 1e3);
    }
  });
  afterEach(() => void vi.restoreAllMocks());

  const created_at = Math.floor(Date.now() / 1e3) - 5;
  const begun = event('response.created', { ...BEGUN, created_at }, 0);
  const ended = { ...ENDED, created_at, completed_at: created_at + 25 };

  /** The response took 25 s, as its end says, and ended 20 s before it is retrieved. */
  async function expectOwnDuration({ client, simulator, ended: spansOf }: Program): Promise<void> {
    passed = 40;
    simulator.next({ body: ended });
    await client.responses.retrieve('resp_1');
    const [chat] = spansOf('chat');
    expect(chat?.duration[0]).toBeGreaterThanOrEqual(24);
    expect(chat?.duration[0]).toBeLessThanOrEqual(25);
  }

  it('does not make the response longer that it leaves before its end', async () => {
    const program = await startProgram({ config: { runSteps: 'observe' } });
    const { client, simulator } = program;
    simulator.next({ sse: [begun, begun] });
    const asked = { model: MODEL, input: 'x', stream: true, background: true } as const;
    for await (const _ of await client.responses.create(asked)) {
      if (passed > 0) break;
      passed = 20;
    }
    await expectOwnDuration(program);
  });

  it('does not move the end of the response that its socket leaves', async () => {
    const program = await startProgram({ config: { runSteps: 'observe' } });
    program.simulator.onSocket((server) => {
      server.onText = () => server.send(begun.data);
    });
    const { socket, send, received, closed } = await openResponses(program);
    send({ type: 'response.create', model: MODEL, input: 'x', background: true });
    await vi.waitUntil(() => received.length > 0);
    passed = 20;
    socket.close();
    await closed();
    await expectOwnDuration(program);
  });

  it('does not move the start of the response that it adopts', async () => {
    const program = await startProgram({ config: { runSteps: 'observe', adoptRuns: true } });
    program.simulator.next({ sse: [begun, event('response.completed', ended, 1)] });
    const resumed = await program.client.responses.retrieve('resp_1', { stream: true });
    for await (const _ of resumed) passed = 20;
    const [[chat], [fetched]] = [program.ended('chat'), program.ended('fetch_response')];
    if (chat === undefined || fetched === undefined) throw new Error('A span is missing.');
    expect(millisecondsOf(chat.startTime)).toBeLessThan(millisecondsOf(fetched.startTime));
  });
});
