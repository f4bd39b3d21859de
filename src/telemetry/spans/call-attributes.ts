import type { Attributes } from '@opentelemetry/api';
import type { Call } from '../../sdk/call.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { readHeader } from '../../util/headers.ts';
import { asName, field, stringField } from '../../util/payload.ts';

/** The attributes of the HTTP side of any call, apart from its rate limits. */
export function callAttributes(call: Call): Attributes {
  const attributes: Attributes = {};
  // The SDK puts the id on its results; reading a header is slower.
  const requestId =
    stringField(call.value, '_request_id') ?? asName(readHeader(headersOf(call), 'x-request-id'));
  if (requestId !== undefined) attributes[ATTR.OPENAI_REQUEST_ID] = requestId;
  if (call.streamEnd !== undefined) {
    attributes[ATTR.OPENAI_STREAM_CHUNK_COUNT] = call.chunkCount;
    attributes[ATTR.OPENAI_STREAM_END] = call.streamEnd;
    addChunkGaps(attributes, call);
  } else if (isUnread(call)) {
    attributes[ATTR.OPENAI_RESPONSE_PARSED] = false;
  }
  return attributes;
}

/** The seconds between chunks, on average and at most. */
function addChunkGaps(attributes: Attributes, call: Call): void {
  const { chunkCount, firstChunkTime = 0, lastChunkTime = 0 } = call;
  if (chunkCount < 2) return;
  attributes[ATTR.OPENAI_STREAM_CHUNK_GAP_MEAN] = (lastChunkTime - firstChunkTime) / (chunkCount - 1) / 1e3;
  attributes[ATTR.OPENAI_STREAM_CHUNK_GAP_MAX] = call.longestChunkGap / 1e3;
}

/** The response headers. Those of an error response come with the error. */
export function headersOf(call: Call): unknown {
  return call.headers ?? field(call.error, 'headers');
}

/** Whether a shutdown ended the call before it was over, so its duration is unknown. */
export function isCutShort({ outcome, streamed, read, requested, headersTime }: Call): boolean {
  return outcome === 'interrupted' && (headersTime === 0 || (streamed ? read : requested));
}

/** Whether the SDK never parsed the response: it was raw, abandoned, or interrupted by a shutdown. */
function isUnread({ outcome }: Call): boolean {
  return outcome === 'raw' || outcome === 'abandoned' || outcome === 'interrupted';
}
