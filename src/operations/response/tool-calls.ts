import { arrayField } from '../../payload.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';
import { readToolCall } from './items.ts';

/** Tool calls that are in a response's output, hosted ones included. */
export function readResponseToolCalls(response: unknown): RequestedToolCall[] {
  return arrayField(response, 'output').flatMap((item) => {
    const call = readToolCall(item);
    return call === undefined ? [] : [{ id: call.callId, name: call.name, type: call.tool }];
  });
}
