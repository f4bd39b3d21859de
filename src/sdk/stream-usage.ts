import { notice } from '../diagnostics/report.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import {
  arrayField,
  asObject,
  field,
  isPlainObject,
  numberField,
  objectField,
  textField,
} from '../util/payload.ts';
import { platform } from '../util/platform.ts';
import type { Call } from './call.ts';
import { originOf } from './provider.ts';

/**
 * Adds `stream_options.include_usage` to the request options, unless the program has decided or the server
 * has refused it. The program's own options stay unchanged. Raw responses are left alone, since their body
 * would show the chunk.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
 */
export function askForUsage(call: Call, options: unknown): unknown {
  const body = objectField(options, 'body');
  if (call.rawRequested || field(body, 'stream') !== true || !isPlainObject(body)) return options;
  const streamOptions = field(body, 'stream_options') ?? {};
  if (asObject(streamOptions) === undefined || field(streamOptions, 'include_usage') !== undefined)
    return options;
  if (refusesUsage(call.client)) return options;
  call.apply('usage requested');
  return {
    ...asObject(options),
    body: { ...body, stream_options: { ...asObject(streamOptions), include_usage: true } },
  };
}

/** Every chunk has `usage: null` if the request asked for the usage. */
export function removeNoUsage(chunk: unknown): void {
  if (field(chunk, 'usage') === null) delete (chunk as { usage?: unknown }).usage;
}

/** The extra usage chunk has no choices. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    objectField(chunk, 'usage') !== undefined &&
    Array.isArray(field(chunk, 'choices')) &&
    arrayField(chunk, 'choices').length === 0
  );
}

const REFUSAL_MS = 3_600_000;
const MAX_REFUSING_ORIGINS = 1_000;

/** For each origin that refused `stream_options`: when it is asked again, in monotonic milliseconds. */
const refusing = new BoundedMap<string, number>(MAX_REFUSING_ORIGINS);

function refusesUsage(client: object): boolean {
  const until = refusing.get(originOf(client));
  return until !== undefined && platform.performance.now() < until;
}

/** Call this when a server refused a request with `stream_options` and accepted it without them. */
export function rememberRefusal(client: object): void {
  refusing.set(originOf(client), platform.performance.now() + REFUSAL_MS);
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
