import { once } from 'node:events';
import { connect } from 'node:net';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { describe, expect, it, vi } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';
import { openRealtime } from '../../support/realtime-socket.ts';
import {
  AUDIO,
  added,
  argumentsDone,
  attributesOf,
  call,
  created,
  done,
  itemDone,
  message,
  result,
  SESSION,
  sound,
  spoken,
  transcript,
} from './events.ts';
import { type OpenSession, openSession } from './open-session.ts';

describe('a realtime session', () => {
  it('has its responses, functions and transcripts below it', async () => {
    const { program, say, answer, close } = await openSession();
    await say({ type: 'input_audio_buffer.append', audio: AUDIO });
    await answer(
      { type: 'input_audio_buffer.speech_started', audio_start_ms: 100, item_id: 'item_1' },
      { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 1_100, item_id: 'item_1' },
      { type: 'input_audio_buffer.committed', item_id: 'item_1' },
      created('resp_1'),
      added('resp_1', call('item_2')),
      {
        type: 'response.function_call_arguments.delta',
        response_id: 'resp_1',
        item_id: 'item_2',
        output_index: 0,
        delta: '{}',
      },
      done('resp_1', { output: [call('item_2')] }),
      transcript('item_1', 'How is the weather?'),
    );
    await say(result(), { type: 'response.create' });
    await answer(
      created('resp_2'),
      added('resp_2', message('item_3')),
      sound('resp_2'),
      spoken('resp_2', 'It is sunny.'),
    );
    await answer(done('resp_2', { output: [message('item_3', 'It is sunny.')] }));
    await close();
    await program.expectTree(`
      realtime                     openai.realtime.voice=marin openai.total.runs=2 openai.total.input_tokens=426
      ├─ speech_to_text gpt-4o-transcribe  openai.item.id=item_1
      ├─ chat gpt-realtime         gen_ai.response.id=resp_1 gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool get_weather  gen_ai.response.id=resp_1 gen_ai.tool.call.id=call_1 openai.item.id=item_2
      └─ chat gpt-realtime         gen_ai.response.id=resp_2 gen_ai.response.finish_reasons=["stop"]
    `);
    expect(attributesOf(program, 'resp_2')).toMatchObject({
      'gen_ai.usage.input_tokens': 200,
      'gen_ai.usage.audio.input_tokens': 120,
      'gen_ai.usage.audio.output_tokens': 120,
      'gen_ai.usage.cache_read.input_tokens': 64,
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'openai.realtime.time_to_first_audio': expect.any(Number),
      'openai.realtime.time_to_first_text': expect.any(Number),
      'openai.stream.time_to_first_token': expect.any(Number),
      'openai.realtime.output_audio_duration': 1,
      'openai.stream.chunk_count': 2,
    });
    const [heard] = program.ended('speech_to_text gpt-4o-transcribe');
    expect(heard?.attributes).toMatchObject({
      'gen_ai.conversation.id': 'sess_1',
      'gen_ai.request.model': 'gpt-4o-transcribe',
      'gen_ai.usage.input_tokens': 26,
    });
    const [session] = program.ended('realtime');
    expect(session?.attributes).toMatchObject({
      'gen_ai.conversation.id': 'sess_1',
      'gen_ai.request.model': 'gpt-realtime',
      'openai.api.type': 'realtime',
      'openai.realtime.session_type': 'realtime',
      'openai.realtime.turn_detection': 'semantic_vad',
      'openai.realtime.input_audio_duration': 1,
      'openai.realtime.output_audio_duration': 1,
      'openai.socket.close_code': 1000,
      'openai.socket.sent_events': 3,
      'openai.total.user_messages': 1,
    });
    expect(session?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        'openai.realtime.speech',
        {
          'openai.item.id': 'item_1',
          'openai.audio.duration': 1,
          'openai.realtime.speech_time': expect.any(Number),
        },
      ],
    ]);
  });

  it('says what it does not listen for any more, in both versions of the API', async () => {
    const program = await startProgram();
    for (const session of [{ audio: { input: { turn_detection: null } } }, { turn_detection: null }]) {
      const { answer, close } = await openRealtime(program);
      await answer(
        { type: 'session.created', session: SESSION },
        { type: 'session.updated', session: { id: 'sess_1', ...session } },
      );
      await close();
    }
    await program.expectTree(`
      realtime  openai.realtime.turn_detection=none

      realtime  openai.realtime.turn_detection=none
    `);
  });

  it('is known from its beginning if it transcribes, in the older version of the API', async () => {
    const program = await startProgram();
    const { answer, close } = await openRealtime(program, {}, { model: 'gpt-4o-transcribe' });
    await answer({
      type: 'transcription_session.created',
      session: { id: 'sess_t', turn_detection: { type: 'server_vad' } },
    });
    await close();
    await program.expectTree(`
      realtime  gen_ai.conversation.id=sess_t openai.realtime.turn_detection=server_vad
    `);
  });

  it('stands below the span that is active when its socket is made, from then on', async () => {
    const program = await startProgram();
    instrumentOpenAI(OpenAIRealtimeWS);
    program.simulator.onSocket(() => undefined);
    const { port } = new URL(program.simulator.url);
    const options = { createConnection: () => connect(Number(port), '127.0.0.1') };
    const socket = await program.inSpan(
      async () => new OpenAIRealtimeWS({ model: 'gpt-realtime', options } as never, program.client as never),
      'maker',
    );
    expect(Object.getOwnPropertyDescriptor(socket, 'socket')).toMatchObject({
      configurable: true,
      enumerable: true,
      writable: true,
    });
    await program.inSpan(async () => socket.on('error', () => undefined), 'listener');
    await once(socket.socket, 'open');
    socket.close();
    if (socket.socket.readyState !== 3) await once(socket.socket, 'close');
    await program.expectTree(`
      maker
      └─ realtime

      listener
    `);
  });

  it('has functions that are answered before their response is done, each from when it is complete', async () => {
    const { program, say, answer, close } = await openSession();
    const second = call('item_3', { call_id: 'call_2' });
    const complete = itemDone('resp_1', call('item_2'));
    await answer(created('resp_1'), added('resp_1', call('item_2')), complete);
    // Repeated, as proxies may.
    await answer(complete, added('resp_1', second));
    await say(result());
    await answer(done('resp_1', { output: [call('item_2'), second] }));
    await say(result('windy', 'call_2'));
    await close();
    await program.expectTree(`
      realtime
      ├─ chat gpt-realtime         gen_ai.response.id=resp_1
      ├─ execute_tool get_weather  gen_ai.response.id=resp_1 gen_ai.tool.call.id=call_1 openai.item.id=item_2
      └─ execute_tool get_weather  gen_ai.response.id=resp_1 gen_ai.tool.call.id=call_2 openai.item.id=item_3
    `);
    expect(await program.points('gen_ai.execute_tool.duration')).toMatchObject([{ count: 2 }]);
  });

  it.each<[what: string, play: (session: OpenSession) => Promise<void>]>([
    [
      'that are answered as soon as their arguments are complete',
      async ({ answer, socket }) => {
        socket.on('response.function_call_arguments.done', ({ call_id }) => {
          socket.send(result('sunny', call_id) as never);
        });
        await answer(
          created('resp_1'),
          added('resp_1', call('item_2', { arguments: '' })),
          argumentsDone('resp_1', call('item_2')),
          itemDone('resp_1', call('item_2')),
          done('resp_1', { output: [call('item_2')] }),
        );
      },
    ],
    [
      'even if the clock is too coarse to separate their events',
      async ({ say, answer }) => {
        await answer(created('resp_1'), added('resp_1', call('item_2', { arguments: '' })));
        const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
        await answer(argumentsDone('resp_1', call('item_2')), itemDone('resp_1', call('item_2')));
        clock.mockRestore();
        await answer(done('resp_1', { output: [call('item_2')] }));
        await say(result());
      },
    ],
    [
      'whose result is long, though the program sends it past the SDK',
      async ({ answer, server, socket }) => {
        await answer(created('resp_1'), done('resp_1', { output: [call('item_2')] }));
        socket.socket.send(JSON.stringify(result('x'.repeat(100_000))));
        await expect.poll(() => server.frames.length).toBe(1);
      },
    ],
  ])('has functions %s', async (_, play) => {
    const session = await openSession();
    await play(session);
    await session.close();
    await session.program.expectTree(`
      realtime
      ├─ chat gpt-realtime         gen_ai.response.id=resp_1
      └─ execute_tool get_weather  gen_ai.response.id=resp_1 gen_ai.tool.call.id=call_1 openai.item.id=item_2
    `);
  });

  it('says who interrupted an answer, once, whether the program or the server reports it first', async () => {
    const { program, say, answer, close } = await openSession();
    const cancelled = (id: string, reason = 'turn_detected'): object =>
      done(id, { status: 'cancelled', status_details: { type: 'cancelled', reason } });
    const begun = (id: string): object[] => [created(id), added(id, message(id)), sound(id)];
    const truncated = (id: string): object => {
      return { type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: 400 };
    };
    // While it was made: by the server, by the program first, by the server first.
    await answer(...begun('resp_1'), cancelled('resp_1'));
    await answer(...begun('resp_2'));
    await say(truncated('resp_2'));
    await answer(cancelled('resp_2'), ...begun('resp_3'), cancelled('resp_3'));
    await say(truncated('resp_3'));
    // While it was played.
    await answer(...begun('resp_4'), done('resp_4', { output: [message('resp_4', 'Yes.')] }));
    await say(truncated('resp_4'), { type: 'response.create' }, { type: 'response.cancel' });
    await answer(created('resp_5'), cancelled('resp_5', 'client_cancelled'));
    await close();
    await program.expectTree(`
      realtime               openai.realtime.interruption_count=4
      ├─ chat gpt-realtime   gen_ai.response.id=resp_1 gen_ai.response.finish_reasons=["cancelled"] openai.realtime.cancel_reason=turn_detected
      ├─ chat gpt-realtime   gen_ai.response.id=resp_2 gen_ai.response.finish_reasons=["cancelled"] openai.realtime.cancel_reason=turn_detected
      ├─ chat gpt-realtime   gen_ai.response.id=resp_3 gen_ai.response.finish_reasons=["cancelled"] openai.realtime.cancel_reason=turn_detected
      ├─ chat gpt-realtime   gen_ai.response.id=resp_4 gen_ai.response.finish_reasons=["stop"]
      └─ chat gpt-realtime   gen_ai.response.id=resp_5 gen_ai.response.finish_reasons=["cancelled"] openai.realtime.cancel_reason=client_cancelled
    `);
    const [session] = program.ended('realtime');
    const told = session?.events.map(({ attributes }) => [
      attributes?.['gen_ai.response.id'],
      attributes?.['openai.item.id'],
      attributes?.['openai.realtime.heard_audio_duration'],
    ]);
    expect(told).toEqual([
      ['resp_1', undefined, undefined],
      ['resp_2', 'resp_2', 0.4],
      ['resp_3', undefined, undefined],
      ['resp_3', 'resp_3', 0.4],
      ['resp_4', 'resp_4', 0.4],
    ]);
  });

  it('says when the user spoke if the program says so, and the server does not listen for it', async () => {
    const { program, say, answer, close } = await openSession();
    const append = { type: 'input_audio_buffer.append', audio: AUDIO };
    await say(append, { type: 'input_audio_buffer.clear' });
    await say(append, append, { type: 'input_audio_buffer.commit' });
    const committed = { type: 'input_audio_buffer.committed' };
    await answer({ ...committed, item_id: 'item_1' });
    // The server takes silence by itself.
    await say(append);
    await answer({ ...committed, item_id: 'item_2' });
    await close();
    const [session] = program.ended('realtime');
    expect(session?.attributes['openai.total.user_messages']).toBe(1);
    expect(session?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        'openai.realtime.speech',
        {
          'openai.item.id': 'item_1',
          'openai.audio.duration': 2,
          'openai.realtime.speech_time': expect.any(Number),
        },
      ],
    ]);
  });
});

