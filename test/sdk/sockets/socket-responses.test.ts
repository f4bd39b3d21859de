import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../../support/program.ts';
import { openResponses, valuesOf } from '../../support/responses-socket.ts';
import type { ServerSocket } from '../../support/simulator/index.ts';

const MODEL = 'gpt-4o-mini';
const CREATE = { type: 'response.create', model: MODEL, input: 'Hello' };
const TOOL = { type: 'function', name: 'get_weather', parameters: {}, strict: false };

describe('a response over a WebSocket', () => {
  it('has the span of a streamed response, and content with consent', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    const { send, ended } = await openResponses(program);
    program.simulator.respond({ output: [{ message: 'It rains.' }] });
    await program.inSpan(async () => {
      send({ ...CREATE, input: 'How is the weather?', temperature: 0.5 });
      await ended();
    });
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini
    `);
    const [span] = program.telemetry.spans;
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'gen_ai.input.messages': expect.stringContaining('How is the weather?'),
      'gen_ai.output.messages': expect.stringContaining('It rains.'),
      'openai.stream.end': 'completed',
    });
    const metrics = await program.telemetry.metrics();
    expect(metrics.map(({ descriptor }) => descriptor.name)).toEqual(
      expect.arrayContaining([
        'gen_ai.client.operation.duration',
        'gen_ai.client.operation.time_to_first_chunk',
        'gen_ai.client.token.usage',
      ]),
    );
  });

  it('leads to the next one by functions, also from one over HTTP', async () => {
    const program = await startProgram();
    const { send, ended } = await openResponses(program);
    await program.inSpan(async () => {
      program.simulator.respond({ output: [{ function: { name: 'get_weather', arguments: {} } }] });
      const asked = await program.client.responses.create({
        model: MODEL,
        input: 'Hello',
        tools: [TOOL as never],
      });
      program.simulator.respond({ output: [{ function: { name: 'get_time', arguments: {} } }] });
      send({ ...CREATE, previous_response_id: asked.id, input: [answer(asked)] });
      const second = await ended();
      send({ ...CREATE, previous_response_id: idOf(second), input: [answer(second.response)] });
      await ended();
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool get_weather
      ├─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool get_time
      └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
    `);
    const chats = program.telemetry.spans.filter(({ name }) => name.startsWith('chat'));
    expect(chats.map(({ links }) => links[0]?.context.spanId)).toEqual([
      undefined,
      ...chats.slice(0, 2).map((span) => span.spanContext().spanId),
    ]);
  });

  it('belongs to its lane, however the events of several lanes are mixed', async () => {
    const program = await startProgram();
    program.simulator.onSocket(byHand);
    const { send, ended } = await openResponses(program);
    for (const lane of ['a', 'b', undefined])
      send({ ...CREATE, model: `gpt-${lane ?? 'none'}`, ...(lane && { stream_id: lane }) });
    send({ ...CREATE, model: 'gpt-second-a', stream_id: 'a' });
    const server = await serverOf(program);
    for (const [end, id, lane] of [
      ['created', 'r1', 'a'],
      ['created', 'r2', 'b'],
      ['created', 'r3', undefined],
      ['completed', 'r2', 'b'],
      ['completed', 'r1', 'a'],
      ['completed', 'r3', undefined],
      ['created', 'r4', 'a'],
      ['completed', 'r4', 'a'],
    ] as const)
      server.send({ ...event(end, id), ...(lane && { stream_id: lane }) });
    for (let count = 0; count < 4; count++) await ended();
    const seen = valuesOf(
      program.telemetry,
      'gen_ai.request.model',
      'gen_ai.response.id',
      'openai.stream.chunk_count',
    );
    expect(seen).toEqual([
      ['gpt-b', 'r2', 2],
      ['gpt-a', 'r1', 2],
      ['gpt-none', 'r3', 2],
      ['gpt-second-a', 'r4', 2],
    ]);
  });

  it('begins without a request if the code that it is in the trace of has steered the one before', async () => {
    const program = await startProgram();
    program.simulator.onSocket(byHand);
    const { send, ended } = await program.inSpan(() => openResponses(program), 'another user');
    const steer = (id: string): void =>
      send({ type: 'response.steer', previous_response_id: id, input: 'Shorter' });
    await program.inSpan(async () => {
      for (let count = 0; count < 200; count++) steer(`absent_${count}`);
      send(CREATE);
      const server = await serverOf(program);
      server.send(event('created', 'r1'));
      steer('r1');
      server.send({ type: 'response.steer.accepted', steer: { id: 's1', previous_response_id: 'r1' } });
      send({ ...CREATE, model: 'gpt-next' });
      server.send(event('incomplete', 'r1', { incomplete_details: { reason: 'steered' } }));
      server.send(event('created', 'r2', { previous_response_id: 'r1' }));
      server.send(event('completed', 'r2', { previous_response_id: 'r1' }));
      server.send(event('created', 'r3'));
      server.send(event('completed', 'r3'));
      for (let count = 0; count < 3; count++) await ended();
    });
    await program.expectTree(`
      another user

      program
      ├─ chat gpt-4o-mini  gen_ai.response.id=r1 gen_ai.response.finish_reasons=["steered"]
      ├─ chat gpt-next     gen_ai.response.id=r3 gen_ai.response.finish_reasons=["stop"]
      └─ chat gpt-4o-mini  gen_ai.response.id=r2 gen_ai.response.finish_reasons=["stop"]
    `);
  });

  it('that fails, or is refused, has the error', async () => {
    const program = await startProgram();
    const { send, ended, errors } = await openResponses(program);
    program.simulator.respond({ end: 'failed', error: { code: 'server_error', message: 'No.' } });
    send(CREATE);
    await ended();
    send({ ...CREATE, previous_response_id: 'resp_unknown' });
    await ended();
    expect(program.telemetry.spans.map(({ attributes }) => attributes['error.type'])).toEqual([
      'server_error',
      'previous_response_not_found',
    ]);
    expect(errors).toHaveLength(1);
  });

  it('that the API reports as failed after its error leaves the next one alone', async () => {
    const { program, server, ended } = await failFirst(2);
    server.send(event('failed', 'r1', { error: { code: 'server_error', message: 'No.' } }));
    server.send(event('created', 'r2'));
    server.send(event('completed', 'r2'));
    for (let count = 0; count < 3; count++) await ended();
    expect(program.telemetry.openSpans).toEqual([]);
    const seen = valuesOf(program.telemetry, 'gen_ai.response.id', 'error.type', 'openai.stream.chunk_count');
    expect(seen).toEqual([
      ['r1', 'server_error', 2],
      ['r2', undefined, 2],
    ]);
  });

  it('has no chunk in what the API says of input for the one before', async () => {
    const program = await startProgram();
    program.simulator.onSocket(byHand);
    const { send, ended } = await openResponses(program);
    for (const model of ['gpt-first', 'gpt-second']) send({ ...CREATE, model });
    const server = await serverOf(program);
    const refused = { error: { code: 'response_already_completed', message: 'Late.' }, input: [] };
    server.send(event('created', 'r1'));
    server.send({ type: 'response.inject.created', response_id: 'r1' });
    server.send(event('completed', 'r1'));
    server.send({ type: 'response.inject.failed', response_id: 'r1', ...refused });
    server.send(event('completed', 'r2'));
    for (let count = 0; count < 2; count++) await ended();
    expect(valuesOf(program.telemetry, 'gen_ai.response.id', 'openai.stream.chunk_count')).toEqual([
      ['r1', 2],
      ['r2', 1],
    ]);
  });

  it('that continues after an error about another leaves the one after that alone', async () => {
    const { program, server, ended } = await failFirst(3);
    server.send(event('completed', 'r1'));
    server.send(event('created', 'r3'));
    server.send(event('completed', 'r3'));
    for (let count = 0; count < 3; count++) await ended();
    expect(program.telemetry.openSpans).toEqual([]);
    expect(program.telemetry.spans.at(-1)?.attributes['gen_ai.response.id']).toBe('r3');
  });

  it('ends when the connection breaks', async () => {
    const program = await startProgram();
    program.simulator.onSocket(byHand);
    const { send, closed } = await openResponses(program);
    send(CREATE);
    send({ ...CREATE, stream_id: 'other' });
    const server = await serverOf(program);
    server.send(event('created', 'r1'));
    server.destroy();
    await closed();
    const seen = valuesOf(program.telemetry, 'gen_ai.response.id', 'error.type', 'openai.stream.end');
    expect(seen).toEqual([
      ['r1', 'connection_closed', 'error'],
      [undefined, 'connection_closed', 'error'],
    ]);
  });

  it('ends without an error when the program closes the socket', async () => {
    const program = await startProgram();
    program.simulator.onSocket(byHand);
    const { send, socket, closed } = await openResponses(program);
    send(CREATE);
    (await serverOf(program)).send(event('created', 'r1'));
    socket.close();
    await closed();
    const [span] = program.telemetry.spans;
    expect(span?.attributes['openai.stream.end']).toBe('aborted');
    expect(span?.status).toEqual({ code: 0 });
  });

  it('is not recorded where tracing is suppressed, and keeps its place in the lane', async () => {
    const program = await startProgram();
    const { send, ended } = await openResponses(program);
    context.with(suppressTracing(context.active()), () => send({ ...CREATE, model: 'gpt-hidden' }));
    send(CREATE);
    await ended();
    await ended();
    await program.expectTree('chat gpt-4o-mini  gen_ai.response.id=resp_000002');
  });

  it('that the program has serialised itself is seen, too, however long its input', async () => {
    const program = await startProgram();
    const { socket, send, ended } = await openResponses(program);
    // An answer to a request that was not seen would go to the next one, which may be another user's.
    socket.sendRaw(JSON.stringify({ ...CREATE, input: 'x'.repeat(100_000) }));
    send({ ...CREATE, model: 'gpt-4o' });
    await ended();
    await ended();
    await program.expectTree(`
      chat gpt-4o-mini  gen_ai.response.id=resp_000001

      chat gpt-4o       gen_ai.response.id=resp_000002
    `);
  });
});

