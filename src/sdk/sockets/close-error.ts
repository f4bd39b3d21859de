import { field, textField } from '../../util/payload.ts';

/** What the package `ws` says about a server that refuses the connection. */
const REFUSED = /^Unexpected server response: (\d{3})$/;

/** The error of what was under way when a socket closed: what the connection broke with, else that it closed. */
export function closeError(error: unknown, code: number | undefined): object {
  const status = REFUSED.exec(textField(error, 'message') ?? '')?.[1];
  if (status !== undefined) return { code: status, message: textField(error, 'message') };
  if (typeof field(error, 'code') === 'string') return error as object;
  return {
    code: 'connection_closed',
    message: `The WebSocket closed${code === undefined ? '' : ` with ${code}`}.`,
  };
}
