/** One variant: a program with a socket of each kind. Its parent process tells it what to measure. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { setUpTelemetry } from '../telemetry.ts';
import { SOCKET_CASES, SOUND, type SocketCase } from './cases.ts';

const [origin = '', isObserved] = process.argv.slice(2);
setUpTelemetry(createRequire(import.meta.url), { metered: true, sampled: true });
if (isObserved === 'yes')
  for (const Class of [OpenAIRealtimeWS, ResponsesWS]) instrumentOpenAI(Class, { cost: false });

interface Socket {
  on(name: string, listener: () => void): void;
  send(event: object): void;
}

const client = new OpenAI({ apiKey: 'test', baseURL: `${origin}/v1` });
const options = { createConnection: () => connect(Number(new URL(origin).port), '127.0.0.1') };
const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options } as never, client as never);
const responses = new ResponsesWS(client);
const opened = responses.socket as unknown as { readonly platformSocket: NodeJS.EventEmitter };
await Promise.all([once(realtime.socket, 'open'), once(opened.platformSocket, 'open')]);
const sockets = { realtime, responses } as unknown as Record<SocketCase['api'], Socket>;
let done: () => void = () => undefined;
for (const socket of Object.values(sockets)) {
  socket.on('error', () => undefined);
  for (const name of ['response.done', 'response.completed']) socket.on(name, () => done());
}
process.on('message', async (index: number) =>
  process.send?.(await measure(SOCKET_CASES[index] as SocketCase)),
);
process.on('disconnect', () => process.exit());
process.send?.('ready');

/** The processor time of one operation, in microseconds. */
async function measure({ api, title, sent, operations }: SocketCase): Promise<number> {
  const socket = sockets[api];
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let operation = 0; operation < operations; operation++) {
    for (let frame = 0; frame < sent; frame++)
      socket.send({ type: 'input_audio_buffer.append', audio: SOUND });
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    socket.send({
      type: 'response.create',
      event_id: title,
      ...(api === 'responses' && { model: 'gpt-4o' }),
    });
    await ended;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}
