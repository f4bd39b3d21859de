import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Completion, MessagePart } from '../../../src/config/completion-types.ts';
import { ContentStore } from '../../../src/export.ts';
import { newCompletion } from '../../../src/telemetry/content/content-record.ts';
import { callerIn } from '../../../src/telemetry/metadata.ts';
import { ask } from '../../support/ask.ts';
import { newFolder } from '../../support/folders.ts';
import { listen } from '../../support/listening.ts';
import { openSession } from '../../support/use-session.ts';
import { example } from './upload-example.ts';

const IMAGE = Buffer.alloc(400_000, 7);
const HASH = createHash('sha256').update(IMAGE).digest('hex');
const FILE = `image-${HASH}.png`;

/** A question about an image. */
function question(bytes: Buffer, text: string) {
  const url = `data:image/png;base64,${bytes.toString('base64')}`;
  return {
    role: 'user' as const,
    content: [
      { type: 'text' as const, text },
      { type: 'image_url' as const, image_url: { url } },
    ],
  };
}

function completion(...parts: MessagePart[]): Completion {
  return {
    ...newCompletion({}, INVALID_SPAN_CONTEXT, callerIn(ROOT_CONTEXT)),
    inputMessages: [{ role: 'user', parts }],
  };
}

afterEach(() => void vi.unstubAllEnvs());

