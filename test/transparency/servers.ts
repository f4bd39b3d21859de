import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ReceivedRequest,
  type ServerSocket,
  type Simulator,
  startSimulator,
} from '../support/simulator/index.ts';
import type { Behaviour } from './behaviour.ts';

/** What the program of one behaviour talks to. */
export interface Stage {
  readonly name: string;
  readonly baseURL: string;
  /** Where a program asks what the server has seen. */
  readonly control: string;
  readonly collect: boolean;
}

export interface Servers {
  readonly stages: readonly Stage[];
  requests(behaviour: string): readonly ReceivedRequest[];
  close(): Promise<void>;
}

/** Longer than it takes a server to notice that a client went away. */
const PATIENCE = 4_000;

/** More ids than a program uses: all programs of a process are one to the instrumentation. */
const IDS_EACH = 1_000;

/** A server for each behaviour, so that ids and all else that counts up are the same in every run. */
export async function startServers(behaviours: readonly Behaviour[]): Promise<Servers> {
  const simulators = new Map<string, Simulator>();
  for (const [index, behaviour] of behaviours.entries()) {
    const { name, answers = [], responses = [], runs = [], sockets = [] } = behaviour;
    const simulator = await startSimulator({ runs, idOffset: (index + 1) * IDS_EACH });
    for (const answer of answers) simulator.next(answer);
    simulator.respond(...responses);
    simulator.onSocket(...sockets);
    simulators.set(name, simulator);
  }
  const control = await startControl(simulators);
  return {
    stages: behaviours.map(({ name, ends }) => ({
      name,
      baseURL: simulators.get(name)?.url ?? '',
      control: `${control.origin}/${name}`,
      collect: ends === 'collected',
    })),
    requests: (name) => {
      const { requests = [], sockets = [] } = simulators.get(name) ?? {};
      return [...requests, ...sockets.map(asRequest)];
    },
    async close() {
      control.close();
      for (const simulator of simulators.values()) await simulator.close();
    },
  };
}

/** A WebSocket with the frames that came over it; its key is random. */
function asRequest({ path, headers, frames }: ServerSocket): ReceivedRequest {
  const { 'sec-websocket-key': _, ...steady } = headers;
  return { method: 'GET', path, headers: steady, body: frames, aborted: false };
}

/** Answers as soon as so many requests have come in, or were left by the client, as a program asks for. */
async function startControl(
  simulators: ReadonlyMap<string, Simulator>,
): Promise<{ readonly origin: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const requests = simulators.get(url.pathname.slice(1))?.requests ?? [];
    const wanted = (name: string): number => Number(url.searchParams.get(name) ?? 0);
    const cancelled = (): number => requests.filter(({ aborted }) => aborted).length;
    for (let waited = 0; waited < PATIENCE; waited += 5) {
      if (requests.length >= wanted('received') && cancelled() >= wanted('cancelled')) break;
      await delay(5);
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ cancelled: cancelled(), received: requests.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
