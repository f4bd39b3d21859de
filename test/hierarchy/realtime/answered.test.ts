import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../src/config/config.ts';
import type { RealtimeSession } from '../../../src/hierarchy/realtime/realtime-session.ts';
import { UserSpeech } from '../../../src/hierarchy/realtime/user-speech.ts';
import { MAX_REPEATED } from '../../../src/util/payload.ts';
import type { Program } from '../../support/program.ts';
import { millisecondsOf } from '../../support/times.ts';
import { created, done, transcript } from './events.ts';
import { openSession } from './open-session.ts';

const CONTENT = { captureMessageContent: 'SPAN_ONLY' } as const;
/** What the API sends where it fails to make a response. */
const NAMELESS = { type: 'server_error', code: null, param: null };

/** What one side of the session sends. */
type Turn = readonly ['say' | 'answer', ...events: readonly object[]];

const SHOUT = { type: 'response.create', response: { instructions: 'Shout.' } };
const WHISPER = { type: 'response.create', response: { instructions: 'Whisper.' } };
const BUSY = rejected({ code: 'conversation_already_has_active_response', param: null });
const OVERLOADED = { type: 'server_error', code: 'rate_limit_exceeded' };
const FAILED = { status: 'failed', status_details: { type: 'failed', error: OVERLOADED } };
const BUSY_TYPE = 'conversation_already_has_active_response';

describe('a response of a realtime session', () => {
  it.each<[what: string, turns: readonly Turn[], chats: readonly unknown[]]>([
    [
      'is not matched to a request that the API has rejected, even if the program sets no event ids',
      [
        ['say', SHOUT, WHISPER],
        ['answer', rejected({ code: null, param: 'session.voice' })],
        ['answer', rejected({ code: null, param: 'response.max_output_tokens' }), ...answered('resp_1')],
      ],
      [
        [undefined, instructions('Shout.'), 'invalid_request_error'],
        ['resp_1', instructions('Whisper.'), undefined],
      ],
    ],
    [
      'has the code of its own failure, and not that of the request that the API names as rejected',
      [
        ['say', { ...SHOUT, event_id: 'first' }, { ...WHISPER, event_id: 'second' }],
        ['answer', rejected({ code: 'invalid_value', event_id: 'first' })],
        ['answer', created('resp_1'), done('resp_1', FAILED)],
      ],
      [
        [undefined, instructions('Shout.'), 'invalid_value'],
        ['resp_1', instructions('Whisper.'), 'rate_limit_exceeded'],
      ],
    ],
    [
      'has the code of the error if another one is being made',
      [
        ['answer', created('resp_1')],
        ['say', { type: 'response.create' }],
        ['answer', BUSY, done('resp_1', {})],
      ],
      [
        [undefined, undefined, BUSY_TYPE],
        ['resp_1', undefined, undefined],
      ],
    ],
    [
      'does not answer a request that the API has failed to answer, if the user speaks',
      [
        ['say', SHOUT],
        ['answer', rejected(NAMELESS), ...spoke('item_1'), ...answered('resp_1')],
      ],
      [
        [undefined, instructions('Shout.'), 'server_error'],
        ['resp_1', undefined, undefined],
      ],
    ],
    ...[
      { code: null, param: 'session.voice' },
      { code: null, param: null, event_id: 'update' },
    ].map((error, index): [string, readonly Turn[], readonly unknown[]] => [
      `answers its request though there was an error of ${index === 0 ? 'the session' : 'another event'} meanwhile`,
      [
        ['say', SHOUT],
        ['answer', rejected(error)],
        ['say', WHISPER],
        ['answer', created('resp_1'), BUSY, done('resp_1', {})],
      ],
      [
        [undefined, instructions('Whisper.'), BUSY_TYPE],
        ['resp_1', instructions('Shout.'), undefined],
      ],
    ]),
  ])('%s', async (_, turns, chats) => {
    const { program, close, ...sides } = await openSession(CONTENT);
    for (const [side, ...events] of turns) await sides[side](...events);
    await close();
    expect(asked(program)).toEqual(chats);
    // What the API has rejected is no run.
    expect(program.ended('realtime')[0]?.attributes['openai.total.runs']).toBe(1);
  });

  it('does not answer the request before the last one, which the API has failed to answer', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say(SHOUT);
    await answer(rejected(NAMELESS));
    await setTimeout(50);
    await say(WHISPER);
    await answer(...answered('resp_1'));
    await close();
    expect(asked(program)).toEqual([
      [undefined, instructions('Shout.'), 'server_error'],
      ['resp_1', instructions('Whisper.'), undefined],
    ]);
    const [ended] = program.ended('chat').map(({ endTime }) => millisecondsOf(endTime));
    const [, next] = program.ended('chat').map(({ startTime }) => millisecondsOf(startTime));
    expect(Number(next) - Number(ended)).toBeGreaterThan(40);
  });

  it('does not start with speech that another one has answered', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await answer(...spoke('item_1'));
    await say({ type: 'response.create' });
    await answer(...answered('resp_1'));
    await answer({ type: 'input_audio_buffer.timeout_triggered', item_id: 'item_2' }, ...answered('resp_2'));
    await close();
    const [first, second] = program.ended('chat').map(({ startTime }) => millisecondsOf(startTime));
    const [end] = program.ended('chat').map(({ endTime }) => millisecondsOf(endTime));
    expect(second).toBeGreaterThan(Number(first));
    expect(second).toBeGreaterThanOrEqual(Number(end));
  });

  it('outside of the conversation takes neither input nor speech from the next one within it', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say(
      { type: 'conversation.item.create', item: userMessage('Hello.') },
      {
        type: 'response.create',
        response: { conversation: 'none', input: [userMessage('Which language is this?')] },
      },
    );
    // The server begins a response of its own first.
    await answer(
      created('resp_1', { conversation_id: 'conv_1' }),
      done('resp_1', {}),
      created('resp_2', { conversation_id: null }),
      done('resp_2', {}),
    );
    await close();
    expect(inputs(program)).toEqual({ resp_1: ['Hello.'], resp_2: ['Which language is this?'] });
  });

  it('outside of the conversation is not the one within it that was requested before', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say(
      { type: 'conversation.item.create', item: userMessage('Hello.') },
      { type: 'response.create' },
      {
        type: 'response.create',
        response: { conversation: 'none', input: [userMessage('Which language?')] },
      },
    );
    await answer(
      created('resp_2', { conversation_id: null }),
      created('resp_1', { conversation_id: 'conv_1' }),
      done('resp_2', {}),
      done('resp_1', {}),
    );
    await close();
    expect(inputs(program)).toEqual({ resp_1: ['Hello.'], resp_2: ['Which language?'] });
  });

  it('has what it answers as its input, even if it is cut before its first piece', async () => {
    const { program, say } = await openSession(CONTENT);
    await say({ type: 'conversation.item.create', item: userMessage('Hello.') }, { type: 'response.create' });
    await program.telemetry.provider.shutdown();
    expect(inputs(program)).toEqual({ undefined: ['Hello.'] });
  });

  it('has the newest of very many items as its input', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    const texts = Array.from({ length: MAX_REPEATED + 1 }, (_, index) => `Item ${index}`);
    await say(...texts.map((text) => ({ type: 'conversation.item.create', item: userMessage(text) })));
    await say({ type: 'response.create' });
    await answer(created('resp_1'), done('resp_1', {}));
    await close();
    expect(inputs(program).resp_1).toEqual(texts.slice(1));
  });

  it('does not hold what was said in full: it may never come', () => {
    const telemetry = { settings: resolveSettings({}, () => undefined, {}) };
    const start = { tracker: { toolCalls: { areAwaited: false } } };
    const conversation = { count: () => undefined };
    const session = { telemetry, start, conversation, content: true, place: { kind: 'realtime' }, facts: {} };
    const speech = new UserSpeech(session as unknown as RealtimeSession);
    const long = 'x'.repeat(1_000_000);
    for (let index = 0; index < 2 * MAX_REPEATED; index++) {
      const audio = { type: 'input_audio', audio: long };
      const text = { type: 'input_text', text: `${index} ${long}` };
      speech.itemBrought({ type: 'message', role: 'user', content: [text, audio] });
    }
    const said = speech.said(true);
    expect(said).toHaveLength(MAX_REPEATED);
    expect(JSON.stringify(said.at(-1))).toContain(`"${2 * MAX_REPEATED - 1} xxx`);
    expect(JSON.stringify(said).length).toBeLessThan(12_000_000);
  });

  it('has what it answers as its input, also if the transcript comes later', async () => {
    const { program, answer, close } = await openSession(CONTENT);
    await answer(
      ...[...spoke('item_1'), created('resp_1'), transcript('item_1', 'First.'), done('resp_1', {})],
      ...[...spoke('item_2'), transcript('item_2', 'Second.'), created('resp_2'), done('resp_2', {})],
      ...[...spoke('item_3'), created('resp_3'), done('resp_3', {}), transcript('item_3', 'Third.')],
      ...[...spoke('item_4'), created('resp_4'), transcript('item_4', 'Fourth.'), done('resp_4', {})],
    );
    await close();
    // What comes after the end is on its transcription alone.
    expect(inputs(program)).toEqual({
      resp_1: ['First.'],
      resp_2: ['Second.'],
      resp_3: [],
      resp_4: ['Fourth.'],
    });
  });
});

