import { arrayField, field, fieldsOf, first, MAX_REPEATED, objectField, stringField } from '../../payload.ts';
import { parseJson } from '../../telemetry/messages.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';

/** The first tool calls that a chat completion asks for, of all its choices, in the form that came before them as well. */
export function readRequestedToolCalls(completion: unknown): readonly RequestedToolCall[] {
  const calls = first(arrayField(completion, 'choices'))
    .map((choice) => objectField(choice, 'message'))
    .flatMap((message) => [
      ...first(arrayField(message, 'tool_calls')),
      { function: field(message, 'function_call') },
    ])
    .flatMap(readToolCall);
  return first(calls);
}

/** How many tool calls of a chat completion's choices are not drawn when they are answered. */
export function countSkippedCalls(choices: readonly unknown[]): number {
  let calls = 0;
  for (let index = 0; index < choices.length; index++) {
    const { tool_calls } = fieldsOf(fieldsOf(choices[index]).message);
    if (Array.isArray(tool_calls)) calls += tool_calls.length;
  }
  return Math.max(0, calls - MAX_REPEATED);
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
