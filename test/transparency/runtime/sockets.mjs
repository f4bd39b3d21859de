// Opens a socket of the SDK against the server of the test, and writes down all that a program can see of it.
import OpenAI from 'openai';
import { pause } from './requests.mjs';

const EVENTS = [
  ...['event', 'error', 'close', 'raw', 'reconnecting', 'reconnected', 'session.created', 'session.started'],
  ...['response.created', 'response.completed', 'response.done', 'response.output_audio.delta'],
];
/** The package `ws` has nothing there. */
const IS_WORKER = globalThis.navigator?.userAgent === 'Cloudflare-Workers';
/** Longer than a server takes to notice that it has to close a connection. */
const CLOSE_TIMEOUT = 2_000;

/**
 * Imports a socket class as a program does.
 *
 * @param module promise of the module; it rejects where the version or the runtime has none
 */
export async function socketClass(module, name, { absent, handOver }) {
  const found = await module.then(
    (loaded) => loaded[name],
    () => undefined,
  );
  if (found === undefined || (name.endsWith('WS') && IS_WORKER)) return absent(name);
  handOver(found);
  return found;
}

export function clientFor({ options }, more) {
  return new OpenAI({ ...options, ...more });
}

/** For classes that insist on TLS, which the server does not speak: the package `ws` takes a connection. */
export async function plainConnection({ options }) {
  const { connect } = await import('node:net');
  const port = Number(new URL(options.baseURL).port);
  return { createConnection: () => connect(port, '127.0.0.1') };
}

/** The same for the platform's class, while the socket is opened. */
export function withPlainPlatform(open, { absent }) {
  const Platform = globalThis.WebSocket;
  if (Platform === undefined) return absent('WebSocket');
  globalThis.WebSocket = class extends Platform {
    constructor(url, protocols) {
      super(String(url).replace(/^wss:/, 'ws:'), protocols);
    }
  };
  try {
    return open();
  } finally {
    globalThis.WebSocket = Platform;
  }
}

/** A subclass that overrides what the instrumentation has to reach. */
function observing(Class, seen) {
  return class Observing extends Class {
    _emit(...args) {
      seen.push(['emitted', ...args]);
      return super._emit(...args);
    }
  };
}

/**
 * Uses a socket until it is closed.
 *
 * @param open makes the socket, of the class or a subclass
 * @param use what the program does with the open socket; the server closes it in answer to the last event, or the
 *   program does
 */
export async function useSocket(Class, open, use, { listens = true } = {}) {
  const seen = [];
  // What a program does and what arrives meanwhile come in any order.
  const done = [];
  const socket = await open(listens ? observing(Class, seen) : Class);
  done.push([Object.keys(socket).sort(), socket.send, socket.close, Object.keys(Class.prototype)]);
  if (listens) for (const name of EVENTS) socket.on(name, (...args) => seen.push([name, ...args]));
  const streamed = [];
  if (listens && socket.stream !== undefined) void iterate(socket.stream(), streamed);
  const transport = transportOf(socket);
  const closed = once(transport, 'close', CLOSE_TIMEOUT);
  if (transport.readyState === 0) await once(transport, 'open', CLOSE_TIMEOUT);
  done.push(['open', transport.readyState, listenersOf(transport)]);
  await use(socket, (event) => attempt(done, () => socket.send(event)), done);
  const { code, wasClean } = await closed;
  await pause(20);
  attempt(done, () => socket.send({ type: 'response.create', model: 'gpt-4o' }));
  attempt(done, () => socket.close());
  await pause(20);
  return { done, seen, streamed, code, wasClean };
}

/** Resolves with the next event of the name. */
export function next(socket, name) {
  return new Promise((resolve) => {
    const listener = (event) => {
      socket.off(name, listener);
      resolve(event);
    };
    socket.on(name, listener);
  });
}

export function transportOf(socket) {
  return socket.socket.platformSocket ?? socket.socket;
}

function attempt(done, run) {
  try {
    done.push(['returned', run()]);
  } catch (error) {
    done.push(['threw', error]);
  }
}

function listenersOf(transport) {
  return ['open', 'message', 'close', 'error'].map((name) => transport.listenerCount?.(name) ?? null);
}

async function iterate(stream, seen) {
  try {
    for await (const record of stream) seen.push(record);
    seen.push('ended');
  } catch (error) {
    seen.push(error);
  }
}

function once(target, name, timeout) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`There was no ${name}.`)), timeout);
    target.addEventListener(name, (event) => {
      clearTimeout(timer);
      resolve(event);
    });
  });
}
