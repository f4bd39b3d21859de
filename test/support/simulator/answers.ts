import { DONE, eventStream, json, type Reply } from './reply.ts';
import type { Delivery, ReceivedRequest } from './server.ts';

/**
 * An answer a test puts in the way of one request.
 *
 * With `status`, `body` or `sse` it replaces the simulator's own answer. Without them the simulator
 * answers as ever and only headers, delays and the break are added; after `before-headers` nothing has happened.
 */
export interface Answer {
  /** Which request it is for; every field that is left out matches. A `path` may leave out `/v1` and the query. */
  readonly when?: { readonly method?: string; readonly path?: string | RegExp };
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a string as it is. */
  readonly body?: unknown;
  readonly sse?: readonly ({ readonly event?: string; readonly data: unknown } | 'done')[];
  /** Milliseconds before the headers. */
  readonly delayMs?: number;
  /** Milliseconds between two events, so that a client can leave in the middle of a stream. */
  readonly eventDelayMs?: number;
  /** After so many events nothing more comes, until the client leaves. */
  readonly holdAfter?: number;
  readonly break?: 'before-headers' | 'mid-body';
}

/** Removes and returns the first queued answer that is for this request. */
export function takeAnswer(queue: Answer[], request: ReceivedRequest): Answer | undefined {
  const index = queue.findIndex((answer) => matches(answer, request));
  return index < 0 ? undefined : queue.splice(index, 1)[0];
}

function matches({ when = {} }: Answer, request: ReceivedRequest): boolean {
  if (when.method !== undefined && when.method.toUpperCase() !== request.method) return false;
  if (when.path === undefined) return true;
  if (when.path instanceof RegExp) return when.path.test(request.path);
  const [withoutQuery = ''] = request.path.split('?');
  return [request.path, withoutQuery, withoutQuery.replace(/^\/v1/, '')].includes(when.path);
}

/** What is sent: the queued answer where there is one, laid over the simulator's own. */
export function applyAnswer(answer: Answer | undefined, ownReply: () => Reply): Delivery {
  if (answer === undefined) return { reply: ownReply() };
  const reply = answer.break === 'before-headers' ? json({}) : (queuedReply(answer) ?? ownReply());
  return {
    reply: { ...reply, headers: { ...reply.headers, ...answer.headers } },
    delayMs: answer.delayMs ?? 0,
    chunkDelayMs: answer.eventDelayMs ?? 0,
    ...(answer.holdAfter !== undefined && { holdAfter: answer.holdAfter }),
    ...(answer.break && { break: answer.break }),
  };
}

function queuedReply(answer: Answer): Reply | undefined {
  const status = answer.status ?? 200;
  if (answer.sse !== undefined) {
    const events = answer.sse.map((event) => (event === 'done' ? { data: DONE } : event));
    return eventStream(events, { status });
  }
  if (typeof answer.body === 'string') {
    return { status, headers: { 'content-type': 'text/plain' }, chunks: [answer.body] };
  }
  if (answer.body !== undefined) return json(answer.body, { status });
  if (answer.status === undefined) return undefined;
  const message = `The simulator was told to answer ${status}.`;
  return json({ error: { message, type: errorType(status), param: null, code: null } }, { status });
}

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
