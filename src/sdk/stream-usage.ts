import { arrayField, asObject, field, objectField } from '../util/payload.ts';
import type { Call } from './call.ts';
import { isPlain } from './reflect.ts';

/**
 * The request options with `stream_options.include_usage`, where the call's observer wants to know what a stream has
 * spent and the caller did not say whether it does. What the program
 * passed stays as it is. A raw response is left alone too, for its body would show the chunk.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
 */
export function askForUsage(call: Call, options: unknown): unknown {
  const body = objectField(options, 'body');
  // guard ` || call.rawRequested`: the body of a raw response shows the chunk
  // guard ` || !isPlain(body)`: a body that is more than its fields loses the rest
  if (!call.wantsUsage || call.rawRequested || field(body, 'stream') !== true || !isPlain(body))
    return options;
  const streamOptions = field(body, 'stream_options') ?? {};
  // guard ` || field(streamOptions, 'include_usage') !== undefined`: who asked for the chunk does not get it
  if (asObject(streamOptions) === undefined || field(streamOptions, 'include_usage') !== undefined)
    return options;
  call.hidesUsage = true;
  return {
    ...asObject(options),
    body: { ...body, stream_options: { ...asObject(streamOptions), include_usage: true } },
  };
}

/** Takes off a chunk what it has only because the stream was asked for its usage: OpenAI's then all say `null`. */
export function removeNoUsage(chunk: unknown): void {
  if (field(chunk, 'usage') === null) delete (chunk as { usage?: unknown }).usage;
}

/** The chunk that a stream has only because it was asked for its usage: it has no choices. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    objectField(chunk, 'usage') !== undefined &&
    Array.isArray(field(chunk, 'choices')) &&
    arrayField(chunk, 'choices').length === 0
  );
}
