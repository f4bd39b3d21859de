import { createReadStream, type ReadStream } from 'node:fs';
import type { Attributes } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf, STREAMED } from './recorded.ts';

/** What the one span reports beside what every request does. */
function told({ telemetry }: Program): Attributes {
  expect(telemetry.spans).toHaveLength(1);
  const [span] = telemetry.spans;
  const {
    'gen_ai.provider.name': _provider,
    'http.request.method': method,
    'http.response.status_code': _status,
    'openai.request.id': _id,
    'server.address': _address,
    'url.template': template,
    ...rest
  } = attributesOf(telemetry, span?.name ?? '');
  expect(span?.name).toBe(`${String(method)} ${String(template)}`);
  expect(JSON.stringify(rest)).not.toContain('secret');
  return rest;
}

const image = (): Promise<File> => toFile(Buffer.from('secret'), 'secret.png', { type: 'image/png' });
const sound = (): Promise<File> => toFile(Buffer.from('secret'), 'secret.mp3', { type: 'audio/mpeg' });

const IMAGE_USAGE = { 'gen_ai.usage.input_tokens': 20, 'gen_ai.usage.output_tokens': 272 };
const TRANSCRIPT_USAGE = { 'gen_ai.usage.input_tokens': 14, 'gen_ai.usage.output_tokens': 6 };

describe('images', () => {
  test('that are generated record the model, their number and tokens', async () => {
    const program = await startProgram();
    await program.client.images.generate({ model: 'gpt-image-1', prompt: 'secret', n: 2 });
    expect(told(program)).toEqual({
      'gen_ai.output.type': 'image',
      'gen_ai.request.choice.count': 2,
      'gen_ai.request.model': 'gpt-image-1',
      'openai.image.count': 2,
      ...IMAGE_USAGE,
    });
  });

  test('of a model without usage have none', async () => {
    const program = await startProgram();
    await program.client.images.generate({ model: 'dall-e-3', prompt: 'secret', n: 1 });
    expect(told(program)).toEqual({
      'gen_ai.output.type': 'image',
      'gen_ai.request.model': 'dall-e-3',
      'openai.image.count': 1,
    });
  });

  test.each<[string, boolean, object | undefined, object]>([
    ['without details, the output of an image', false, undefined, { 'gen_ai.usage.image.output_tokens': 9 }],
    ['without details, that of a stream', true, undefined, { 'gen_ai.usage.image.output_tokens': 9 }],
    ['the details', false, { image_tokens: 7, text_tokens: 2 }, { 'gen_ai.usage.image.output_tokens': 7 }],
  ])('are counted in tokens by %s', async (_, stream, output_tokens_details, expected) => {
    const { client, simulator, telemetry } = await startProgram();
    const input_tokens_details = { image_tokens: 0, text_tokens: 4 };
    const tokens = { input_tokens: 4, output_tokens: 9, total_tokens: 13, input_tokens_details };
    const usage = output_tokens_details === undefined ? tokens : { ...tokens, output_tokens_details };
    simulator.next(
      stream
        ? { sse: [{ data: { type: 'image_generation.completed', b64_json: '', usage } }] }
        : { body: { created: 1, data: [{}], usage } },
    );
    const asked = { model: 'gpt-image-1', prompt: 'secret' };
    if (stream) await Array.fromAsync(await client.images.generate({ ...asked, stream }));
    else await client.images.generate(asked);
    const { attributes = {} } = telemetry.spans[0] ?? {};
    expect(attributes).toMatchObject({ 'gen_ai.usage.output_tokens': 9, ...expected });
  });

  test('that are edited record the same from a form', async () => {
    const program = await startProgram();
    await program.client.images.edit({ model: 'gpt-image-1', prompt: 'secret', image: await image(), n: 3 });
    expect(told(program)).toEqual({
      'gen_ai.output.type': 'image',
      'gen_ai.request.choice.count': 3,
      'gen_ai.request.model': 'gpt-image-1',
      'openai.image.count': 3,
      ...IMAGE_USAGE,
    });
  });

  test.each(['generate', 'edit'] as const)(
    'that are streamed are counted when they finish: %s',
    async (method) => {
      const program = await startProgram();
      const { images } = program.client;
      const request = { model: 'gpt-image-1', prompt: 'secret', stream: true, partial_images: 2 } as const;
      const events = await Array.fromAsync<unknown>(
        method === 'generate'
          ? await images.generate(request)
          : await images.edit({ ...request, image: await image() }),
      );
      expect(told(program)).toEqual({
        'gen_ai.output.type': 'image',
        'gen_ai.request.model': 'gpt-image-1',
        'openai.image.count': 1,
        'openai.stream.chunk_count': events.length,
        ...STREAMED,
        ...IMAGE_USAGE,
      });
      expect(events).toHaveLength(3);
    },
  );
});

