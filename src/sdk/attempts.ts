import { MAX_REPEATED, type PayloadObject } from '../util/payload.ts';

/** One HTTP request of a call: the first, or a retry by the SDK. */
export interface Attempt {
  readonly startTime: number;
  /** When the response headers arrived, the request failed, or the SDK gave it up for a retry. */
  endTime: number | undefined;
  status: number | undefined;
  headers: unknown;
  error: unknown;
  /** The URL and the headers may contain API keys. */
  readonly sentURL: unknown;
  readonly sentHeaders: unknown;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

export class Attempts {
  last: Attempt | undefined;
  #earlier: readonly Attempt[] = NO_ATTEMPTS;

  /** At most `MAX_REPEATED` attempts: the first ones and the last. */
  get all(): readonly Attempt[] {
    const { last } = this;
    return last === undefined ? NO_ATTEMPTS : [...this.#earlier, last];
  }

  add(attempt: Attempt): void {
    if (this.last !== undefined && this.#earlier.length < MAX_REPEATED - 1)
      this.#earlier = [...this.#earlier, this.last];
    this.last = attempt;
  }

  release(): void {
    this.last = undefined;
    this.#earlier = NO_ATTEMPTS;
  }
}

export function readResponse(answered: Pick<Attempt, 'status' | 'headers'>, response: unknown): void {
  const { status, headers } = (response ?? {}) as PayloadObject;
  answered.status = typeof status === 'number' ? status : undefined;
  answered.headers = headers;
}
