import { formatEvent } from './reply.ts';

/** The rest of an answer that is not known when it begins: events as they happen, until one side ends it. */
export class LiveEvents implements AsyncIterable<string> {
  readonly #queue: string[] = [];
  #wake: () => void = () => undefined;
  readonly untilIdle: boolean;
  #ended = false;

  /** @param options.untilIdle ends with the turn, as the stream that creates a session does */
  constructor(options: { readonly untilIdle?: boolean } = {}) {
    this.untilIdle = options.untilIdle ?? false;
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(data: unknown): void {
    if (this.#ended) return;
    this.#queue.push(formatEvent({ data }));
    this.#wake();
  }

  /** What has been sent still goes out. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
