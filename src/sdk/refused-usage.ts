import { notice } from '../diagnostics/report.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { monotonic } from '../util/clock.ts';
import { field, numberField, textField } from '../util/payload.ts';
import type { Call } from './call.ts';
import { originOf } from './provider.ts';

const REFUSAL_MS = 3_600_000;
const MAX_REFUSING_ORIGINS = 1_000;

/** When each origin that refused `stream_options` may be asked again, in monotonic milliseconds. */
const refusing = new BoundedMap<string, number>(MAX_REFUSING_ORIGINS);

/** Whether the server rejected `include_usage` less than an hour ago. */
export function refusesUsage(client: object): boolean {
  const until = refusing.get(originOf(client));
  return until !== undefined && monotonic() < until;
}

/** Remembers a server that refused a request with `stream_options` and then took the same request without. */
export function rememberRefusal(client: object): void {
  refusing.set(originOf(client), monotonic() + REFUSAL_MS);
  notice('stream_options_refused');
}

/**
 * Whether the server may have refused the `stream_options` that we added. Servers word that in many ways, so every bad
 * request counts unless the error names another parameter.
 */
export function mayRefuseUsage(call: Call, error: unknown): boolean {
  const status = numberField(error, 'status');
  if (!call.hidesUsage || (status !== 400 && status !== 422)) return false;
  const parameter = textField(error, 'param') ?? textField(field(error, 'error'), 'param');
  return parameter === undefined || parameter.startsWith('stream_options');
}
