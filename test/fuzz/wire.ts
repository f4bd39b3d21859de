import { isTracingSuppressed } from '@opentelemetry/core';
import { activeContext } from '../../src/util/context.ts';

/** An answer as its bytes come: the text, and where it is cut into pieces. */
export interface Answer {
  /** `POST /v1/responses` */
  readonly request: string;
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Bytes after which a piece ends, in any order. */
  readonly cuts: readonly number[];
}

export interface Wire {
  readonly fetch: typeof fetch;
  /** What the program has sent, but for reads of the instrumentation's own. */
  readonly requests: readonly string[];
}

/** A program that goes round in circles is stopped after so many requests. */
const MOST_REQUESTS = 60;
/** The SDK makes ids up where the API has forgotten them. */
const MADE_UP = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;

/**
 * A `fetch` without a network that answers every request with the next answer for it, and the last one for ever. The
 * instrumentation's own reads take none of the program's.
 */
export function wireOf(answers: readonly Answer[]): Wire {
  const program = new Queues(answers);
  const ours = new Queues(answers);
  const requests: string[] = [];
  return {
    requests,
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const request = `${init?.method ?? 'GET'} ${url.pathname}`;
      if (isTracingSuppressed(activeContext())) return respond(ours.next(request));
      if (requests.length >= MOST_REQUESTS) throw new Error('Too many requests.');
      requests.push(`${request}${url.search} ${(await textOf(init?.body)).replaceAll(MADE_UP, 'made up')}`);
      return respond(program.next(request));
    },
  };
}

class Queues {
  readonly #queues = new Map<string, Answer[]>();

  constructor(answers: readonly Answer[]) {
    for (const answer of answers) {
      this.#queues.set(answer.request, [...(this.#queues.get(answer.request) ?? []), answer]);
    }
  }

  next(request: string): Answer | undefined {
    const queue = this.#queues.get(request) ?? [];
    return queue.length > 1 ? queue.shift() : queue[0];
  }
}

function respond(answer: Answer | undefined): Response {
  if (answer === undefined) return Response.json({ error: { message: 'Nothing is here.' } }, { status: 404 });
  const { status, type, text, cuts } = answer;
  const headers = { 'content-type': type, 'x-request-id': 'req_1' };
  if (status === 204) return new Response(null, { status, headers });
  return new Response(inPieces(new TextEncoder().encode(text), cuts), { status, headers });
}

function inPieces(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      const end = places.shift();
      if (end === undefined) return controller.close();
      controller.enqueue(bytes.slice(start, end));
      start = end;
    },
  });
}

async function textOf(body: BodyInit | null | undefined): Promise<string> {
  if (typeof body === 'string') return body;
  return body instanceof FormData ? JSON.stringify([...body.keys()]) : '';
}
