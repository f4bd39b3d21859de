// What a program does with a stream.
import OpenAI from 'openai';
import { openStream } from '../runtime/calls.mjs';
import { caught, HELLO, pause, readAll } from '../runtime/requests.mjs';

/** The first two chunks; what the program does after them may end the loop. */
async function readTwo(stream, after = () => undefined) {
  const chunks = [];
  const outcome = await caught(async () => {
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (chunks.length === 2) after();
    }
  });
  return { chunks, outcome };
}

async function takeTwo(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length === 2) break;
  }
  return chunks;
}

const read = async ({ options }) => readAll(await openStream(options));

export default {
  async 'stream-full'({ options }) {
    const body = { ...HELLO, stream: true, stream_options: { include_usage: true } };
    return readAll(await new OpenAI(options).chat.completions.create(body));
  },
  'stream-error-event': read,
  'stream-cut-socket': read,
  'stream-of-failure': ({ options }) => caught(() => openStream(options)),

  async 'stream-malformed-event'({ options }) {
    // openai writes to the console what it cannot parse.
    const { error } = console;
    console.error = () => undefined;
    try {
      return await read({ options: { ...options, logLevel: 'off' } });
    } finally {
      console.error = error;
    }
  },

  async 'stream-empty'({ options }) {
    const body = { stream: true };
    return readAll(await new OpenAI(options).post('/brand/new/stream', { body, stream: true }));
  },

  async 'stream-legacy-completions'({ options }) {
    const body = { model: 'gpt-3.5-turbo-instruct', prompt: 'Say', stream: true };
    return readAll(await new OpenAI(options).completions.create(body));
  },

  async 'stream-early-break'({ options, cancelled }) {
    const stream = await openStream(options);
    const chunks = await takeTwo(stream);
    return { chunks, aborted: stream.controller.signal.aborted, cancelled: await cancelled() };
  },

  async 'stream-reader-throws'({ options, cancelled }) {
    const stream = await openStream(options);
    const outcome = await caught(async () => {
      for await (const chunk of stream) throw new Error(`No use for ${chunk.object}.`);
    });
    return { outcome, cancelled: await cancelled() };
  },

  async 'stream-controller-abort'({ options, cancelled }) {
    const stream = await openStream(options);
    return { ...(await readTwo(stream, () => stream.controller.abort())), cancelled: await cancelled() };
  },

  async 'stream-signal-abort'({ options, cancelled }) {
    const controller = new AbortController();
    const stream = await openStream(options, { signal: controller.signal });
    return { ...(await readTwo(stream, () => controller.abort())), cancelled: await cancelled() };
  },

  async 'stream-aborted-unread'({ options, cancelled }) {
    const stream = await openStream(options);
    stream.controller.abort();
    const seen = await cancelled();
    // In openai 4 nothing ever comes of it.
    return { seen, read: await Promise.race([readAll(stream), pause(300)]) };
  },

  async 'stream-let-go'({ options, cancelled }) {
    const stream = await openStream(options);
    stream.controller.abort();
    return { cancelled: await cancelled(), aborted: stream.controller.signal.aborted };
  },

  async 'stream-tee'({ options }) {
    const [left, right] = (await openStream(options)).tee();
    return { first: await takeTwo(left), second: await readAll(right) };
  },

  async 'stream-to-readable-stream'({ options }) {
    const reader = (await openStream(options)).toReadableStream().getReader();
    const lines = [];
    for (let part = await reader.read(); !part.done; part = await reader.read()) lines.push(part.value);
    return lines;
  },

  async 'stream-to-readable-stream-cancelled'({ options, cancelled }) {
    const reader = (await openStream(options)).toReadableStream().getReader();
    const first = await reader.read();
    await reader.cancel();
    return { first, cancelled: await cancelled() };
  },

  async 'stream-second-iteration'({ options }) {
    const stream = await openStream(options);
    return { first: await readAll(stream), second: await readAll(stream) };
  },

  async 'stream-second-iteration-early'({ options }) {
    const stream = await openStream(options);
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    const second = await readAll(stream);
    return { first, second, rest: await readAll(iterator) };
  },

  async 'stream-by-hand'({ options }) {
    const iterator = (await openStream(options))[Symbol.asyncIterator]();
    // A generator queues what it is asked for.
    const both = await Promise.all([iterator.next(), iterator.next()]);
    const returned = await iterator.return('a value');
    const after = await iterator.next();
    return { both, returned, after, itself: iterator[Symbol.asyncIterator]() === iterator };
  },

  async 'stream-thrown-into'({ options }) {
    const iterator = (await openStream(options))[Symbol.asyncIterator]();
    await iterator.next();
    const outcome = await caught(() => iterator.throw(new Error('thrown into')));
    return { outcome, after: await iterator.next() };
  },

  async 'stream-never-read'({ options }) {
    const stream = await openStream(options);
    return { aborted: stream.controller.signal.aborted };
  },
  'stream-no-longer-read': async ({ options }) => (await openStream(options))[Symbol.asyncIterator]().next(),

  async 'stream-never-awaited'({ options, received }) {
    openStream(options);
    await received(1);
    await pause(30);
  },

  async 'stream-with-response'({ options }) {
    const { data, response } = await openStream(options).withResponse();
    return { status: response.status, headers: response.headers, read: await readAll(data) };
  },

  async 'stream-raw-response'({ options }) {
    const response = await openStream(options).asResponse();
    const { bodyUsed } = response;
    return { bodyUsed, text: await response.text() };
  },
};
