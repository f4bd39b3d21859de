import { describe, expect, it } from 'vitest';
import { modalitiesOf, modalityText } from '../../src/viewer/modalities.ts';
import { drawSummary } from '../../src/viewer/summary-view.ts';
import { summarize } from '../../src/viewer/trace-summary.ts';
import type { Row } from '../../src/viewer/tree.ts';
import { voicesOf } from '../../src/viewer/voice.ts';
import { AUDIO, created, done, message, SESSION, sound, transcript } from '../hierarchy/realtime/events.ts';
import { startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';
import { makeSpans, rowsOf, type SpanPlan, VOICE_SESSION } from './spans.ts';

/** Who spoke, from and to which second, and who cut it off. */
function spokenIn(rows: readonly Row[]): unknown[] {
  return voicesOf(rows).flatMap(({ utterances }) =>
    utterances.map(({ speaker, from, to, cutOff }) => [speaker, from / 1e3, to / 1e3, cutOff]),
  );
}

describe('who spoke when in a realtime session', () => {
  it('is read from its events and its responses', () => {
    const rows = rowsOf(makeSpans(VOICE_SESSION));
    expect(spokenIn(rows)).toEqual([
      ['user', 0.5, 2, undefined],
      ['assistant', 3, 5.5, 'interrupted after 2.5 s'],
      ['user', 6, 7, undefined],
      ['assistant', 7.5, 9, 'interrupted by the user'],
    ]);
    const [voice] = voicesOf(rows);
    expect(voice?.interruptions).toEqual([6_000, 9_000]);
  });

  it('includes responses below a span of the program, and none of another session', () => {
    const spoke = { 'gen_ai.operation.name': 'chat', 'openai.realtime.output_audio_duration': 1 };
    const answer = (id: string, start: number): SpanPlan => ({
      name: 'chat gpt-realtime',
      start,
      end: start + 100,
      attributes: { ...spoke, 'gen_ai.conversation.id': id },
    });
    const plan: SpanPlan = {
      name: 'program',
      end: 9_000,
      children: [
        { name: 'realtime', end: 9_000, attributes: { 'gen_ai.conversation.id': 'sess_1' } },
        { name: 'button', end: 9_000, children: [answer('sess_1', 2_000), answer('sess_2', 4_000)] },
      ],
    };
    expect(spokenIn(rowsOf(makeSpans(plan)))).toEqual([['assistant', 2, 3, undefined]]);
  });

  it('lets one answer play after the other, and ends with the session', () => {
    const children = [0, 100].map((start) => ({
      name: 'chat gpt-realtime',
      start,
      end: start + 100,
      attributes: { 'gen_ai.operation.name': 'chat', 'openai.realtime.output_audio_duration': 2 },
    }));
    expect(spokenIn(rowsOf(makeSpans({ name: 'realtime', end: 3_000, children })))).toEqual([
      ['assistant', 0, 2, undefined],
      ['assistant', 2, 3, undefined],
    ]);
  });

  it('ends an answer when the user says something that is answered, without an event of an interruption', () => {
    const answer = (start: number): SpanPlan => ({
      name: 'chat gpt-realtime',
      start,
      end: start + 100,
      attributes: { 'gen_ai.operation.name': 'chat', 'openai.realtime.output_audio_duration': 60 },
    });
    const spoke = { name: 'openai.realtime.speech', attributes: { 'openai.audio.duration': 1 } };
    const plan: SpanPlan = {
      name: 'realtime',
      end: 9_000,
      events: [{ ...spoke, at: 4_000 }],
      children: [answer(0), answer(5_000)],
    };
    expect(spokenIn(rowsOf(makeSpans(plan)))).toEqual([
      ['assistant', 0, 3, undefined],
      ['user', 3, 4, undefined],
      ['assistant', 5, 9, undefined],
    ]);
  });

  it('says how much was heard of an answer that was interrupted while it was played', async () => {
    const program = await startProgram();
    const { say, answer, socket, closed } = await openRealtime(program);
    await answer({ type: 'session.created', session: SESSION });
    for (const id of ['resp_1', 'resp_2'])
      await answer(created(id), sound(id), done(id, { output: [message(`item of ${id}`, 'Yes.')] }));
    const truncation = { type: 'conversation.item.truncate', content_index: 0, audio_end_ms: 2_400 };
    await say({ ...truncation, item_id: 'item of resp_2' });
    socket.close();
    await closed();
    const [voice] = voicesOf(rowsOf(program.telemetry.spans));
    expect(voice?.utterances.map(({ cutOff }) => cutOff)).toEqual([undefined, 'interrupted after 2.4 s']);
  });

  it('is known of a session over a socket', async () => {
    const program = await startProgram();
    const { say, answer, socket, closed } = await openRealtime(program);
    await answer({ type: 'session.created', session: SESSION });
    await say({ type: 'input_audio_buffer.append', audio: AUDIO });
    await answer(
      { type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: 'item_1' },
      { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 1_000, item_id: 'item_1' },
      created('resp_1'),
      sound('resp_1'),
      done('resp_1', { output: [message('item_2', 'Yes.')] }),
      transcript('item_1', 'Is it?'),
    );
    socket.close();
    await closed();
    const rows = rowsOf(program.telemetry.spans);
    expect(voicesOf(rows)[0]?.utterances.map(({ speaker, row }) => [speaker, row?.span.name])).toEqual([
      ['user', 'transcription'],
      ['assistant', 'chat gpt-realtime'],
    ]);
    // The transcript comes after the answer, and stands before it.
    expect(rows.map(({ span }) => span.name)).toEqual(['realtime', 'transcription', 'chat gpt-realtime']);
  });
});

describe('the tokens by modality', () => {
  it('are not listed where all of them are text', () => {
    const attributes = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5, 'openai.cost': 1 };
    expect(modalitiesOf([attributes, {}])).toEqual([]);
  });

  it('have the cost of audio that is billed by its length', () => {
    const attributes = { 'openai.audio.duration': 30, 'openai.cost': 0.003 };
    expect(modalitiesOf([attributes]).map(modalityText)).toEqual(['$0.0030']);
  });
});

describe('the panel of the terminal', () => {
  it('says what each modality cost', () => {
    const rows = rowsOf(makeSpans(VOICE_SESSION));
    const summary = summarize({ traceId: '0af7651916cd43dd8448eb211c80319c', roots: [], rows });
    const panel = drawSummary(summary, { columns: undefined, color: false });
    expect(panel.split('\n').slice(4, 8)).toEqual([
      '│ Tokens          214 → 109 tokens                                         │',
      '│ Cost            ≥ $0.0080, 1 call of unknown cost                        │',
      '│ Text            144 → 29 tokens (64 cached), ≥ $0.00090, 1 call of unkn… │',
      '│ Audio           70 → 80 tokens, ≥ $0.0071, 1 call of unknown cost        │',
    ]);
  });
});
