import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import type { Program } from './program.ts';
import type { ServerSocket } from './simulator/index.ts';

/** Both ends of a realtime session. */
export interface RealtimePair {
  readonly socket: OpenAIRealtimeWS;
  readonly errors: unknown[];
  /** Sends an event of the program, and waits until it has arrived. */
  say(...events: object[]): Promise<void>;
  /** Sends events of the server, and waits until they have arrived. */
  answer(...events: object[]): Promise<void>;
  readonly server: ServerSocket;
  closed(): Promise<void>;
  /** The program closes the socket, and waits until that is closed. */
  close(): Promise<void>;
}

/** Programs whose sockets are observed. */
const instrumented = new WeakSet<object>();

/** Opens a session whose server says what the test has it say. */
export async function openRealtime(
  { client, simulator }: Pick<Program, 'client' | 'simulator'>,
  config: OpenAIInstrumentationConfig = {},
  props: object = { model: 'gpt-realtime' },
): Promise<RealtimePair> {
  if (!instrumented.has(client)) instrumentOpenAI(OpenAIRealtimeWS, { cost: false, ...config });
  instrumented.add(client);
  simulator.onSocket(() => undefined);
  const { port } = new URL(simulator.url);
  // The SDK asks for TLS, which the simulator does not speak.
  const options = { createConnection: () => connect(Number(port), '127.0.0.1') };
  const socket = new OpenAIRealtimeWS({ ...props, options } as never, client as never);
  const errors: unknown[] = [];
  let received = 0;
  socket.on('error', (error) => void errors.push(error));
  socket.on('event', () => void received++);
  await once(socket.socket, 'open');
  const server = simulator.sockets.at(-1);
  if (server === undefined) throw new Error('No socket is open.');
  let sent = 0;
  const closed = async (): Promise<void> => {
    if (socket.socket.readyState !== 3) await once(socket.socket, 'close');
  };
  return {
    socket,
    errors,
    server,
    async say(...events) {
      const before = server.frames.length;
      for (const event of events) socket.send(event as never);
      while (server.frames.length < before + events.length) await delay(1);
    },
    async answer(...events) {
      for (const event of events) server.send(event);
      sent += events.length;
      while (received < sent) await delay(1);
    },
    closed,
    async close() {
      socket.close();
      await closed();
    },
  };
}