/** Leaves all answers to the test. */
function byHand(): void {}

async function serverOf({
  simulator,
}: {
  simulator: { sockets: readonly ServerSocket[] };
}): Promise<ServerSocket> {
  const [server] = simulator.sockets;
  if (server === undefined) throw new Error('No socket is open.');
  await new Promise((resolve) => setTimeout(resolve, 20));
  return server;
}

/** Asks for some responses. The server begins the first one and sends an error. */
async function failFirst(
  responses: number,
): Promise<{ program: Program; server: ServerSocket; ended: () => Promise<unknown> }> {
  const program = await startProgram();
  program.simulator.onSocket(byHand);
  const { send, ended } = await openResponses(program);
  for (let count = 0; count < responses; count++) send(CREATE);
  const server = await serverOf(program);
  server.send(event('created', 'r1'));
  server.send({ type: 'error', error: { type: 'server_error', code: 'server_error', message: 'No.' } });
  return { program, server, ended };
}

function event(end: string, id: string, more: object = {}): object {
  const status = end === 'created' ? 'in_progress' : end;
  const response = { id, object: 'response', model: MODEL, status, output: [], ...more };
  return { type: `response.${end}`, response, sequence_number: 0 };
}

function idOf(event: Readonly<Record<string, unknown>>): string {
  return (event.response as { id: string }).id;
}

function answer(response: unknown): object {
  const [call] = (response as { output: { call_id: string }[] }).output;
  return { type: 'function_call_output', call_id: call?.call_id, output: 'sunny' };
}
