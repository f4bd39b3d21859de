import type OpenAI from 'openai';
import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { readAnswerFailure } from '../../src/operations/failures.ts';
import { startProgram } from '../support/program.ts';
import { useMalformedSession } from '../support/use-session.ts';

const HELLO: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'secret' }],
};
const OF_PROVIDER = { message: 'secret', code: 502 };
const OF_LM_STUDIO = 'Unexpected endpoint or method. (POST /chat/completions)';

describe('the failure of an answer', () => {
  const failed = { finish_reason: 'error', error: OF_PROVIDER };
  const finished = { finish_reason: 'stop' };

  test.each<[string | undefined, unknown]>([
    ['502', { error: OF_PROVIDER }],
    ['failed', { error: OF_LM_STUDIO }],
    ['failed', { error: OF_LM_STUDIO, choices: [], data: [], results: [] }],
    ['502', { choices: [failed] }],
    ['502', { choices: [failed, { error: 'text' }] }],
    ['502', { choices: [{ finish_reason: 'error' }], error: OF_PROVIDER }],
    [undefined, { choices: [{ finish_reason: 'stop', error: OF_PROVIDER }] }],
    [undefined, { text: 'Hello', error: OF_PROVIDER }],
    [undefined, { choices: [failed, finished] }],
    [undefined, { choices: [finished, failed] }],
    [undefined, { choices: [finished], error: OF_PROVIDER }],
    [undefined, { data: [{}], error: OF_PROVIDER }],
    [undefined, { results: [{}], error: OF_PROVIDER }],
    [undefined, { error: null }],
    [undefined, { error: '' }],
    [undefined, { error: true }],
    [undefined, { choices: [{ error: null }] }],
    [undefined, {}],
    [undefined, 'a text'],
    [undefined, undefined],
  ])('is %s in %j', (type, answer) => {
    expect(readAnswerFailure(answer)?.type).toBe(type);
  });
});

type Ask = (client: OpenAI) => Promise<unknown>;
const sound = (): Promise<File> => toFile(Buffer.from('secret'), 'secret.mp3');

describe.each<[string, Ask]>([
  ['chat gpt-4o', (client) => client.chat.completions.create(HELLO)],
  ['text_completion gpt-4o', (client) => client.completions.create({ model: 'gpt-4o', prompt: 'secret' })],
  ['chat gpt-4o', (client) => client.responses.create({ model: 'gpt-4o', input: 'secret' })],
  [
    'embeddings small',
    (client) => client.embeddings.create({ model: 'small', input: 'secret', encoding_format: 'float' }),
  ],
  ['embeddings small', (client) => client.embeddings.create({ model: 'small', input: 'secret' })],
  ['retrieval vs_1', (client) => client.vectorStores.search('vs_1', { query: 'secret' })],
  ['POST /moderations', (client) => client.moderations.create({ input: 'secret' })],
  ['POST /images/generations', (client) => client.images.generate({ model: 'i', prompt: 'secret' })],
  [
    'POST /audio/transcriptions',
    async (client) => client.audio.transcriptions.create({ model: 'whisper-1', file: await sound() }),
  ],
  [
    'POST /audio/translations',
    async (client) => client.audio.translations.create({ model: 'whisper-1', file: await sound() }),
  ],
])('%s fails if its answer with status 200', (name, ask) => {
  test.each<[string, unknown, string]>([
    ['is an error with a code', OF_PROVIDER, '502'],
    ['is a text', OF_LM_STUDIO, 'failed'],
  ])('%s', async (_, error, type) => {
    const program = await startProgram();
    program.simulator.next({ body: { error } });
    // The SDK fails to decode the vectors of an answer without any.
    await ask(program.client).catch(() => undefined);
    await program.expectTree(`${name}  !${type} http.response.status_code=200`);
  });
});

