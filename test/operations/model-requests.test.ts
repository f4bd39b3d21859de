import { createReadStream, type ReadStream } from 'node:fs';
import type { Attributes } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf, STREAMED, STREAMED_TEXT } from './recorded.ts';

/** What the one span reports beside what every request does. */
function told({ telemetry }: Program, name: string): Attributes {
  expect(telemetry.spans.map((span) => span.name)).toEqual([name]);
  const {
    'gen_ai.provider.name': _provider,
    'http.request.method': _method,
    'openai.request.id': _id,
    'server.address': _address,
    'url.template': _template,
    ...rest
  } = attributesOf(telemetry, name);
  expect(JSON.stringify(rest)).not.toContain('secret');
  return rest;
}

const image = (): Promise<File> => toFile(Buffer.from('secret'), 'secret.png', { type: 'image/png' });
const sound = (): Promise<File> => toFile(Buffer.from('secret'), 'secret.mp3', { type: 'audio/mpeg' });

interface Row {
  /** The span. */
  readonly name: string;
  readonly call: (client: OpenAI) => Promise<unknown>;
  /** What the server answers, where the simulator does not. */
  readonly answer?: object;
  readonly has: Attributes;
}

const PROMPT = { model: 'gpt-image-1', prompt: 'secret' };
const PARTIAL = { ...PROMPT, stream: true, partial_images: 2 } as const;
const IMAGES = {
  'gen_ai.operation.name': 'generate_content',
  'gen_ai.output.type': 'image',
  'gen_ai.request.model': 'gpt-image-1',
  'gen_ai.usage.input_tokens': 20,
  'gen_ai.usage.output_tokens': 272,
};
const TRANSCRIPT = {
  'gen_ai.operation.name': 'speech_to_text',
  'gen_ai.output.type': 'text',
  'gen_ai.request.model': 'gpt-4o-transcribe',
};
const TRANSCRIPT_USAGE = { 'gen_ai.usage.input_tokens': 14, 'gen_ai.usage.output_tokens': 6 };
const WHISPER = { ...TRANSCRIPT, 'gen_ai.request.model': 'whisper-1' };
const MODERATION = {
  'gen_ai.operation.name': 'moderation',
  'gen_ai.response.model': 'omni-moderation-2024-09-26',
  'openai.moderation.flagged_count': 2,
  'openai.moderation.result_count': 3,
};
const CHECKED = ['secret', 'secret harm', 'more secret harm'];
const SOURCE = { video: { id: 'video_source' }, prompt: 'secret' };
const QUEUED = { id: 'video_2', object: 'video', model: 'sora-2', status: 'queued' };
const QUEUED_VIDEO = {
  'gen_ai.response.model': 'sora-2',
  'openai.resource.status': 'queued',
  'openai.video.id': expect.stringMatching(/^video_\w+$/) as unknown as string,
};

function transcribe(model: string, response_format: 'json' | 'verbose_json' | 'text'): Row['call'] {
  return async ({ audio }) => audio.transcriptions.create({ model, file: await sound(), response_format });
}