describe('audio', () => {
  test.each(['audio', 'sse'] as const)(
    'that is generated is left for the program to read: %s',
    async (format) => {
      const program = await startProgram();
      const speech = await program.client.audio.speech.create({
        model: 'gpt-4o-mini-tts',
        voice: 'alloy',
        input: 'secret',
        stream_format: format,
      });
      expect(speech.bodyUsed).toBe(false);
      expect(await speech.text()).toContain(format === 'sse' ? 'speech.audio.done' : 'simulated sound');
      expect(told(program)).toEqual({
        'gen_ai.output.type': 'speech',
        'gen_ai.request.model': 'gpt-4o-mini-tts',
      });
    },
  );

  test.each<[model: string, format: 'json' | 'verbose_json' | 'text', Attributes]>([
    ['gpt-4o-transcribe', 'json', TRANSCRIPT_USAGE],
    ['whisper-1', 'json', { 'openai.audio.duration': 9 }],
    ['whisper-1', 'verbose_json', { 'openai.audio.duration': 8.5 }],
    ['whisper-1', 'text', {}],
  ])('that is transcribed by %s as %s records the data of the answer', async (model, format, expected) => {
    const program = await startProgram();
    await program.client.audio.transcriptions.create({ model, file: await sound(), response_format: format });
    expect(told(program)).toEqual({
      'gen_ai.output.type': 'text',
      'gen_ai.request.model': model,
      ...expected,
    });
  });

  test('that is transcribed as a stream records the usage of the last event', async () => {
    const program = await startProgram();
    const events = await Array.fromAsync(
      await program.client.audio.transcriptions.create({
        model: 'gpt-4o-transcribe',
        file: await sound(),
        stream: true,
      }),
    );
    expect(told(program)).toEqual({
      'gen_ai.output.type': 'text',
      'gen_ai.request.model': 'gpt-4o-transcribe',
      'openai.stream.chunk_count': events.length,
      ...STREAMED,
      ...TRANSCRIPT_USAGE,
    });
  });

  test('that is translated records the same', async () => {
    const program = await startProgram();
    await program.client.audio.translations.create({ model: 'whisper-1', file: await sound() });
    expect(told(program)).toMatchObject({
      'gen_ai.output.type': 'text',
      'gen_ai.request.model': 'whisper-1',
    });
  });
});

describe('a file that is a stream', () => {
  test.each<[string, (client: Program['client'], file: ReadStream) => Promise<unknown>]>([
    ['transcribed', ({ audio }, file) => audio.transcriptions.create({ model: 'gpt-4o-transcribe', file })],
    ['translated', ({ audio }, file) => audio.translations.create({ model: 'gpt-4o-transcribe', file })],
    ['edited', ({ images }, image) => images.edit({ model: 'gpt-4o-transcribe', prompt: 'secret', image })],
  ])('has its model and cost when it is %s', async (_, upload) => {
    const program = await startProgram({ config: { cost: true } });
    program.simulator.next({ body: { usage: { input_tokens: 14, output_tokens: 6 } } });
    await upload(program.client, createReadStream(import.meta.filename));
    expect(told(program)).toMatchObject({
      'gen_ai.request.model': 'gpt-4o-transcribe',
      'openai.cost': expect.any(Number) as unknown,
    });
  });
});