describe.each([['an id'], ['no id']])('an answer with %s that has an error in its choice fails', (id) => {
  const error = { code: 502, message: 'secret' };
  const message = { role: 'assistant', content: '' };

  test.each([['error'], [null]])('with the finish reason %s', async (finish_reason) => {
    const program = await startProgram();
    const choices = [{ index: 0, finish_reason, error, message }];
    const usage = { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 };
    program.simulator.next({
      body: { ...(id === 'an id' ? { id: 'gen-1' } : {}), model: 'gpt-4o', choices, usage },
    });
    await program.client.chat.completions.create(HELLO);
    await program.expectTree('chat gpt-4o  !502 gen_ai.usage.input_tokens=3');
  });

  test.each([
    ['at the end of its stream', [{ delta: message }, { delta: {}, finish_reason: 'error', error }]],
    [
      'before the end of its stream',
      [
        { delta: message, error },
        { delta: {}, finish_reason: 'error' },
      ],
    ],
    ['in a stream without a finish reason', [{ delta: message }, { delta: {}, error }]],
  ])('%s', async (_, chunks) => {
    const program = await startProgram();
    const ids = id === 'an id' ? { id: 'gen-1' } : {};
    const data = chunks.map((choice) => ({
      ...ids,
      model: 'gpt-4o',
      choices: [{ index: 0, finish_reason: null, ...choice }],
    }));
    program.simulator.next({ sse: [...data.map((each) => ({ data: each })), 'done'] });
    await Array.fromAsync(await program.client.chat.completions.create({ ...HELLO, stream: true }));
    await program.expectTree('chat gpt-4o  !502 openai.stream.chunk_count=2');
  });

  test('in the stream of a legacy completion', async () => {
    const program = await startProgram();
    const ids = id === 'an id' ? { id: 'gen-1' } : {};
    const data = {
      ...ids,
      model: 'gpt-3.5',
      choices: [{ index: 0, text: '', finish_reason: 'error', error }],
    };
    program.simulator.next({ sse: [{ data }, 'done'] });
    const asked = { model: 'gpt-3.5', prompt: 'Hello', stream: true } as const;
    await Array.fromAsync(await program.client.completions.create(asked));
    await program.expectTree('text_completion gpt-3.5  !502 openai.stream.chunk_count=1');
  });
});

describe('a stream that the server answers in JSON fails', () => {
  const answers: [string, unknown][] = [
    ['an error', { error: OF_LM_STUDIO }],
    ['a whole answer', { id: 'chatcmpl-1', choices: [{ index: 0, finish_reason: 'stop', message: {} }] }],
  ];

  test.each(answers)('with %s', async (_, body) => {
    const program = await startProgram();
    program.simulator.next({ body });
    const stream = await program.client.chat.completions.create({ ...HELLO, stream: true });
    expect(await Array.fromAsync(stream)).toEqual([]);
    await program.expectTree('chat gpt-4o  !_OTHER openai.stream.end=error openai.stream.chunk_count=0');
  });

  test.each(answers)('with %s, as the helper for streams does', async (_, body) => {
    const program = await startProgram();
    program.simulator.next({ body });
    const stream = program.client.chat.completions.stream({ model: HELLO.model, messages: HELLO.messages });
    await expect(stream.finalContent()).rejects.toThrow('without sending any chunks');
    await program.expectTree('chat gpt-4o  !_OTHER openai.stream.end=error openai.stream.chunk_count=0');
  });

  test('unless there are events in it', async () => {
    const program = await startProgram();
    const choices = [{ index: 0, finish_reason: 'stop', delta: { content: 'Hi' } }];
    program.simulator.next({
      headers: { 'content-type': 'application/json' },
      sse: [{ data: { id: 'chatcmpl-1', model: 'gpt-4o', choices } }, 'done'],
    });
    await Array.fromAsync(await program.client.chat.completions.create({ ...HELLO, stream: true }));
    await program.expectTree('chat gpt-4o  openai.stream.end=completed openai.stream.chunk_count=1');
  });
});

describe('a stream without events', () => {
  const session = useMalformedSession();

  test('does not fail', async () => {
    session().simulator.next({ sse: ['done'] });
    await Array.fromAsync(await session().client.chat.completions.create({ ...HELLO, stream: true }));
    const [span] = session().spans;
    expect(span?.status).toEqual({ code: 0 });
    expect(span?.attributes).toMatchObject({ 'openai.stream.end': 'cut' });
  });
});
