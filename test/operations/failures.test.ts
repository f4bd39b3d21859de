import type OpenAI from 'openai';
import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { readAnswerFailure } from '../../src/operations/failures.ts';
import { startProgram } from '../support/program.ts';

const HELLO: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'secret' }],
};
const OF_PROVIDER = { message: 'secret', code: 502 };
const OF_LM_STUDIO = 'Unexpected endpoint or method. (POST /chat/completions)';

const failed = { finish_reason: 'error', error: OF_PROVIDER };
const finished = { finish_reason: 'stop' };

test.each<[string | undefined, unknown]>([
  ['502', { error: OF_PROVIDER }],
  ['failed', { error: OF_LM_STUDIO }],
  ['failed', { error: OF_LM_STUDIO, choices: [], data: [], results: [] }],
  ['502', { choices: [failed] }],
  ['502', { choices: [failed, { error: 'text' }] }],
  ['502', { choices: [{ finish_reason: 'error' }], error: OF_PROVIDER }],
  ['502', { choices: [{ finish_reason: 'stop', error: OF_PROVIDER }] }],
  ['_OTHER', { choices: [{ finish_reason: 'stop', error: { message: 'secret', code: 'secret' } }] }],
  ['_OTHER', { choices: [{ finish_reason: 'error' }] }],
  ['_OTHER', { choices: [{ finish_reason: 'stop', error: 'secret' }] }],
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
])('the failure of an answer is %s in %j', (type, answer) => {
  expect(readAnswerFailure(answer)?.type).toBe(type);
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
  ['decide gpt-4o', (client) => client.decisions.create({ model: 'gpt-4o', input: 'secret', questions: [] })],
  ['moderation', (client) => client.moderations.create({ input: 'secret' })],
  ['generate_content i', (client) => client.images.generate({ model: 'i', prompt: 'secret' })],
  [
    'speech_to_text whisper-1',
    async (client) => client.audio.transcriptions.create({ model: 'whisper-1', file: await sound() }),
  ],
  [
    'speech_to_text whisper-1',
    async (client) => client.audio.translations.create({ model: 'whisper-1', file: await sound() }),
  ],
])('%s fails if its answer with status 200', (name, ask) => {
  test('is an error', async () => {
    const program = await startProgram();
    program.simulator.next({ body: { error: OF_PROVIDER } });
    // The SDK fails to decode the vectors of an answer without any.
    await ask(program.client).catch(() => undefined);
    await program.expectTree(`${name}  !502`);
  });
});

describe.each([
  ['an id', { id: 'gen-1' }],
  ['no id', {}],
])('an answer with %s that has an error in its choice fails', (_, ids) => {
  const message = { role: 'assistant', content: '' };
  const head = { ...ids, model: 'gpt-4o' };

  test.each([['error'], [null]])('with the finish reason %s', async (finish_reason) => {
    const program = await startProgram();
    const choices = [{ index: 0, finish_reason, error: OF_PROVIDER, message }];
    program.simulator.next({ body: { ...head, choices, usage: { prompt_tokens: 3, completion_tokens: 0 } } });
    await program.client.chat.completions.create(HELLO);
    await program.expectTree('chat gpt-4o  !502 gen_ai.usage.input_tokens=3');
  });

  test.each([
    ['at the end', [{ delta: message }, { delta: {}, finish_reason: 'error', error: OF_PROVIDER }]],
    [
      'before the end',
      [
        { delta: message, error: OF_PROVIDER },
        { delta: {}, finish_reason: 'error' },
      ],
    ],
    ['without a finish reason', [{ delta: message }, { delta: {}, error: OF_PROVIDER }]],
  ])('in a stream: %s', async (_where, chunks) => {
    const program = await startProgram();
    const data = chunks.map((choice) => ({
      data: { ...head, choices: [{ index: 0, finish_reason: null, ...choice }] },
    }));
    program.simulator.next({ sse: [...data, 'done'] });
    await Array.fromAsync(await program.client.chat.completions.create({ ...HELLO, stream: true }));
    await program.expectTree('chat gpt-4o  !502 openai.stream.chunk_count=2');
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
    program.simulator.next({ body });
    const helper = program.client.chat.completions.stream({ model: HELLO.model, messages: HELLO.messages });
    await expect(helper.finalContent()).rejects.toThrow('without sending any chunks');
    const tree = 'chat gpt-4o  !_OTHER openai.stream.end=error openai.stream.chunk_count=0';
    await program.expectTree(`${tree}\n\n${tree}`);
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

test('a stream without events does not fail', async () => {
  const program = await startProgram();
  program.simulator.next({ sse: ['done'] });
  await Array.fromAsync(await program.client.chat.completions.create({ ...HELLO, stream: true }));
  await program.expectTree('chat gpt-4o  openai.stream.end=cut');
});
