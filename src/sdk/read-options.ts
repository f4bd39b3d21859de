import { asName, field, fieldsOf } from '../util/payload.ts';
import type { Call } from './call.ts';

/** Reads the SDK's final request options into the call. */
export function readOptions(call: Call, options: unknown): void {
  const { method, path, body, query, stream, headers, signal, __metadata } = fieldsOf(options);
  call.method = asName(method)?.toUpperCase() ?? '';
  call.path = typeof path === 'string' ? path : '';
  call.body = body;
  call.query = query;
  call.sdkMetadata = __metadata;
  call.streamed = typeof stream === 'boolean' ? stream : field(body, 'stream') === true;
  call.requestHeaders = headers;
  call.signal = signal;
}
