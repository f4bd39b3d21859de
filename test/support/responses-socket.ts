import { once } from 'node:events';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { instrumentOpenAI } from '../../src/client.ts';
import type { Program } from './program.ts';

type ServerEvent = { readonly type: string; readonly [field: string]: unknown };
type ClientEvent = Parameters<ResponsesWS['send']>[0];

/** A socket of a program, and what it has received. */
export interface ProgramSocket {
  readonly socket: ResponsesWS;
  readonly received: ServerEvent[];
  readonly errors: unknown[];
  send(event: object): void;
  /** Waits for the end of the next response, or for an error. */
  ended(): Promise<ServerEvent>;
  closed(): Promise<void>;
}

const ENDS = ['response.completed', 'response.failed', 'response.incomplete', 'error'];

export async function openResponses({ client }: Pick<Program, 'client'>): Promise<ProgramSocket> {
  instrumentOpenAI(ResponsesWS);
  const socket = new ResponsesWS(client);
  const received: ServerEvent[] = [];
  const errors: unknown[] = [];
  const waiting: ((event: ServerEvent) => void)[] = [];
  const ended: ServerEvent[] = [];
  socket.on('error', (error) => void errors.push(error));
  socket.on('event', (event) => {
    const seen = event as unknown as ServerEvent;
    received.push(seen);
    if (!ENDS.includes(seen.type)) return;
    const next = waiting.shift();
    if (next === undefined) ended.push(seen);
    else next(seen);
  });
  await once(platformSocket(socket), 'open');
  return {
    socket,
    received,
    errors,
    send: (event) => socket.send(event as ClientEvent),
    ended: () => {
      const first = ended.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
    closed: async () => {
      if (platformSocket(socket).readyState !== 3) await once(platformSocket(socket), 'close');
    },
  };
}

interface Emitter extends NodeJS.EventEmitter {
  readonly readyState: number;
  send(data: string): void;
  close(): void;
  terminate(): void;
}

export function platformSocket({ socket }: ResponsesWS): Emitter {
  return (socket as unknown as { platformSocket: Emitter }).platformSocket;
}

/** Some attributes of each span. */
export function valuesOf({ spans }: Pick<Program['telemetry'], 'spans'>, ...names: string[]): unknown[][] {
  return spans.map(({ attributes }) => names.map((name) => attributes[name]));
}