/** Requests that run a model, and what their spans have. */
const ROWS: Readonly<Record<string, Row>> = {
  'images: the model, their number and tokens': {
    name: 'generate_content gpt-image-1',
    call: ({ images }) => images.generate({ ...PROMPT, n: 2 }),
    has: { ...IMAGES, 'gen_ai.request.choice.count': 2, 'openai.image.count': 2 },
  },
  'images of a model without usage: none': {
    name: 'generate_content dall-e-3',
    call: ({ images }) => images.generate({ ...PROMPT, model: 'dall-e-3', n: 1 }),
    has: {
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.output.type': 'image',
      'gen_ai.request.model': 'dall-e-3',
      'openai.image.count': 1,
    },
  },
  'edited images: the same, from a form': {
    name: 'generate_content gpt-image-1',
    call: async ({ images }) => images.edit({ ...PROMPT, image: await image(), n: 3 }),
    has: { ...IMAGES, 'gen_ai.request.choice.count': 3, 'openai.image.count': 3 },
  },
  'streamed images: their number when they finish': {
    name: 'generate_content gpt-image-1',
    call: async ({ images }) => Array.fromAsync(await images.edit({ ...PARTIAL, image: await image() })),
    has: { ...IMAGES, ...STREAMED, 'openai.stream.chunk_count': 3, 'openai.image.count': 1 },
  },
  'a transcript: its tokens': {
    name: 'speech_to_text gpt-4o-transcribe',
    call: transcribe('gpt-4o-transcribe', 'json'),
    has: { ...TRANSCRIPT, ...TRANSCRIPT_USAGE },
  },
  'a streamed transcript: the usage of its last event': {
    name: 'speech_to_text gpt-4o-transcribe',
    call: async ({ audio }) => {
      const asked = { model: 'gpt-4o-transcribe', file: await sound(), stream: true } as const;
      await Array.fromAsync(await audio.transcriptions.create(asked));
    },
    has: {
      ...TRANSCRIPT,
      ...TRANSCRIPT_USAGE,
      ...STREAMED_TEXT,
      'openai.stream.chunk_count': expect.any(Number) as unknown as number,
    },
  },
  'a transcript billed by its length: that': {
    name: 'speech_to_text whisper-1',
    call: transcribe('whisper-1', 'json'),
    has: { ...WHISPER, 'openai.audio.duration': 9 },
  },
  'a transcript with its length: that': {
    name: 'speech_to_text whisper-1',
    call: transcribe('whisper-1', 'verbose_json'),
    has: { ...WHISPER, 'openai.audio.duration': 8.5 },
  },
  'a transcript that is only a text: the model': {
    name: 'speech_to_text whisper-1',
    call: transcribe('whisper-1', 'text'),
    has: WHISPER,
  },
  'a translation: its length': {
    name: 'speech_to_text whisper-1',
    call: async ({ audio }) => audio.translations.create({ model: 'whisper-1', file: await sound() }),
    has: { ...WHISPER, 'openai.audio.duration': expect.any(Number) as unknown as number },
  },
  'a moderation: how many inputs were checked and flagged': {
    name: 'moderation omni-moderation-latest',
    call: ({ moderations }) => moderations.create({ model: 'omni-moderation-latest', input: CHECKED }),
    has: { ...MODERATION, 'gen_ai.request.model': 'omni-moderation-latest' },
  },
  'a moderation whose model the API chooses: that': {
    name: 'moderation',
    call: ({ moderations }) => moderations.create({ input: CHECKED }),
    has: MODERATION,
  },
  'a decision: models and tokens': {
    name: 'decide gpt-6-luna',
    call: ({ decisions }) => decisions.create({ model: 'gpt-6-luna', input: 'secret', questions: [] }),
    answer: {
      answers: [],
      model: 'gpt-6-luna-2026-08-01',
      usage: { input_tokens: 1_000, output_tokens: 20 },
    },
    has: {
      'gen_ai.operation.name': 'decide',
      'gen_ai.request.model': 'gpt-6-luna',
      'gen_ai.response.model': 'gpt-6-luna-2026-08-01',
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.output_tokens': 20,
    },
  },
  'a compaction: the response and its tokens': {
    name: 'compaction gpt-4o',
    call: ({ responses }) =>
      responses.compact({ model: 'gpt-4o', input: 'secret', previous_response_id: 'resp_1' }),
    answer: { id: 'resp_2', output: [], usage: { input_tokens: 30, output_tokens: 5 } },
    has: {
      'gen_ai.operation.name': 'compaction',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.request.previous_response.id': 'resp_1',
      'gen_ai.response.id': 'resp_2',
      'gen_ai.usage.input_tokens': 30,
      'gen_ai.usage.output_tokens': 5,
      'openai.api.type': 'responses',
    },
  },
  'the search of a vector store: how many results were requested and returned': {
    name: 'retrieval vs_1',
    call: ({ vectorStores }) => vectorStores.search('vs_1', { query: 'secret', max_num_results: 2 }),
    has: {
      'gen_ai.data_source.id': 'vs_1',
      'gen_ai.operation.name': 'retrieval',
      'gen_ai.retrieval.top_k': 2,
      'openai.file_search.result_count': 2,
      'openai.vector_store.id': 'vs_1',
    },
  },
  'a video: the models, and the id to fetch it with': {
    name: 'POST /videos',
    call: ({ videos }) => videos.create({ model: 'sora-2-pro', prompt: 'secret' }),
    has: { ...QUEUED_VIDEO, 'gen_ai.request.model': 'sora-2-pro', 'gen_ai.response.model': 'sora-2-pro' },
  },
  'a video whose model the API chooses: that': {
    name: 'POST /videos',
    call: ({ videos }) => videos.create({ prompt: 'secret' }),
    has: QUEUED_VIDEO,
  },
  'an edited video: the id to fetch it with': {
    name: 'POST /videos/edits',
    call: ({ videos }) => videos.edit(SOURCE),
    answer: QUEUED,
    has: { ...QUEUED_VIDEO, 'openai.video.id': 'video_2' },
  },
  'an extended video: the id to fetch it with': {
    name: 'POST /videos/extensions',
    call: ({ videos }) => videos.extend({ ...SOURCE, seconds: '4' }),
    answer: QUEUED,
    has: { ...QUEUED_VIDEO, 'openai.video.id': 'video_2' },
  },
  'a remixed video: the id of the path': {
    name: 'POST /videos/{video_id}/remix',
    call: ({ videos }) => videos.remix('video_source', { prompt: 'secret' }),
    has: { ...QUEUED_VIDEO, 'openai.video.id': 'video_source' },
  },
  'a video that failed: that, on the request that sees it': {
    name: 'GET /videos/{video_id}',
    call: ({ videos }) => videos.retrieve('video_1'),
    answer: {
      id: 'video_1',
      object: 'video',
      status: 'failed',
      error: { code: 'secret', message: 'secret' },
    },
    has: { 'error.type': 'failed', 'openai.resource.status': 'failed', 'openai.video.id': 'video_1' },
  },
};

