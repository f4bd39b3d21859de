import { readHeader } from '../util/headers.ts';
import { asName, field, fieldsOf, stringField } from '../util/payload.ts';
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

const TOOL_RUNNERS: ReadonlySet<string | undefined> = new Set(['runTools', 'runFunctions']);

/** Whether a runner of the SDK sent a request: it runs the functions that the model asks for. */
export function isToolRunner({ requestHeaders, sdkMetadata }: Call): boolean {
  const helper =
    stringField(sdkMetadata, 'helperMethod') ?? readHeader(requestHeaders, 'X-Stainless-Helper-Method');
  return TOOL_RUNNERS.has(helper);
}
