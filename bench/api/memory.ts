import type { Answer, Api } from './answer.ts';

const BASE_URL = 'http://api.test/v1';

/** Options of a client that gets its answers from this process. A socket would cost so much that it hides the rest. */
export interface MemoryApi {
  readonly baseURL: string;
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

export function inMemory(api: Api): MemoryApi {
  return {
    baseURL: BASE_URL,
    fetch: async (url, init) => {
      const [path = ''] = String(url).slice(BASE_URL.length).split('?');
      return responseOf(api({ method: init?.method?.toUpperCase() ?? 'GET', path }), init?.signal);
    },
  };
}

function responseOf({ contentType, reads }: Answer, signal: AbortSignal | null | undefined): Response {
  const headers = { 'content-type': contentType, 'x-request-id': 'req_1', 'openai-processing-ms': '5' };
  const [only] = reads;
  const body = reads.length === 1 && only !== undefined ? only : streamOf(reads, signal);
  return new Response(body, { headers });
}

function streamOf(
  reads: readonly Uint8Array<ArrayBuffer>[],
  signal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (signal?.aborted) return controller.error(signal.reason);
      const read = reads[next++];
      if (read === undefined) controller.close();
      else controller.enqueue(read);
    },
  });
}