describe('a moderation', () => {
  test('records the number of inputs that were checked and flagged', async () => {
    const program = await startProgram();
    const input = ['secret', 'secret harm', 'more secret harm'];
    await program.client.moderations.create({ model: 'omni-moderation-latest', input });
    expect(told(program)).toEqual({
      'gen_ai.request.model': 'omni-moderation-latest',
      'gen_ai.response.model': 'omni-moderation-2024-09-26',
      'openai.moderation.flagged_count': 2,
      'openai.moderation.result_count': 3,
    });
  });

  test('has no request model if the API chooses it', async () => {
    const program = await startProgram();
    await program.client.moderations.create({ input: 'secret' });
    expect(told(program)).not.toHaveProperty(['gen_ai.request.model']);
  });
});

describe('a video', () => {
  test('that is created has the models, and the id to fetch it with', async () => {
    const program = await startProgram();
    await program.client.videos.create({ model: 'sora-2-pro', prompt: 'secret' });
    expect(told(program)).toEqual({
      'gen_ai.request.model': 'sora-2-pro',
      'gen_ai.response.model': 'sora-2-pro',
      'openai.resource.status': 'queued',
      'openai.video.id': expect.stringMatching(/^video_\w+$/),
    });
  });

  test('has no request model if the API chooses it', async () => {
    const program = await startProgram();
    await program.client.videos.create({ prompt: 'secret' });
    expect(told(program)).toEqual({
      'gen_ai.response.model': 'sora-2',
      'openai.resource.status': 'queued',
      'openai.video.id': expect.stringMatching(/^video_\w+$/),
    });
  });

  test.each<[string, (program: Program) => Promise<unknown>]>([
    ['edited', ({ client }) => client.videos.edit({ video: { id: 'video_source' }, prompt: 'secret' })],
    [
      'extended',
      ({ client }) => client.videos.extend({ video: { id: 'video_source' }, prompt: 'secret', seconds: '4' }),
    ],
  ])('that is %s has the id to fetch it with', async (_, ask) => {
    const program = await startProgram();
    program.simulator.next({ body: { id: 'video_2', object: 'video', model: 'sora-2', status: 'queued' } });
    await ask(program);
    expect(told(program)).toEqual({
      'gen_ai.response.model': 'sora-2',
      'openai.resource.status': 'queued',
      'openai.video.id': 'video_2',
    });
  });

  test('that is remixed keeps the id of the path', async () => {
    const program = await startProgram();
    await program.client.videos.remix('video_source', { prompt: 'secret' });
    expect(told(program)).toEqual({
      'gen_ai.response.model': 'sora-2',
      'openai.resource.status': 'queued',
      'openai.video.id': 'video_source',
    });
  });

  test('that failed is an error of the request that sees it', async () => {
    const program = await startProgram();
    program.simulator.next({
      body: {
        id: 'video_1',
        object: 'video',
        status: 'failed',
        error: { code: 'secret', message: 'secret' },
      },
    });
    await program.client.videos.retrieve('video_1');
    await program.expectTree(`
      GET /videos/{video_id}  !failed openai.resource.status=failed openai.video.id=video_1
    `);
    expect(told(program)).toEqual({
      'error.type': 'failed',
      'openai.resource.status': 'failed',
      'openai.video.id': 'video_1',
    });
  });
});

test('none of these has metrics, because the conventions define none', async () => {
  const program = await startProgram();
  const asked = { model: 'gpt-image-1', prompt: 'x' };
  await program.client.images.generate(asked);
  await Array.fromAsync(await program.client.images.generate({ ...asked, stream: true }));
  await program.client.moderations.create({ input: 'x' });
  const all = await program.telemetry.metrics();
  expect(all.filter(({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM)).toEqual([]);
});
