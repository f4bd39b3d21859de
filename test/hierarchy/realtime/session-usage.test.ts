import { describe, expect, it } from 'vitest';
import { startProgram } from '../../support/program.ts';
import { openRealtime } from '../../support/realtime-socket.ts';
import { attributesOf, created, done, SESSION, sound, transcript } from './events.ts';

describe('what a realtime session spends', () => {
  it('is counted once if a socket that listens beside the main one reports it, too', async () => {
    const program = await startProgram();
    const main = await openRealtime(program, { cost: true });
    const beside = await openRealtime(program, {}, { callID: 'rtc_1' });
    for (const { answer } of [main, beside]) await answer({ type: 'session.created', session: SESSION });
    for (const { answer } of [beside, main])
      await answer(transcript('item_1', 'Hello'), created('resp_1'), sound('resp_1'), done('resp_1', {}));
    for (const { close } of [main, beside]) await close();
    await program.expectTree(`
      realtime                openai.total.input_tokens=226 openai.total.output_tokens=157

      realtime                openai.total.input_tokens=226 openai.total.output_tokens=157
      ├─ speech_to_text gpt-4o-transcribe  gen_ai.usage.input_tokens=26
      └─ chat gpt-realtime    gen_ai.usage.input_tokens=200
    `);
    const tokens = await program.points('gen_ai.client.token.usage');
    expect(tokens.map(({ attributes, sum }) => [attributes['gen_ai.token.type'], sum])).toEqual([
      ['input', 26],
      ['output', 7],
      ['input', 200],
      ['output', 150],
    ]);
  });

  it('is for all messages of the user, also the first ones, sent before the server has reported the session', async () => {
    const program = await startProgram();
    const { say, answer, close } = await openRealtime(program);
    const content = [{ type: 'input_text', text: 'Hello' }];
    const item = { type: 'message', role: 'user', content };
    await say({ type: 'conversation.item.create', item }, { type: 'response.create' });
    await answer({ type: 'session.created', session: SESSION }, created('resp_1'), done('resp_1', {}));
    await close();
    await program.expectTree(`
      realtime             openai.total.user_messages=1 openai.total.runs=1 openai.total.input_tokens=200
      └─ chat gpt-realtime
    `);
  });

  it('is for speech that counts once, however many sockets hear it', async () => {
    const program = await startProgram();
    const main = await openRealtime(program);
    const beside = await openRealtime(program, {}, { callID: 'rtc_1' });
    for (const { answer } of [main, beside])
      await answer(
        { type: 'session.created', session: SESSION },
        { type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 0 },
        { type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1_000 },
      );
    for (const { close } of [main, beside]) await close();
    for (const { attributes } of program.ended('realtime'))
      expect(attributes['openai.total.user_messages']).toBe(1);
  });

  it('is that of transcriptions if it only transcribes', async () => {
    const program = await startProgram();
    const prices = { 'whisper-1': { audio_hours: 0.36 } };
    const session = await openRealtime(program, { cost: true, prices }, { intent: 'transcription' });
    const { audio } = SESSION as { audio: { input: object } };
    const input = { ...audio.input, transcription: { model: 'whisper-1' } };
    await session.answer({
      type: 'session.created',
      session: {
        type: 'transcription',
        id: 'sess_2',
        object: 'realtime.transcription_session',
        audio: { input },
      },
    });
    await session.say({ type: 'input_audio_buffer.append', audio: 'A'.repeat(64_000) });
    await session.answer(
      { type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 0 },
      { type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1_000 },
      transcript('item_1', 'Hello', { type: 'duration', seconds: 30 }),
      transcript('item_2', 'there', { type: 'duration', seconds: 10 }),
    );
    await session.close();
    await program.expectTree(`
      realtime          openai.realtime.session_type=transcription openai.realtime.input_audio_duration=1 openai.total.cost=0.004
      ├─ speech_to_text whisper-1  openai.audio.duration=30 openai.cost=0.003
      └─ speech_to_text whisper-1  openai.audio.duration=10 openai.cost=0.001
    `);
    const [recorded] = program.ended('realtime');
    expect(recorded?.attributes['gen_ai.conversation.id']).toBe('sess_2');
  });

  it('costs what the price list says, in each modality, and nothing is said of models billed by the hour whose length is unknown', async () => {
    const program = await startProgram();
    const providers = [{ host: '127.0.0.1', provider: 'openai' }];
    const { answer, close } = await openRealtime(program, { cost: true, providers });
    const input = { transcription: { model: 'whisper-1' } };
    await answer({ type: 'session.created', session: { ...SESSION, audio: { input } } });
    await answer(transcript('item_1', 'Hello'), created('resp_1'), done('resp_1', {}));
    // No provider reports these, and the price list throws on them.
    await answer(created('resp_2'), done('resp_2', { usage: MORE_AUDIO_THAN_INPUT }));
    await close();
    const costs = program.telemetry.spans.map(({ name, attributes }) => [name, attributes['openai.cost']]);
    expect(costs).toEqual([
      ['speech_to_text whisper-1', undefined],
      // 16 text at 4, 64 cached text at 0.4, 120 audio at 32; 30 text at 16, 120 audio at 64, all per million.
      ['chat gpt-realtime', 0.0120896],
      ['chat gpt-realtime', undefined],
      ['realtime', undefined],
    ]);
    const attributes = attributesOf(program, 'resp_1') ?? {};
    const parts = Object.entries(attributes).filter(([name]) => name.endsWith('_cost'));
    // What is cached is part of the input.
    expect(Object.fromEntries(parts)).toEqual({
      'openai.usage.text.input_cost': 0.0000896,
      'openai.usage.text.cache_read.input_cost': 0.0000256,
      'openai.usage.text.output_cost': 0.00048,
      'openai.usage.audio.input_cost': 0.00384,
      'openai.usage.audio.output_cost': 0.00768,
    });
    expect(program.ended('realtime')[0]?.attributes['openai.total.unpriced']).toBe(2);
  });
});

const MORE_AUDIO_THAN_INPUT = {
  total_tokens: 30,
  input_tokens: 10,
  output_tokens: 20,
  input_token_details: { text_tokens: 0, audio_tokens: 50, cached_tokens: 5 },
  output_token_details: { text_tokens: 0, audio_tokens: 30 },
};
