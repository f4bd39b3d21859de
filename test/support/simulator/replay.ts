import { readFile } from 'node:fs/promises';
import { type Answer, applyAnswer, takeAnswer } from './answers.ts';
import { json, type Reply, RequestError } from './reply.ts';
import { listen, type ReceivedRequest } from './server.ts';
import type { Simulator } from './simulator.ts';

/** One recorded request and its response; `path` begins with `/v1` and holds the query. */
export interface Exchange {
  readonly request: { readonly method: string; readonly path: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The parsed JSON, or the exact text of an event stream. */
    readonly body: unknown;
  };
}

/**
 * Serves recorded traffic: by method and path with query, in the order of the recording, the last answer
 * repeating. What was not recorded gets a 404 in the API's error shape.
 *
 * @param recording path of a JSON file, or its content.
 */
export async function startReplay(recording: string | readonly Exchange[]): Promise<Simulator> {
  const exchanges: readonly Exchange[] =
    typeof recording === 'string' ? JSON.parse(await readFile(recording, 'utf8')) : recording;
  const queues = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const key = keyOf(exchange.request);
    queues.set(key, [...(queues.get(key) ?? []), exchange]);
  }
  const answers: Answer[] = [];
  const server = await listen((request) =>
    applyAnswer(takeAnswer(answers, request), () => recordedReply(queues, request)),
  );
  return {
    url: `${server.origin}/v1`,
    requests: server.requests,
    next: (answer) => void answers.push(answer),
    script: refuseScripts,
    respond: refuseScripts,
    turn: refuseScripts,
    sockets: [],
    onSocket: refuseScripts,
    clock: { offset: 0, stop: () => undefined },
    close: server.close,
  };
}

function refuseScripts(): never {
  throw new Error('A replay does what was recorded; scripts are for startSimulator().');
}

function keyOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method.toUpperCase()} ${path}`;
}

function recordedReply(queues: Map<string, Exchange[]>, request: ReceivedRequest): Reply {
  const queue = queues.get(keyOf(request)) ?? [];
  const exchange = queue.length > 1 ? queue.shift() : queue[0];
  if (exchange === undefined) {
    return new RequestError(404, `Not in the recording: ${keyOf(request)}`).toReply();
  }
  const { status, headers, body } = exchange.response;
  return typeof body === 'string'
    ? { status, headers, chunks: pieces(body) }
    : json(body, { status, headers });
}

/** The recorded text in its events; put together again it is the recorded text, byte for byte. */
function pieces(text: string): string[] {
  return text.split(/(?<=\n\n)/);
}
