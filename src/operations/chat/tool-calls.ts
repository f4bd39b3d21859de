import { arrayField, field, objectField, stringField } from '../../payload.ts';
import { parseJson } from '../../telemetry/messages.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';

/** Tool calls that a chat completion asks for, of all its choices, in the form that came before them as well. */
export function readRequestedToolCalls(completion: unknown): RequestedToolCall[] {
  return arrayField(completion, 'choices')
    .map((choice) => objectField(choice, 'message'))
    .flatMap((message) => [
      ...arrayField(message, 'tool_calls'),
      { function: field(message, 'function_call') },
    ])
    .flatMap(readToolCall);
}

function readToolCall(call: unknown): RequestedToolCall[] {
  const called = objectField(call, 'function') ?? objectField(call, 'custom');
  const name = stringField(called, 'name');
  if (name === undefined) return [];
  const id = stringField(call, 'id');
  const told = { id, name, type: stringField(call, 'type') ?? 'function' };
  if (id !== undefined) return [told];
  // Without an id nothing finds its arguments among the output messages; they are read where they are told.
  const content = {
    get arguments(): unknown {
      return parseJson(field(called, 'arguments') ?? field(called, 'input'));
    },
    result: undefined,
  };
  return [{ ...told, content }];
}
