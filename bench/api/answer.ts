/** What the benchmarks' API says to a request: made once, sent as often as it is asked for. */
export interface Answer {
  readonly contentType: 'application/json' | 'text/event-stream';
  /** What arrives in one read each. */
  readonly reads: readonly Uint8Array<ArrayBuffer>[];
}

/** A request as far as the answer depends on it. `path` is without `/v1` and without the query. */
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

/** Server-sent events, several of them in one read, as they come from a busy network. */
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
