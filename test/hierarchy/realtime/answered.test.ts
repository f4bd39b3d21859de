import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MAX_REPEATED } from '../../../src/util/payload.ts';
import type { Program } from '../../support/program.ts';
import { millisecondsOf } from '../../support/times.ts';
import { created, done, transcript } from './events.ts';
import { openSession } from './open-session.ts';

const CONTENT = { captureMessageContent: 'SPAN_ONLY' } as const;
/** What the API sends where it fails to make a response. */
const NAMELESS = { type: 'server_error', code: null, param: null };

describe('a response of a realtime session', () => {
  it('is not matched to a request that the API has rejected, even if the program sets no event ids', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say(
      { type: 'response.create', response: { instructions: 'Shout.', max_output_tokens: 100_000 } },
      { type: 'response.create', response: { instructions: 'Whisper.' } },
    );
    await answer(
      rejected({ code: null, param: 'session.voice' }),
      rejected({ code: null, param: 'response.max_output_tokens' }),
      ...answered('resp_1'),
    );
    await close();
    expect(asked(program)).toEqual([
      [undefined, instructions('Shout.'), 'invalid_request_error'],
      ['resp_1', instructions('Whisper.'), undefined],
    ]);
  });

  it('has the code of the error if another one is being made', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await answer(created('resp_1'));
    await say({ type: 'response.create' });
    await answer(
      rejected({ code: 'conversation_already_has_active_response', param: null }),
      done('resp_1', {}),
    );
    await close();
    expect(chats(program).map(({ attributes }) => attributes['error.type'])).toEqual([
      'conversation_already_has_active_response',
      undefined,
    ]);
  });

  it('does not answer the request before the last one, which the API has failed to answer', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say({ type: 'response.create', response: { instructions: 'Shout.' } });
    await answer(rejected(NAMELESS));
    await setTimeout(50);
    await say({ type: 'response.create', response: { instructions: 'Whisper.' } });
    await answer(...answered('resp_1'));
    await close();
    expect(asked(program)).toEqual([
      [undefined, instructions('Shout.'), 'server_error'],
      ['resp_1', instructions('Whisper.'), undefined],
    ]);
    const [ended] = chats(program).map(({ endTime }) => millisecondsOf(endTime));
    const [, next] = chats(program).map(({ startTime }) => millisecondsOf(startTime));
    expect(Number(next) - Number(ended)).toBeGreaterThan(40);
  });

  it('does not answer such a request of the user who speaks', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say({ type: 'response.create', response: { instructions: 'Shout.' } });
    await answer(rejected(NAMELESS), ...spoke('item_1'), ...answered('resp_1'));
    await close();
    expect(asked(program)).toEqual([
      [undefined, instructions('Shout.'), 'server_error'],
      ['resp_1', undefined, undefined],
    ]);
  });

  it.each([
    { of: 'the session', error: { code: null, param: 'session.voice' } },
    { of: 'another event', error: { code: null, param: null, event_id: 'update' } },
  ])('answers its request though there was an error of $of meanwhile', async ({ error }) => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await say({ type: 'response.create', response: { instructions: 'Shout.' } });
    await answer(rejected(error));
    await say({ type: 'response.create', response: { instructions: 'Whisper.' } });
    await answer(
      created('resp_1'),
      rejected({ code: 'conversation_already_has_active_response', param: null }),
      done('resp_1', {}),
    );
    await close();
    expect(asked(program)).toEqual([
      [undefined, instructions('Whisper.'), 'conversation_already_has_active_response'],
      ['resp_1', instructions('Shout.'), undefined],
    ]);
  });

  it('does not start with speech that another one has answered', async () => {
    const { program, say, answer, close } = await openSession(CONTENT);
    await answer(...spoke('item_1'));
    await say({ type: 'response.create' });
    await answer(...answered('resp_1'));
    await answer({ type: 'input_audio_buffer.timeout_triggered', item_id: 'item_2' }, ...answered('resp_2'));
    await close();
    const [first, second] = chats(program).map(({ startTime }) => millisecondsOf(startTime));
    const [end] = chats(program).map(({ endTime }) => millisecondsOf(endTime));
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
      inConversation('resp_1', 'conv_1'),
      done('resp_1', {}),
      inConversation('resp_2', null),
      done('resp_2', {}),
    );
    await close();
    expect(inputs(program)).toEqual({ resp_1: ['Hello.'], resp_2: ['Which language is this?'] });
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

function chats({ telemetry }: Program): Program['telemetry']['spans'] {
  return telemetry.spans.filter(({ name }) => name.startsWith('chat'));
}

/** The id of each response, the instructions of its request, and its error. */
function asked(program: Program): unknown[] {
  return chats(program).map(({ attributes }) => [
    attributes['gen_ai.response.id'],
    attributes['gen_ai.system_instructions'],
    attributes['error.type'],
  ]);
}

/** The texts of the input of each response, by its id. */
function inputs(program: Program): Record<string, string[]> {
  const entries = chats(program).map(({ attributes }): [string, string[]] => {
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

function inConversation(id: string, conversation_id: string | null): object {
  const response = { id, object: 'realtime.response', status: 'in_progress', output: [], conversation_id };
  return { type: 'response.created', event_id: 'event_created', response };
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
