import { arrayField, asObject, field, isPlainObject, objectField } from '../util/payload.ts';
import type { Call } from './call.ts';
import { refusesUsage } from './refused-usage.ts';

/**
 * Adds `stream_options.include_usage` to the request options if the observer wants usage and the caller has not
 * decided. The program's own options stay unchanged. Raw responses are left alone, since their body would show the chunk.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
 */
export function askForUsage(call: Call, options: unknown): unknown {
  const body = objectField(options, 'body');
  // Without ` || call.rawRequested`, the body of a raw response shows the chunk.
  // Without ` || !isPlainObject(body)`, a body of a class loses all but its own fields.
  if (!call.wantsUsage || call.rawRequested || field(body, 'stream') !== true || !isPlainObject(body))
    return options;
  const streamOptions = field(body, 'stream_options') ?? {};
  // Without ` || field(streamOptions, 'include_usage') !== undefined`, a caller that asked for the chunk does not get it.
  if (asObject(streamOptions) === undefined || field(streamOptions, 'include_usage') !== undefined)
    return options;
  // Without this, a server that refuses to be asked gets each request twice.
  if (refusesUsage(call.client)) return options;
  call.hidesUsage = true;
  return {
    ...asObject(options),
    body: { ...body, stream_options: { ...asObject(streamOptions), include_usage: true } },
  };
}

/** Removes the `usage: null` that every chunk has when the stream was asked for its usage. */
export function removeNoUsage(chunk: unknown): void {
  if (field(chunk, 'usage') === null) delete (chunk as { usage?: unknown }).usage;
}

/** Whether this is the extra usage chunk, which has no choices. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    objectField(chunk, 'usage') !== undefined &&
    Array.isArray(field(chunk, 'choices')) &&
    arrayField(chunk, 'choices').length === 0
  );
}
