import type { PayloadObject } from '../util/payload.ts';

/** One HTTP request of a call. A call has several when the SDK retries. */
export interface Attempt {
  readonly startTime: number;
  /** When the response headers arrived, the request failed, or the SDK gave it up for a retry. */
  endTime: number | undefined;
  status: number | undefined;
  /** Response headers, kept until the call settles. */
  headers: unknown;
  error: unknown;
}

/** Reads status and headers of a response into a call or an attempt. */
export function readResponse(answered: Pick<Attempt, 'status' | 'headers'>, response: unknown): void {
  const { status, headers } = (response ?? {}) as PayloadObject;
  answered.status = typeof status === 'number' ? status : undefined;
  answered.headers = headers;
}

export function dropPayloads(attempt: Attempt): void {
  attempt.headers = attempt.error = undefined;
}