test.each(Object.entries(ROWS))('what is recorded of %s', async (_, { name, call, answer, has }) => {
  const program = await startProgram();
  if (answer !== undefined) program.simulator.next({ body: answer });
  await call(program.client);
  expect(told(program, name)).toEqual(has);
});

test.each<[string, boolean, object | undefined, number]>([
  ['without details, the output of an image', false, undefined, 9],
  ['without details, that of a stream', true, undefined, 9],
  ['the details', false, { image_tokens: 7, text_tokens: 2 }, 7],
])('image tokens are counted by %s', async (_, stream, output_tokens_details, expected) => {
  const { client, simulator, telemetry } = await startProgram();
  const input_tokens_details = { image_tokens: 0, text_tokens: 4 };
  const tokens = { input_tokens: 4, output_tokens: 9, total_tokens: 13, input_tokens_details };
  const usage = output_tokens_details === undefined ? tokens : { ...tokens, output_tokens_details };
  simulator.next(
    stream
      ? { sse: [{ data: { type: 'image_generation.completed', b64_json: '', usage } }] }
      : { body: { created: 1, data: [{}], usage } },
  );
  if (stream) await Array.fromAsync(await client.images.generate({ ...PROMPT, stream }));
  else await client.images.generate(PROMPT);
  expect(telemetry.spans[0]?.attributes).toMatchObject({
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.image.output_tokens': expected,
  });
});

test.each(['audio', 'sse'] as const)('speech is left for the program to read: %s', async (stream_format) => {
  const program = await startProgram();
  const asked = { model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'secret', stream_format };
  const speech = await program.client.audio.speech.create(asked);
  expect(speech.bodyUsed).toBe(false);
  expect(await speech.text()).toContain(stream_format === 'sse' ? 'speech.audio.done' : 'simulated sound');
  expect(told(program, 'text_to_speech gpt-4o-mini-tts')).toEqual({
    'gen_ai.operation.name': 'text_to_speech',
    'gen_ai.output.type': 'speech',
    'gen_ai.request.model': 'gpt-4o-mini-tts',
  });
});

describe('a file that is a stream', () => {
  test.each<[string, (client: OpenAI, file: ReadStream) => Promise<unknown>]>([
    ['transcribed', ({ audio }, file) => audio.transcriptions.create({ model: 'gpt-4o-transcribe', file })],
    ['translated', ({ audio }, file) => audio.translations.create({ model: 'gpt-4o-transcribe', file })],
    ['edited', ({ images }, image) => images.edit({ model: 'gpt-4o-transcribe', prompt: 'secret', image })],
  ])('has its model and cost when it is %s', async (_, upload) => {
    const program = await startProgram({ config: { cost: true } });
    program.simulator.next({ body: { usage: { input_tokens: 14, output_tokens: 6 } } });
    await upload(program.client, createReadStream(import.meta.filename));
    expect(program.telemetry.spans[0]?.attributes).toMatchObject({
      'gen_ai.request.model': 'gpt-4o-transcribe',
      'openai.cost': expect.any(Number),
    });
  });
});

