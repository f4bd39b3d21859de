import { arrayField, objectField, stringField } from '../../payload.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';

/** Tool calls that a chat completion asks for, of all its choices. */
export function readRequestedToolCalls(completion: unknown): RequestedToolCall[] {
  return arrayField(completion, 'choices')
    .flatMap((choice) => arrayField(objectField(choice, 'message'), 'tool_calls'))
    .flatMap((call) => {
      const called = objectField(call, 'function') ?? objectField(call, 'custom');
      const name = stringField(called, 'name');
      if (name === undefined) return [];
      return [{ id: stringField(call, 'id'), name, type: stringField(call, 'type') ?? 'function' }];
    });
}
