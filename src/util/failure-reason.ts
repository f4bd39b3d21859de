import { field } from './payload.ts';

/** The reason if a server does not answer in time. */
export const NO_ANSWER = 'timeout';
export const REFUSED_CONNECTION = 'ECONNREFUSED';

/** Why an export failed: an error's code, its class, or a status. Never a message, which may quote data. */
export function failureReason(error: unknown, depth = 0): string {
  const code = field(error, 'code') ?? field(error, 'statusCode');
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  if (typeof code === 'number' && code >= 300) return `HTTP ${code}`;
  if (typeof code === 'number' && code > 0 && code <= 16) return `gRPC ${code}`;
  const inner = field(error, 'cause') ?? field(field(error, 'errors'), 0);
  if (depth < 3 && inner !== undefined) return failureReason(inner, depth + 1);
  // Exporters report these two reasons only in the message.
  const message = String(field(error, 'message'));
  if (/retryable status/.test(message)) return 'HTTP 429, 502, 503 or 504';
  if (/tim(?:ed? ?out|eout)/i.test(message)) return NO_ANSWER;
  return error instanceof Error ? error.name : 'unknown error';
}
