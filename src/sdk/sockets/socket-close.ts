import { field, textField } from '../../util/payload.ts';
import type { SocketClose } from './socket.ts';

/** What the package `ws` says about a server that refuses the connection. */
const REFUSED = /^Unexpected server response: (\d{3})$/;

/** Closes that both sides wanted: as agreed, going away, without a code. */
const ORDERLY_CLOSES: ReadonlySet<number> = new Set([1000, 1001, 1005]);

interface ClosedConnection extends Pick<SocketClose, 'code' | 'byProgram' | 'isLate'> {
  /** What the SDK has reported before. */
  readonly error: unknown;
  readonly hasFailed: boolean;
}

export function closeOf({ code, byProgram, isLate, error, hasFailed }: ClosedConnection): SocketClose {
  const isOrderly = code === undefined ? isLate && !hasFailed : ORDERLY_CLOSES.has(code);
  return { code, byProgram, isLate, isFailure: !byProgram && !isOrderly, error: closeError(error, code) };
}

/** The error of what was under way when a socket closed: what the connection broke with, else that it closed. */
function closeError(error: unknown, code: number | undefined): object {
  const status = REFUSED.exec(textField(error, 'message') ?? '')?.[1];
  if (status !== undefined) return { code: status, message: textField(error, 'message') };
  if (typeof field(error, 'code') === 'string') return error as object;
  return {
    code: 'connection_closed',
    message: `The WebSocket closed${code === undefined ? '' : ` with ${code}`}.`,
  };
}