test('a search has its query and its results with consent', async () => {
  const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
  await program.client.vectorStores.search('vs_1', { query: ['refunds', 'returns'], max_num_results: 1 });
  const attributes = program.telemetry.spans[0]?.attributes ?? {};
  expect(attributes['gen_ai.retrieval.query.text']).toBe('refunds\nreturns');
  expect(JSON.parse(String(attributes['gen_ai.retrieval.documents']))).toEqual([
    { id: 'file-1', score: 0.9, name: 'chapter-1.md', content: 'What chapter 1 says.' },
  ]);
});

describe('every model call is measured:', () => {
  const asked = { model: 'm', input: 'x' };
  const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7 };
  test.each<[operation: string, hasTokens: boolean, call: (client: OpenAI) => Promise<unknown>]>([
    ['generate_content', true, (client) => client.images.generate(PROMPT)],
    ['speech_to_text', true, (client) => transcribe('gpt-4o-transcribe', 'json')(client)],
    ['text_to_speech', false, (client) => client.audio.speech.create({ ...asked, voice: 'alloy' })],
    ['moderation', false, (client) => client.moderations.create(asked)],
    ['decide', true, (client) => client.decisions.create({ ...asked, questions: [] })],
    ['compaction', true, (client) => client.responses.compact({ ...asked, model: 'gpt-4o' })],
  ])('%s', async (operation, hasTokens, call) => {
    const program = await startProgram();
    program.simulator.next({ body: hasTokens ? { usage } : {} });
    await call(program.client);
    const [duration] = await program.points('gen_ai.client.operation.duration');
    expect(duration?.attributes).toMatchObject({ 'gen_ai.operation.name': operation });
    const tokens = await program.points('gen_ai.client.token.usage');
    const sums = tokens.map(({ attributes, sum }) => [attributes['gen_ai.operation.name'], sum]);
    expect(sums).toEqual(hasTokens ? [5, 2].map((sum) => [operation, sum]) : []);
  });
});

