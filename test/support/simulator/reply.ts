/** An answer as the transport sends it; each chunk is written on its own, as a streaming server does. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly (string | Uint8Array)[];
  /** What follows the chunks, as it happens. */
  readonly live?: LiveChunks;
}

/** Ends when its own end comes, or when it is told that nobody listens any more. */
export interface LiveChunks extends AsyncIterable<string> {
  end(): void;
}

/** One server-sent event. A string as `data` goes out as it is, everything else as JSON. */
export interface ServerSentEvent {
  readonly event?: string;
  readonly data: unknown;
}

/** How every stream of the API ends. */
export const DONE = '[DONE]';

interface ReplyOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(body: unknown, options: ReplyOptions = {}): Reply {
  return {
    status: options.status ?? 200,
    headers: { 'content-type': 'application/json', ...options.headers },
    chunks: [JSON.stringify(body)],
  };
}

export function eventStream(events: readonly ServerSentEvent[], options: ReplyOptions = {}): Reply {
  return {
    status: options.status ?? 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', ...options.headers },
    chunks: events.map(formatEvent),
  };
}

export function bytes(content: Uint8Array): Reply {
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, chunks: [content] };
}

export function formatEvent({ event, data }: ServerSentEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`;
}

/** A refusal in the API's own error shape; thrown by whatever handles a request. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, code: string | null = null, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }

  toReply(): Reply {
    const { message, param, code } = this;
    return json({ error: { message, type: 'invalid_request_error', param, code } }, { status: this.status });
  }
}

/** The 404 of the API for an id it does not know. */
export function notFound(kind: string, id: string): RequestError {
  return new RequestError(404, `No ${kind} found with id '${id}'.`);
}

/** The 400 of the API for a body that lacks what it needs. */
export function missing(param: string): RequestError {
  return new RequestError(
    400,
    `Missing required parameter: '${param}'.`,
    'missing_required_parameter',
    param,
  );
}
