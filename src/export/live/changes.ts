import type { ServerResponse } from 'node:http';

/** Pages that are told of changes at the same time. */
const MAX_PAGES = 50;
/** Pages are told this long after the first of several changes. */
const ANNOUNCE_DELAY_MS = 200;
/** How often pages are told in any case: what is no longer under way changes by itself. */
const HEARTBEAT_MS = 30_000;

/** Tells open pages, by server-sent events, that there is something new. They ask for what they show. */
export class Changes {
  readonly #pages = new Set<ServerResponse>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #heartbeat = setInterval(() => this.#tell(), HEARTBEAT_MS).unref();

  open(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    const [oldest] = this.#pages;
    if (this.#pages.size >= MAX_PAGES && oldest !== undefined) {
      this.#pages.delete(oldest);
      oldest.end();
    }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    // A page that was away has missed something.
    response.write('retry: 1000\n\ndata: new\n\n');
    this.#pages.add(response);
    response.on('close', () => this.#pages.delete(response));
  }

  announce(): void {
    this.#timer ??= setTimeout(() => this.#tell(), ANNOUNCE_DELAY_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    for (const page of this.#pages) page.end();
  }

  #tell(): void {
    this.#timer = undefined;
    for (const page of this.#pages) page.write('data: new\n\n');
  }
}