describe('with consent, a model call has what it got and gave:', () => {
  const text = (content: string) => ({ type: 'text', content });
  const blob = { type: 'blob', modality: 'image', mime_type: 'image/png' };
  const said = (...parts: object[]) => [{ role: 'assistant', parts, finish_reason: 'stop' }];
  const got = (...parts: object[]) => [{ role: 'user', parts }];
  const png = Buffer.from('secret').toString('base64');
  const completed = { type: 'image_generation.completed', b64_json: png, output_format: 'png' };
  const question = { type: 'predicate' as const, name: 'polite', instructions: 'Is it polite?' };

  interface Row {
    readonly call: (client: OpenAI) => Promise<unknown>;
    readonly answer?: object;
    readonly input?: unknown;
    readonly output?: unknown;
    readonly instructions?: unknown;
  }
  const rows: Readonly<Record<string, Row>> = {
    'an image': {
      call: ({ images }) => images.generate({ ...PROMPT, prompt: 'A tree.' }),
      answer: {
        body: { data: [{ b64_json: png, revised_prompt: 'An oak.' }], output_format: 'png' },
      },
      input: got(text('A tree.')),
      output: said(text('An oak.'), expect.objectContaining({ ...blob, size: 6 }) as object),
    },
    'an image by its address': {
      call: async ({ images }) => images.edit({ ...PROMPT, prompt: 'A tree.', image: await image() }),
      answer: { body: { data: [{ url: 'https://images.example/1.png' }] } },
      input: got(text('A tree.')),
      output: said({ type: 'uri', modality: 'image', uri: 'https://images.example/1.png' }),
    },
    'a streamed image': {
      call: async ({ images }) =>
        Array.fromAsync(await images.generate({ ...PROMPT, prompt: 'A tree.', stream: true })),
      answer: { sse: [{ data: completed }] },
      input: got(text('A tree.')),
      output: said(expect.objectContaining({ ...blob, size: 6 }) as object),
    },
    'a transcript': {
      call: async ({ audio }) =>
        audio.transcriptions.create({ model: 'whisper-1', file: await sound(), prompt: 'A lesson.' }),
      answer: { body: { text: 'x is 1.' } },
      input: got(text('A lesson.')),
      output: said(text('x is 1.')),
    },
    'a transcript that is only a text': {
      call: transcribe('whisper-1', 'text'),
      output: said(text('This is what was said.')),
    },
    'a translation': {
      call: async ({ audio }) => audio.translations.create({ model: 'whisper-1', file: await sound() }),
      answer: { body: { text: 'x is 1.' } },
      output: said(text('x is 1.')),
    },
    'a streamed transcript': {
      call: async ({ audio }) => {
        const asked = { model: 'gpt-4o-transcribe', file: await sound(), stream: true } as const;
        await Array.fromAsync(await audio.transcriptions.create(asked));
      },
      output: said(text('This is what was said.')),
    },
    speech: {
      call: ({ audio }) =>
        audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'x is 1.', instructions: 'Whisper.' }),
      instructions: [text('Whisper.')],
      input: got(text('x is 1.')),
    },
    'a moderation': {
      call: ({ moderations }) =>
        moderations.create({
          input: [
            { type: 'text', text: 'Is this rude?' },
            { type: 'image_url', image_url: { url: 'https://images.example/1.png' } },
          ],
        }),
      answer: { body: { results: [{ flagged: true, categories: { violence: true } }] } },
      input: got(text('Is this rude?'), {
        type: 'uri',
        modality: 'image',
        uri: 'https://images.example/1.png',
      }),
      output: said(text('{"flagged":true,"categories":{"violence":true}}')),
    },
    'a moderation of several texts': {
      call: ({ moderations }) => moderations.create({ input: ['One.', 'Two.'] }),
      answer: { body: { results: [] } },
      input: got(text('One.'), text('Two.')),
    },
    'a decision': {
      call: ({ decisions }) =>
        decisions.create({ model: 'gpt-6-luna', input: 'Thank you.', questions: [question] }),
      answer: { body: { answers: [{ type: 'predicate', name: 'polite', probability: 0.9 }] } },
      instructions: [text(JSON.stringify(question))],
      input: got(text('Thank you.')),
      output: said(text('{"type":"predicate","name":"polite","probability":0.9}')),
    },
    'a compaction': {
      call: ({ responses }) =>
        responses.compact({ model: 'gpt-4o', input: 'Hello', instructions: 'Be brief.' }),
      answer: {
        body: {
          id: 'resp_1',
          output: [
            { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
            { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' },
          ],
        },
      },
      instructions: [text('Be brief.')],
      input: got(text('Hello')),
      output: [
        { role: 'assistant', parts: [{ type: 'compaction', id: 'cmp_1' }], finish_reason: 'compaction' },
      ],
    },
  };

  test.each(Object.entries(rows))('%s', async (_, { call, answer, input, output, instructions }) => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    if (answer !== undefined) program.simulator.next(answer);
    await call(program.client);
    const [span] = program.telemetry.spans;
    const read = (name: string): unknown => {
      const json = span?.attributes[`gen_ai.${name}`];
      return json === undefined ? undefined : (JSON.parse(String(json)) as unknown);
    };
    expect(read('input.messages')).toEqual(input);
    expect(read('output.messages')).toEqual(output);
    expect(read('system_instructions')).toEqual(instructions);
  });

  test('a streamed transcript and image are kept within the limits', async () => {
    const program = await startProgram({
      content: true,
      config: { captureMessageContent: 'SPAN_ONLY', maxContentLength: 100 },
    });
    const delta = { type: 'transcript.text.delta', delta: 'word '.repeat(50) };
    program.simulator.next({ sse: [{ data: delta }, { data: { type: 'transcript.text.done', text: '…' } }] });
    const asked = { model: 'gpt-4o-transcribe', file: await sound(), stream: true } as const;
    await Array.fromAsync(await program.client.audio.transcriptions.create(asked));
    const large = { ...completed, b64_json: 'A'.repeat(9_000_000) };
    program.simulator.next({ sse: [{ data: large }] });
    await Array.fromAsync(await program.client.images.generate({ ...PROMPT, stream: true }));
    const [heard, drawn] = program.telemetry.spans.map(({ attributes }) =>
      String(attributes['gen_ai.output.messages']),
    );
    expect(heard).toContain('"original_length":250');
    expect(heard?.length).toBeLessThan(250);
    expect(drawn).toContain('"size":6750000');
  });
});
