// Lists, files, and bodies of all kinds.
import OpenAI, * as openai from 'openai';
import { caught, pause, readAll } from '../runtime/requests.mjs';

const listJobs = ({ options }) => new OpenAI(options).fineTuning.jobs.list({ limit: 2 });
const bytesOf = (text) => new TextEncoder().encode(text);

/** Sends a recording. */
async function transcribe({ options }, more) {
  const file = await openai.toFile(bytesOf('simulated sound'), 'sound.mp3');
  return new OpenAI(options).audio.transcriptions.create({ model: 'whisper-1', file, ...more });
}

const SECRET = 'whsec_c2ltdWxhdGVkLXNlY3JldA==';

async function sign(text) {
  const { subtle } = globalThis.crypto;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await subtle.importKey('raw', bytesOf('simulated-secret'), algorithm, false, ['sign']);
  const bytes = new Uint8Array(await subtle.sign('HMAC', key, bytesOf(text)));
  return `v1,${btoa(String.fromCharCode(...bytes))}`;
}

export default {
  async 'page-awaited'(world) {
    const page = await listJobs(world);
    const second = await page.getNextPage();
    const [items, more, last] = [page.getPaginatedItems(), page.hasNextPage(), second.hasNextPage()];
    return { page, items, second, more, last };
  },
  'page-for-await': async (world) => readAll(listJobs(world)),
  'page-by-page': async (world) => readAll((await listJobs(world)).iterPages()),
  'page-that-fails': async (world) => readAll(listJobs(world)),

  async 'page-left-early'(world) {
    const seen = [];
    for await (const job of listJobs(world)) {
      seen.push(job);
      if (seen.length === 3) break;
    }
    return seen;
  },

  async 'page-with-response'({ options }) {
    const { models } = new OpenAI(options);
    const { data, response } = await models.list().withResponse();
    const raw = await models.list().asResponse();
    return { page: data, response, raw: await raw.json() };
  },

  async 'page-by-post'({ options, absent }) {
    const { vectorStores } = new OpenAI(options);
    if (vectorStores?.search === undefined) return absent('vectorStores.search');
    return readAll(vectorStores.search('vs_1', { query: 'What?' }));
  },

  async 'binary-body'({ options }) {
    const client = new OpenAI(options);
    const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
    const { bodyUsed, status } = speech;
    const bytes = await speech.arrayBuffer();
    const content = await client.files.content('file_1');
    return {
      ...{ bodyUsed, status, bytes },
      content: typeof content === 'string' ? content : await content.text(),
    };
  },
  'multipart-body': (world) => transcribe(world, { language: 'en' }),
  'text-body': (world) => transcribe(world, { response_format: 'text' }),

  async 'file-upload'({ options }) {
    const client = new OpenAI(options);
    const file = await openai.toFile(bytesOf('{"a": 1}\n'), 'input.jsonl');
    const uploaded = await client.files.create({ file, purpose: 'batch' });
    const pixels = new Uint8Array([137, 80, 78, 71]);
    const image = await openai.toFile(pixels, 'image.png', { type: 'image/png' });
    return { uploaded, edited: await client.images.edit({ image, prompt: 'More' }) };
  },

  async 'upload-in-parts'({ options, absent }) {
    const { uploads } = new OpenAI(options);
    if (uploads === undefined) return absent('uploads');
    const file = { bytes: 4, filename: 'a.txt', mime_type: 'text/plain', purpose: 'assistants' };
    const upload = await uploads.create(file);
    const data = await openai.toFile(bytesOf('abcd'), 'part');
    const part = await uploads.parts.create(upload.id, { data });
    return { upload, part, done: await uploads.complete(upload.id, { part_ids: [part.id] }) };
  },

  async embeddings({ options }) {
    const client = new OpenAI(options);
    const parameters = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 4 };
    const promise = client.embeddings.create(parameters);
    const value = await promise;
    const floats = await client.embeddings.create({ ...parameters, encoding_format: 'float' });
    const raw = await client.embeddings.create(parameters).asResponse();
    return { value, same: (await promise) === value, floats, raw: await raw.json() };
  },

  async 'other-endpoints'({ options }) {
    const client = new OpenAI(options);
    return [
      await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Say' }),
      await client.moderations.create({ input: 'Hello' }),
      await client.images.generate({ prompt: 'A cat', n: 1 }),
      await client.files.retrieve('file_1'),
      await client.fineTuning.jobs.create({ model: 'gpt-4o', training_file: 'file_1' }),
      await client.fineTuning.jobs.cancel('ftjob_1'),
    ];
  },

  async webhook({ options, absent }) {
    const { webhooks } = new OpenAI({ ...options, webhookSecret: SECRET });
    if (webhooks?.unwrap === undefined) return absent('webhooks');
    const about = { object: 'event', id: 'evt_1', type: 'response.completed', data: { id: 'resp_1' } };
    const payload = JSON.stringify(about);
    const time = String(Math.floor(Date.now() / 1000));
    const headers = {
      'webhook-id': 'wh_1',
      'webhook-timestamp': time,
      'webhook-signature': await sign(`wh_1.${time}.${payload}`),
    };
    const forged = { ...headers, 'webhook-signature': await sign('something else') };
    const event = await webhooks.unwrap(payload, headers);
    // Clocks may be coarse: spans that start at one time have no order.
    await pause(5);
    return { event, forged: await caught(() => webhooks.unwrap(payload, forged)) };
  },

  async 'unknown-paths'({ options }) {
    const client = new OpenAI(options);
    return [
      await client.post('/brand/new/endpoint', { body: { a: 1 }, query: { b: 2 } }),
      await client.get('/brand/new/thing_123', { headers: { 'x-extra': 'yes' } }),
      await client.put('/brand/new/thing_123', { body: {} }),
      await client.patch('/brand/new/thing_123', { body: {} }),
      await client.delete('/brand/new/thing_123'),
      await caught(() => client.get('/brand/new/missing')),
    ];
  },
};