describe('media of messages', () => {
  test('are stored once however many turns repeat them, and referred to on spans and in stored messages', async () => {
    const folder = await newFolder();
    const store = new ContentStore({ folder, baseUrl: 'https://content.example/' });
    const session = await openSession({
      config: { completionHook: store.hook, captureMessageContent: 'SPAN_AND_EVENT' },
    });
    const messages = [question(IMAGE, 'What is this?')];
    for (let turn = 0; turn < 10; turn++) {
      await ask(session.client, '', { messages });
      messages.push(question(IMAGE, `And in turn ${turn}?`));
    }
    await store.flush();
    const files = await readdir(folder);
    expect(files.filter((file) => file.startsWith('image-'))).toEqual([FILE]);
    expect(await readFile(join(folder, FILE))).toEqual(IMAGE);
    const uri = `https://content.example/${FILE}`;
    const parts = [
      { type: 'text', content: 'What is this?' },
      { type: 'uri', modality: 'image', mime_type: 'image/png', uri },
    ];
    expect(JSON.parse(String(session.spans[0]?.attributes['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts },
    ]);
    const inputs = files.filter((file) => file.startsWith('input_messages-'));
    const texts = await Promise.all(inputs.map((file) => readFile(join(folder, file), 'utf8')));
    expect(texts).toHaveLength(10);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(10_000);
    expect(texts).toContainEqual(JSON.stringify([{ role: 'user', parts }]));
  });

  test('never take the text beside them along', async () => {
    const stored = new Map<string, Uint8Array>();
    const store = new ContentStore({ put: (name, bytes) => stored.set(name, bytes) });
    const session = await openSession({ config: { completionHook: store.hook } });
    const messages = [question(Buffer.alloc(5_300_000, 1), 'Read this, too.')];
    await ask(session.client, '', { messages });
    await store.flush();
    const reference = String(session.spans[0]?.attributes['gen_ai.input.messages_ref']);
    const json = new TextDecoder().decode(stored.get(reference));
    expect(json).toContain('Read this, too.');
    expect(json.length).toBeLessThan(1_000);
    expect(json).toContain('"type":"uri"');
    expect(store.dropped).toBe(0);
  });

  test.each([
    ['text/html', 'image', 'bin'],
    ['image/svg+xml', 'image', 'bin'],
    ['image/png', 'image', 'png'],
    ['application/pdf', 'document', 'pdf'],
  ])('of type %s have a type that no browser runs', async (mime_type, modality, extension) => {
    const stored: [string, string][] = [];
    const store = new ContentStore({ put: (name, _, type) => stored.push([name, type]) });
    store.hook(completion({ type: 'blob', modality, mime_type, content: 'A'.repeat(800) }));
    await store.flush();
    const type = extension === 'bin' ? 'application/octet-stream' : mime_type;
    expect(stored[0]).toEqual([expect.stringMatching(`^${modality}-\\w+\\.${extension}$`), type]);
  });

  test('that find no place are counted, and leave their size', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const store = new ContentStore({ put: () => promise, maxQueueLength: 0 });
    const session = await openSession({
      config: { completionHook: store.hook, captureMessageContent: 'SPAN_ONLY' },
    });
    const messages = Array.from({ length: 12 }, (_, index) => question(Buffer.alloc(100, index), 'x'));
    await ask(session.client, '', { messages });
    const input = String(session.spans[0]?.attributes['gen_ai.input.messages']);
    expect(input.match(/"type":"uri"/g)).toHaveLength(8);
    expect(input.match(/"content":"","size":100/g)).toHaveLength(4);
    expect(store.dropped).toBeGreaterThanOrEqual(4);
    resolve();
  });
});

test('the example of docs/privacy.md uploads with presigned addresses', async () => {
  const received: [path: string, type: string | undefined, length: number][] = [];
  const address = await listen(async (request, response) => {
    const { method, url, headers } = request;
    const { length } = Buffer.concat(await Array.fromAsync<Uint8Array>(request));
    received.push([`${method} ${url}`, headers['content-type'], length]);
    response.end();
  });
  const store = example(async (key) => `${address}/${key}?signature=1`);
  const session = await openSession({ config: { completionHook: store.hook } });
  await ask(session.client, '', { messages: [question(IMAGE, 'x')] });
  await store.flush();
  expect(received).toContainEqual([`PUT /${FILE}?signature=1`, 'image/png', IMAGE.length]);
  expect(received.map(([, type]) => type)).toContain('application/json');
  expect(store.dropped).toBe(0);
});

describe('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', () => {
  test.each(['', 'file://'])('names a folder for content and media, after masking: %s', async (scheme) => {
    const folder = await newFolder();
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', scheme + folder);
    vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_MASKING', 'email');
    const session = await openSession();
    const messages = [question(IMAGE, 'Write to me@example.org or +49 30 1234567.')];
    await ask(session.client, '', { messages });
    await session.provider.forceFlush();
    await vi.waitFor(async () => expect(await readdir(folder)).toHaveLength(3));
    const reference = String(session.spans[0]?.attributes['gen_ai.input.messages_ref']);
    // The reference is the path of the file.
    expect(dirname(reference)).toBe(folder);
    const json = await readFile(reference, 'utf8');
    expect(json).toContain('Write to [email] or +49 30 1234567.');
    expect(session.spans[0]?.attributes).not.toHaveProperty('gen_ai.input.messages');
  });

  test.each(['https://content.example/tutor', 'https://content.example/tutor/'])(
    'is public under a URL with which references begin: %s',
    async (url) => {
      const folder = await newFolder();
      vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', folder);
      vi.stubEnv('OTEL_INSTRUMENTATION_OPENAI_CONTENT_BASE_URL', url);
      const session = await openSession();
      await ask(session.client, 'x');
      await session.provider.forceFlush();
      const reference = String(session.spans[0]?.attributes['gen_ai.input.messages_ref']);
      const [, name = ''] = /^https:\/\/content\.example\/tutor\/([^/]+)$/.exec(reference) ?? [];
      await vi.waitFor(async () => expect(await readdir(folder)).toContain(name));
    },
  );

  test('names no other place, which is said once', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', 's3://bucket/content');
    const session = await openSession();
    await session.client.models.list();
    expect(session.warnings.splice(0).join()).toContain(
      'OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH is "s3://bucket/content"; accepted: paths of folders',
    );
  });

  test('stores nothing that a failed hook of the program has not seen', async () => {
    const folder = await newFolder();
    vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH', folder);
    const refuse = (): never => {
      throw new Error('refused');
    };
    for (const completionHook of [refuse, async () => refuse(), () => () => undefined]) {
      const session = await openSession({ config: { completionHook } });
      await ask(session.client, '', { messages: [question(IMAGE, 'x')] });
      session.warnings.splice(0);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

test('media whose modality is a path stay in the folder, and enormous ones are counted but not stored', async () => {
  const folder = await newFolder();
  const store = new ContentStore({ folder });
  const blob = { type: 'blob' as const, content: IMAGE.toString('base64') };
  const said = completion(
    { ...blob, modality: '../../image' },
    { ...blob, modality: 'image', content: 'x'.repeat(33_554_433) },
  );
  store.hook(said);
  await store.flush();
  expect((await readdir(folder)).filter((file) => file.includes('image'))).toEqual([
    `______image-${HASH}.bin`,
  ]);
  expect(store.dropped).toBe(1);
});