it('times a transcript from the end of the speech, however much was said before without one', async () => {
  const { program, answer } = await openSession();
  const spoke = (item_id: string): object => ({ type: 'input_audio_buffer.committed', item_id });
  await answer(...Array.from({ length: 200 }, (_, index) => spoke(`item_${index}`)), spoke('last'));
  await answer(transcript('last', 'Hello'));
  const [heard] = program.telemetry.spans;
  expect(heard?.name).toBe('speech_to_text gpt-4o-transcribe');
  expect(heard?.duration).not.toEqual([0, 0]);
});

it.each([-3_600_000, 3_600_000])(
  'a session has times that fit together, though the system time is set by %d ms',
  async (by) => {
    const { program, answer, close } = await openSession();
    const date = Date.now;
    const set = vi.spyOn(Date, 'now');
    let ahead = 0;
    set.mockImplementation(() => date() + ahead);
    await answer({ type: 'input_audio_buffer.speech_started', audio_start_ms: 100, item_id: 'item_1' });
    ahead += by;
    await answer({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: 1_100, item_id: 'item_1' });
    ahead += by;
    await answer(created('resp_1'), added('resp_1', message('item_3')), sound('resp_1'));
    ahead += by;
    await answer(done('resp_1', { output: [message('item_3', 'It is sunny.')] }));
    await close();
    set.mockRestore();
    const [session] = await program.flushed('realtime');
    const [response] = program.ended('chat');
    const times = [
      session?.duration[0],
      response?.duration[0],
      response?.attributes['gen_ai.response.time_to_first_chunk'],
      response?.attributes['openai.realtime.time_to_first_audio'],
      session?.events.find(({ name }) => name === 'openai.realtime.speech')?.attributes?.[
        'openai.realtime.speech_time'
      ],
    ].map(Number);
    for (const seconds of times) {
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(seconds).toBeLessThan(60);
    }
  },
);
