import { once } from 'node:events';
import { LiveWS } from 'openai/resources/live/ws';
import { describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { openRealtime } from '../../support/realtime-socket.ts';
import { added, attributesOf, call, created, done, message, SESSION, sound, spoken } from './events.ts';
import { openSession } from './open-session.ts';

describe('a realtime session', () => {
  it('keeps what was said so far if an answer breaks off', async () => {
    const { program, answer, server, closed } = await openSession({ captureMessageContent: 'SPAN_ONLY' });
    await answer(created('resp_1'));
    await answer(added('resp_1', message('item_1')), spoken('resp_1', 'It is '), spoken('resp_1', 'sunny'));
    server.destroy();
    await closed();
    expect(attributesOf(program, 'resp_1')).toMatchObject({
      'error.type': 'connection_closed',
      'openai.stream.end': 'error',
      'gen_ai.output.messages': expect.stringContaining('It is sunny'),
    });
    expect(sessionOf(program)).toMatchObject({
      'error.type': 'connection_closed',
      'openai.socket.close_code': 1006,
    });
  });

  it('has at most 128 responses in progress, however many the server begins', async () => {
    const { program, answer, close } = await openSession();
    await answer(...Array.from({ length: 200 }, (_, index) => created(`resp_${index}`)));
    expect(program.telemetry.openSpans).toHaveLength(128 + 1);
    await close();
  });

  it('ends without an error when the program closes it', async () => {
    const { program, say, answer, close } = await openSession();
    await answer(created('resp_1'));
    await say({ type: 'response.create' });
    await close();
    const ends = program.telemetry.spans.map(({ name, status, attributes }) => [
      name,
      status.code,
      attributes['openai.stream.end'],
    ]);
    expect(ends).toEqual([
      ['chat gpt-realtime', 0, 'aborted'],
      ['chat gpt-realtime', 0, 'aborted'],
      ['realtime', 0, undefined],
    ]);
  });

  it.each([
    ['', ['sess_1', 'sess_2']],
    [' without an id', [undefined, undefined]],
  ])('has a response whose id an earlier session%s had, too', async (_, ids) => {
    const program = await startProgram();
    for (const id of ids) {
      const { answer, say, close } = await openRealtime(program);
      await answer({ type: 'session.created', session: { ...SESSION, id } });
      await say({ type: 'response.create' });
      await answer(created('resp_1'), sound('resp_1'), done('resp_1', {}));
      await close();
    }
    const tree = `
      realtime
      └─ chat gpt-realtime  gen_ai.response.id=resp_1 openai.stream.end=completed
    `;
    await program.expectTree(`${tree}\n${tree}`);
  });

  it('of the older version of the API is read alike', async () => {
    const program = await startProgram();
    const { answer } = await openRealtime(program);
    const session = {
      id: 'sess_old',
      model: 'gpt-4o-realtime-preview',
      modalities: ['text', 'audio'],
      voice: 'alloy',
      turn_detection: null,
      input_audio_format: 'g711_ulaw',
      output_audio_format: 'g711_ulaw',
    };
    await answer(
      { type: 'session.created', session },
      created('resp_1'),
      { type: 'response.audio.delta', response_id: 'resp_1', delta: 'A'.repeat(32_000) },
      { type: 'response.text.delta', response_id: 'resp_1', delta: 'Hi' },
      done('resp_1', { output: [call('item_1')] }),
    );
    await program.telemetry.provider.shutdown();
    expect(attributesOf(program, 'resp_1')).toMatchObject({
      'gen_ai.request.model': 'gpt-4o-realtime-preview',
      'openai.realtime.output_audio_duration': 3,
      'openai.realtime.time_to_first_text': expect.any(Number),
    });
    expect(sessionOf(program)).toMatchObject({
      'openai.realtime.voice': 'alloy',
      'openai.realtime.turn_detection': 'none',
      'openai.realtime.output_modalities': ['text', 'audio'],
    });
  });

  it('stands below the span in which it was opened, and its answers below the spans that asked', async () => {
    const program = await startProgram();
    const { say, answer, close } = await program.inSpan(() => openRealtime(program), 'call');
    await answer({ type: 'session.created', session: SESSION }, created('resp_1'), done('resp_1', {}));
    await program.inSpan(() => say({ type: 'response.create' }), 'webhook');
    await answer(created('resp_2'), done('resp_2', {}));
    await close();
    await program.expectTree(`
      call
      └─ realtime
         └─ chat gpt-realtime  gen_ai.response.id=resp_1

      webhook
      └─ chat gpt-realtime     gen_ai.response.id=resp_2
    `);
  });
});

it('a live session has a span from its opening to its close, with counts', async () => {
  const program = await startProgram();
  instrumentOpenAI(LiveWS);
  program.simulator.onSocket((server) => {
    server.onText = () => {
      server.send({ type: 'session.started', session: { id: 'live_1', model: 'gpt-live-1' } });
      server.send({ type: 'error', error: { type: 'invalid_request_error', code: 'x', message: 'No.' } });
      server.close(1000);
    };
  });
  const socket = new LiveWS(program.client);
  socket.on('error', () => undefined);
  socket.send({ type: 'session.start', session: {} } as never);
  await once((socket.socket as unknown as { platformSocket: NodeJS.EventEmitter }).platformSocket, 'close');
  await program.expectTree('live  gen_ai.conversation.id=live_1');
  expect(program.telemetry.spans[0]?.attributes).toMatchObject({
    'gen_ai.request.model': 'gpt-live-1',
    'openai.api.type': 'live',
    'openai.realtime.session_type': 'live',
    'openai.socket.error_count': 1,
    'openai.socket.received_events': 2,
    'openai.socket.sent_events': 1,
    'openai.socket.close_code': 1000,
  });
});

function sessionOf({ telemetry }: Program): Readonly<Record<string, unknown>> | undefined {
  return telemetry.spans.find(({ name }) => name === 'realtime')?.attributes;
}
