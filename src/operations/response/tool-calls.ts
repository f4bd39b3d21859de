import type { RequestedToolCall } from '../../telemetry/operation.ts';
import { arrayField, first, MAX_READ } from '../../util/payload.ts';
import { fingerprintOfItem } from '../tool-call-fingerprint.ts';
import { readResponseToolCall } from './items.ts';

/** The first tool calls that are in a response's output, hosted ones included. */
export function readResponseToolCalls(response: unknown): readonly RequestedToolCall[] {
  const calls = first(arrayField(response, 'output'), MAX_READ).flatMap((item) => {
    const call = readResponseToolCall(item);
    if (call === undefined) return [];
    const { callId: id, name, namespace, tool: type } = call;
    return [{ id, name, namespace, type, fingerprint: () => fingerprintOfItem(call, item) }];
  });
  return first(calls);
}
