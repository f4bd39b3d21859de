/** An answer of the benchmarks' API. It is made once, and sent for each request. */
export interface Answer {
  readonly contentType: 'application/json' | 'text/event-stream';
  /** The body. The client receives each element in one read. */
  readonly reads: readonly Uint8Array<ArrayBuffer>[];
}

/** The part of a request on which the answer depends. `path` has neither `/v1` nor a query. */
export interface AskedFor {
  readonly method: string;
  readonly path: string;
}

export type Api = (request: AskedFor) => Answer;

const EVENTS_IN_A_READ = 8;
const encoder = new TextEncoder();

export function json(value: unknown): Answer {
  return { contentType: 'application/json', reads: [encoder.encode(JSON.stringify(value))] };
}

/** Server-sent events. One read has several of them, as on a busy network. */
export function events(values: readonly unknown[]): Answer {
  const texts = [...values.map((value) => JSON.stringify(value)), '[DONE]'].map(
    (data) => `data: ${data}\n\n`,
  );
  const reads: Uint8Array<ArrayBuffer>[] = [];
  for (let first = 0; first < texts.length; first += EVENTS_IN_A_READ) {
    reads.push(encoder.encode(texts.slice(first, first + EVENTS_IN_A_READ).join('')));
  }
  return { contentType: 'text/event-stream', reads };
}
