import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { LiveChunks, Reply } from './reply.ts';
import { ServerSocket } from './web-socket.ts';

/** A request as it arrived, kept for assertions. */
export interface ReceivedRequest {
  readonly method: string;
  /** With its query; begins with `/v1` for clients that use the server's `url`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, the raw text of other types, `null` when there is none. */
  readonly body: unknown;
  /** The client went away before the answer ended. */
  aborted: boolean;
}

/** Milliseconds after which a stream that is held continues, so that a client that stays does not hang for ever. */
const LONGEST_HOLD = 10_000;

/** A reply and what goes wrong with it on the way. */
export interface Delivery {
  readonly reply: Reply;
  /** Milliseconds before the headers are sent, or the break that comes instead. */
  readonly delayMs?: number;
  /** Milliseconds between two chunks, and between the last one and the break. */
  readonly chunkDelayMs?: number;
  /** After so many chunks nothing more comes, until the client leaves. */
  readonly holdAfter?: number;
  /** Where the socket is destroyed: before anything is sent, or after half of the body or of the events. */
  readonly break?: 'before-headers' | 'mid-body';
}

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** Destroys open sockets and frees the port. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves on the loopback interface; `answer` is called once per request, in order of arrival.
 *
 * @param wantedPort default: a free one
 * @param open called with each WebSocket
 */
export async function listen(
  answer: (request: ReceivedRequest) => Delivery,
  wantedPort: number = 0,
  open: (socket: ServerSocket) => void = (socket) => socket.destroy(),
): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  const upgraded = new Set<Duplex>();
  const server = createServer((incoming, response) => {
    serve(incoming, response, requests, answer).catch(() => response.destroy());
  });
  server.on('upgrade', (incoming, stream) => {
    upgraded.add(stream);
    stream.once('close', () => upgraded.delete(stream));
    open(new ServerSocket(incoming, stream));
  });
  // A client that was idle for longer would find its connection closed while it sends a request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: () => {
      for (const stream of upgraded) stream.destroy();
      closed ??= shut(server);
      return closed;
    },
  };
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  requests: ReceivedRequest[],
  answer: (request: ReceivedRequest) => Delivery,
): Promise<void> {
  const request = await receive(incoming);
  requests.push(request);
  const gone = new AbortController();
  const state = { broken: false };
  response.once('close', () => {
    request.aborted = !response.writableFinished && !state.broken;
    gone.abort();
  });
  const delivery = answer(request);
  try {
    await deliver(delivery, response, gone.signal);
    if (delivery.break !== undefined) {
      // What was sent last may be lost with the socket, unless the client has the time to read it.
      if (delivery.chunkDelayMs) await delay(delivery.chunkDelayMs, undefined, { signal: gone.signal });
      state.broken = true;
      incoming.socket.destroy();
    } else {
      response.end();
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers,
    body: parseBody(text, headers['content-type'] ?? ''),
    aborted: false,
  };
}

function parseBody(text: string, contentType: string): unknown {
  if (text === '') return null;
  if (!contentType.includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Writes what is to arrive before the connection breaks or the answer ends; rejects when the client goes away. */
async function deliver(delivery: Delivery, response: ServerResponse, gone: AbortSignal): Promise<void> {
  const { reply, delayMs = 0, chunkDelayMs = 0 } = delivery;
  if (delayMs > 0) await delay(delayMs, undefined, { signal: gone });
  if (delivery.break === 'before-headers') return;
  response.writeHead(reply.status, reply.headers);
  response.flushHeaders();
  const chunks = delivery.break === 'mid-body' ? firstHalf(reply.chunks) : reply.chunks;
  for (const [index, chunk] of chunks.entries()) {
    if (index === delivery.holdAfter) await delay(LONGEST_HOLD, undefined, { signal: gone });
    // A turn of the event loop between two chunks lets them arrive one by one, as they do from a model.
    if (index > 0) await (chunkDelayMs > 0 ? delay(chunkDelayMs, undefined, { signal: gone }) : nextTurn());
    if (gone.aborted) return;
    await write(response, chunk, gone);
  }
  if (reply.live !== undefined && delivery.break === undefined) await deliverLive(reply.live, response, gone);
}

async function deliverLive(live: LiveChunks, response: ServerResponse, gone: AbortSignal): Promise<void> {
  const stop = (): void => live.end();
  gone.addEventListener('abort', stop, { once: true });
  for await (const chunk of live) {
    if (gone.aborted) return;
    await write(response, chunk, gone);
    await nextTurn();
  }
}

function firstHalf(chunks: readonly (string | Uint8Array)[]): readonly (string | Uint8Array)[] {
  const [only] = chunks;
  if (chunks.length !== 1 || only === undefined) return chunks.slice(0, Math.ceil(chunks.length / 2));
  const whole = Buffer.from(only);
  return [whole.subarray(0, whole.length >> 1)];
}

function write(response: ServerResponse, chunk: string | Uint8Array, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = (): void => reject(new Error('The client went away.'));
    gone.addEventListener('abort', onGone, { once: true });
    response.write(chunk, (error) => {
      gone.removeEventListener('abort', onGone);
      if (error) reject(error);
      else resolve();
    });
  });
}
