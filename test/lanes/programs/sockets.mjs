// Opens a socket of each class that this version has, and writes down all that a program can see of it.
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { writeResult } from './write.cjs';

const { FORMAT: format, PORT: port } = process.env;
const require = createRequire(import.meta.url);
const load = (path) => (format === 'cjs' ? require(path) : import(path));

/** The SDK asks for TLS where the server of the test has none. */
const Platform = globalThis.WebSocket;
globalThis.WebSocket = class extends Platform {
  constructor(url, protocols) {
    super(String(url).replace(/^wss:/, 'ws:'), protocols);
  }
};
const options = { createConnection: () => connect(Number(port), '127.0.0.1') };

const CLASSES = {
  'beta/realtime/ws': [
    'OpenAIRealtimeWS',
    (Class, client) => new Class({ model: 'gpt-realtime', options }, client),
  ],
  'beta/realtime/websocket': [
    'OpenAIRealtimeWebSocket',
    (Class, client) => new Class({ model: 'gpt-realtime' }, client),
  ],
  'realtime/ws': [
    'OpenAIRealtimeWS',
    (Class, client) => new Class({ model: 'gpt-realtime', options }, client),
  ],
  'realtime/websocket': [
    'OpenAIRealtimeWebSocket',
    (Class, client) => new Class({ model: 'gpt-realtime' }, client),
  ],
  'realtime/translations/ws': [
    'OpenAIRealtimeTranslationWS',
    (Class, client) => Class.create(client, { model: 'gpt-realtime-translate', options }),
  ],
  'resources/responses/ws': ['ResponsesWS', (Class, client) => new Class(client, options)],
  'resources/beta/responses/ws': ['ResponsesWS', (Class, client) => new Class(client, options)],
  'resources/live/ws': ['LiveWS', (Class, client) => new Class(client, options)],
  'resources/live/forks/ws': ['ForksWS', (Class, client) => new Class(client, { session_id: 's' }, options)],
  'resources/live/sideband/ws': [
    'SidebandWS',
    (Class, client) => new Class(client, { session_id: 's' }, options),
  ],
};
const EVENTS = [
  'event',
  'error',
  'close',
  'raw',
  'reconnecting',
  'response.created',
  'response.done',
  'session.created',
];

const { OpenAI } = await load('openai');
const client = new OpenAI({
  apiKey: 'sk-secret',
  baseURL: `https://127.0.0.1:${port}/v1`,
  dangerouslyAllowBrowser: true,
});
const rejections = [];
process.on('unhandledRejection', (error) => rejections.push(describe(error)));
// Older versions break on some frames by themselves.
process.on('uncaughtException', (error) => rejections.push(`uncaught ${describe(error)}`));

const report = {};
for (const [path, [name, open]] of Object.entries(CLASSES)) {
  const Class = await classOf(`openai/${path}`, name);
  if (Class === undefined) continue;
  for (const listens of [true, false]) report[`${path} ${listens}`] = await use(Class, open, listens);
}
writeResult(report);

async function classOf(path, name) {
  try {
    return (await load(path))[name];
  } catch {
    return undefined;
  }
}

async function use(Class, open, listens) {
  const seen = [];
  // What is awaited comes between other frames, as the network has it.
  const awaited = [];
  const streamed = [];
  rejections.length = 0;
  const Sub = class extends Class {
    _emit(...args) {
      if (args[0] === 'subclass') seen.push('subclass');
      return super._emit(...args);
    }
  };
  let socket;
  try {
    socket = await open(Sub, client);
  } catch (error) {
    return [`not opened: ${describe(error)}`];
  }
  seen.push(
    `${Object.keys(socket).sort()}`,
    `${socket.send.name} ${socket.send.length} ${socket.close.name} ${socket.close.length}`,
  );
  seen.push(`emit ${socket._emit.name} ${socket._emit.length} ${Object.keys(Class.prototype)}`);
  if (listens)
    for (const event of EVENTS)
      socket.on(event, (...args) => void seen.push(`${event} ${args.length} ${args.map(describe)}`));
  const once = socket.emitted?.('session.created').then(
    (event) => awaited.push(`emitted ${describe(event)}`),
    () => undefined,
  );
  if (listens && socket.stream !== undefined) void iterate(socket.stream(), streamed);
  const transport = socket.socket.platformSocket ?? socket.socket;
  await new Promise((resolve) => transport.addEventListener('open', resolve));
  seen.push(
    `listeners ${['open', 'message', 'close', 'error'].map((type) => transport.listenerCount?.(type) ?? '-')}`,
  );
  send(socket, seen, { type: 'response.create', model: 'gpt-4o', input: 'Hello', response: {} });
  send(socket, seen, { type: 'input_audio_buffer.append', audio: 'AAAA' });
  send(socket, seen, { type: 'unknown', toJSON: () => ({ type: 'session.close' }) });
  const circular = { type: 'response.create' };
  circular.self = circular;
  send(socket, seen, circular);
  try {
    socket.sendRaw?.('{"type":"response.create"}');
  } catch (error) {
    seen.push(`raw threw ${describe(error)}`);
  }
  await Promise.race([new Promise((resolve) => transport.addEventListener('close', resolve)), delay(2_000)]);
  await delay(30);
  send(socket, seen, { type: 'response.create' });
  try {
    socket.close();
  } catch (error) {
    seen.push(`close threw ${describe(error)}`);
  }
  await delay(30);
  void once;
  return [...seen, ...awaited, ...streamed, `rejections ${rejections.sort()}`];
}

async function iterate(stream, seen) {
  for await (const record of stream) seen.push(`stream ${describe(record)}`);
  seen.push('stream ended');
}

function send(socket, seen, event) {
  try {
    seen.push(`sent ${describe(socket.send(event))}`);
  } catch (error) {
    seen.push(`threw ${describe(error)}`);
  }
}

function describe(value) {
  if (value instanceof Error) return `${value.constructor.name}: ${value.message} ${describe(value.cause)}`;
  try {
    return JSON.stringify(value)?.slice(0, 200);
  } catch {
    return String(value);
  }
}
