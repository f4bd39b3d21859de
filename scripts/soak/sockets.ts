/**
 * Opens many sockets, half of which break. Checks that no span stays open, and that no handle or memory stays.
 * `npm run soak:sockets` opens 10,000; `npm run soak:sockets -- 2000` opens fewer.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { instrumentOpenAI } from '../../src/client.ts';

const FULL = 10_000;
const AT_ONCE = 16;
const CHECKPOINTS = 10;
/** A socket that has not closed by then counts as one that never closes. */
const CLOSE_TIMEOUT_MS = 10_000;
const AUDIO = 'A'.repeat(3_200);

interface Done {
  readonly response?: { readonly output: readonly { readonly call_id?: string }[] };
}

/** The limits are so small that all maps are full before the heap is measured. */
const CONFIG = { captureMessageContent: 'SPAN_ONLY', maxConversations: 100, cost: false } as const;

const counts = { started: 0, ended: 0, failed: 0 };
const processor: SpanProcessor = {
  onStart: () => void counts.started++,
  onEnd: ({ status }) => {
    counts.ended++;
    if (status.code !== 0) counts.failed++;
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const count = Number(process.argv[2] ?? FULL);
/** The bytes by which the heap may differ between the third and the last checkpoint. */
const HEAP_TOLERANCE = Math.min(2, count / 1_000) * 2 ** 20;
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
for (const Class of [OpenAIRealtimeWS, ResponsesWS]) instrumentOpenAI(Class, CONFIG);

const peer = fork(new URL('socket-peer.ts', import.meta.url), { execArgv: [] });
const [origin] = (await once(peer, 'message')) as [string];
const client = new OpenAI({ apiKey: 'test', baseURL: `${origin}/v1`, maxRetries: 0 });
const options = { createConnection: () => connect(Number(new URL(origin).port), '127.0.0.1') };

let begun = 0;
let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);
const heaps: number[] = [];
const start = performance.now();
for (let step = 1; step <= CHECKPOINTS; step++) {
  const upTo = Math.round((count * step) / CHECKPOINTS);
  const worker = async (): Promise<void> => {
    while (begun < upTo) await useSocket(begun++ % 2 === 0);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  heaps.push(await heapInUse());
}
const seconds = (performance.now() - start) / 1e3;
const grown = (heaps.at(-1) ?? 0) - (heaps[2] ?? 0);
const handles = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
peer.disconnect();
const report = { sessions: begun, ...counts, unhandled, handles, seconds: Math.round(seconds), heaps, grown };
console.log(JSON.stringify(report));
const isClean = counts.started === counts.ended && unhandled === 0 && handles === 0 && grown < HEAP_TOLERANCE;
process.exit(isClean && counts.started > count && counts.failed > 0 ? 0 : 1);

/** Opens a socket, requests a response, and waits until the connection has closed. */
async function useSocket(isRealtime: boolean): Promise<void> {
  const socket = isRealtime
    ? new OpenAIRealtimeWS({ model: 'gpt-realtime', options } as never, client as never)
    : new ResponsesWS(client);
  const transport = isRealtime
    ? socket.socket
    : (socket.socket as unknown as { platformSocket: unknown }).platformSocket;
  const { on } = socket as unknown as { on(name: string, listener: (event: Done) => void): void };
  const emitter = transport as NodeJS.EventEmitter;
  const closed = once(emitter, 'close', { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) });
  on.call(socket, 'error', () => undefined);
  on.call(socket, 'response.completed', () => socket.close());
  on.call(socket, 'response.done', ({ response }) => {
    const call_id = response?.output[0]?.call_id;
    const item = { type: 'function_call_output', call_id, output: 'so' };
    if (isRealtime) socket.send({ type: 'conversation.item.create', item } as never);
    socket.close();
  });
  emitter.on('open', () => {
    if (isRealtime) socket.send({ type: 'input_audio_buffer.append', audio: AUDIO } as never);
    socket.send({ type: 'response.create', model: 'gpt-4o', input: 'Hello' } as never);
  });
  await closed;
}

async function heapInUse(): Promise<number> {
  for (let turn = 0; turn < 8; turn++) {
    globalThis.gc?.();
    await (turn < 4 ? nextTurn() : delay(20));
  }
  return process.memoryUsage().heapUsed;
}
