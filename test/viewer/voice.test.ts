import { describe, expect, it } from 'vitest';
import { modalitiesOf, modalityText } from '../../src/viewer/modalities.ts';
import { drawSummary } from '../../src/viewer/summary-view.ts';
import { summarize } from '../../src/viewer/trace-summary.ts';
import type { Row } from '../../src/viewer/tree.ts';
import { voicesOf } from '../../src/viewer/voice.ts';
import { AUDIO, created, done, message, SESSION, sound, transcript } from '../hierarchy/realtime/events.ts';
import { startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';
import { chat, makeSpans, rowsOf, type SpanPlan, tokens, VOICE_SESSION } from './spans.ts';

/** Who spoke, from and to which second, and who cut it off. */
function spokenIn(rows: readonly Row[]): unknown[] {
  return voicesOf(rows).flatMap(({ utterances }) =>
    utterances.map(({ speaker, from, to, cutOff }) => [speaker, from / 1e3, to / 1e3, cutOff]),
  );
}

describe('who spoke when in a realtime session', () => {
  /** An answer of so many seconds. */
  const answer = (start: number, duration: number, id?: string): SpanPlan =>
    chat(
      { 'openai.realtime.output_audio_duration': duration, ...(id && { 'gen_ai.conversation.id': id }) },
      { start, end: start + 100 },
    );

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

  it.each<[string, SpanPlan, unknown[]]>([
    [
      'includes responses below a span of the program, and none of another session',
      {
        name: 'program',
        end: 9_000,
        children: [
          { name: 'realtime', end: 9_000, attributes: { 'gen_ai.conversation.id': 'sess_1' } },
          {
            name: 'button',
            end: 9_000,
            children: [answer(2_000, 1, 'sess_1'), answer(4_000, 1, 'sess_2')],
          },
        ],
      },
      [['assistant', 2, 3, undefined]],
    ],
    [
      'lets one answer play after the other, and ends with the session',
      { name: 'realtime', end: 3_000, children: [answer(0, 2), answer(100, 2)] },
      [
        ['assistant', 0, 2, undefined],
        ['assistant', 2, 3, undefined],
      ],
    ],
    [
      'ends an answer when the user says something, without an event of an interruption',
      {
        name: 'realtime',
        end: 9_000,
        events: [{ name: 'openai.realtime.speech', at: 4_000, attributes: { 'openai.audio.duration': 1 } }],
        children: [answer(0, 60), answer(5_000, 60)],
      },
      [
        ['assistant', 0, 3, undefined],
        ['user', 3, 4, undefined],
        ['assistant', 5, 9, undefined],
      ],
    ],
  ])('%s', (_, plan, spoken) => {
    expect(spokenIn(rowsOf(makeSpans(plan)))).toEqual(spoken);
  });

  it('is known of a session over a socket, and how much was heard of what was interrupted', async () => {
    const program = await startProgram();
    const { say, answer: receive, socket, closed } = await openRealtime(program);
    await receive({ type: 'session.created', session: SESSION });
    await say({ type: 'input_audio_buffer.append', audio: AUDIO });
    const item_id = 'item_1';
    await receive(
      { type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id },
      { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 1_000, item_id },
    );
    for (const id of ['resp_1', 'resp_2'])
      await receive(created(id), sound(id), done(id, { output: [message(`item of ${id}`, 'Yes.')] }));
    await receive(transcript(item_id, 'Is it?'));
    const truncation = { type: 'conversation.item.truncate', content_index: 0, audio_end_ms: 2_400 };
    await say({ ...truncation, item_id: 'item of resp_2' });
    socket.close();
    await closed();
    const rows = rowsOf(program.telemetry.spans);
    const [voice] = voicesOf(rows);
    expect(voice?.utterances.map(({ speaker, row, cutOff }) => [speaker, row?.span.name, cutOff])).toEqual([
      ['user', 'transcription', undefined],
      ['assistant', 'chat gpt-realtime', undefined],
      ['assistant', 'chat gpt-realtime', 'interrupted after 2.4 s'],
    ]);
    // The transcript comes after the answers, and stands before them.
    const names = ['realtime', 'transcription', 'chat gpt-realtime', 'chat gpt-realtime'];
    expect(rows.map(({ span }) => span.name)).toEqual(names);
  });
});

describe('the tokens by modality', () => {
  it('are not listed where all of them are text', () => {
    expect(modalitiesOf([{ ...tokens(10, 5), 'openai.cost': 1 }, {}])).toEqual([]);
  });

  it('have the cost of audio that is billed by its length', () => {
    const attributes = { 'openai.audio.duration': 30, 'openai.cost': 0.003 };
    expect(modalitiesOf([attributes]).map(modalityText)).toEqual(['$0.0030']);
  });

  it('are in the panel of the terminal, with what each modality cost', () => {
    const rows = rowsOf(makeSpans(VOICE_SESSION));
    const panel = drawSummary(summarize({ traceId: '0', roots: [], rows }), {
      columns: undefined,
      color: false,
    });
    expect(panel.split('\n').slice(4, 8)).toEqual([
      '│ Tokens          214 → 109 tokens                                         │',
      '│ Cost            ≥ $0.0080, 1 call of unknown cost                        │',
      '│ Text            144 → 29 tokens (64 cached), ≥ $0.00090, 1 call of unkn… │',
      '│ Audio           70 → 80 tokens, ≥ $0.0071, 1 call of unknown cost        │',
    ]);
  });
});