/** The id of each response, the instructions of its request, and its error. */
function asked(program: Program): unknown[] {
  return program
    .ended('chat')
    .map(({ attributes }) => [
      attributes['gen_ai.response.id'],
      attributes['gen_ai.system_instructions'],
      attributes['error.type'],
    ]);
}

/** The texts of the input of each response, by its id. */
function inputs(program: Program): Record<string, string[]> {
  const entries = program.ended('chat').map(({ attributes }): [string, string[]] => {
    const messages = JSON.parse(String(attributes['gen_ai.input.messages'] ?? '[]')) as {
      parts: { content: string }[];
    }[];
    const texts = messages.flatMap(({ parts }) => parts.map(({ content }) => content));
    return [String(attributes['gen_ai.response.id']), texts];
  });
  return Object.fromEntries(entries);
}

function rejected(error: object): object {
  const details = { type: 'invalid_request_error', message: 'No.', event_id: null, ...error };
  return { type: 'error', event_id: 'event_error', error: details };
}

function answered(id: string): object[] {
  return [created(id), done(id, {})];
}

function spoke(item_id: string): object[] {
  return [
    { type: 'input_audio_buffer.speech_started', item_id, audio_start_ms: 0 },
    { type: 'input_audio_buffer.speech_stopped', item_id, audio_end_ms: 1_000 },
    { type: 'input_audio_buffer.committed', item_id },
  ];
}

function userMessage(text: string): object {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

function instructions(content: string): string {
  return JSON.stringify([{ type: 'text', content }]);
}
