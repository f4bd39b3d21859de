import { parseJson } from '../../telemetry/content/messages.ts';
import type { RequestedToolCall } from '../../telemetry/operation.ts';
import { arrayField, field, first, MAX_REPEATED, objectField, stringField } from '../../util/payload.ts';
import { fingerprintOfCall } from '../tool-call-fingerprint.ts';

/** The first tool calls that a chat completion asks for, of all its choices, in the form that came before them as well. */
export function readRequestedToolCalls(completion: unknown): readonly RequestedToolCall[] {
  const calls = first(arrayField(completion, 'choices'))
    .map((choice) => objectField(choice, 'message'))
    .flatMap((message) => [
      ...first(arrayField(message, 'tool_calls')),
      { function: field(message, 'function_call') },
    ])
    .flatMap(readRequestedToolCall);
  return first(calls);
}

/** Read without an accessor: every chat completion is asked. */
interface ChoiceWithCalls {
  readonly message?: { readonly tool_calls?: unknown } | null;
}

/** How many tool calls of a chat completion's choices are not recorded when they are answered. */
export function countSkippedChatCalls(choices: readonly unknown[]): number {
  let count = 0;
  for (let index = 0; index < choices.length; index++) {
    const calls = (choices[index] as ChoiceWithCalls | null | undefined)?.message?.tool_calls;
    if (Array.isArray(calls)) count += calls.length;
  }
  return count > MAX_REPEATED ? count - MAX_REPEATED : 0;
}

function readRequestedToolCall(call: unknown): RequestedToolCall[] {
  const called = objectField(call, 'function') ?? objectField(call, 'custom');
  const name = stringField(called, 'name');
  if (name === undefined) return [];
  const id = stringField(call, 'id');
  const given = field(called, 'arguments') ?? field(called, 'input');
  const type = stringField(call, 'type') ?? 'function';
  const told = { id, name, type, fingerprint: () => fingerprintOfCall(call, name, given) };
  if (id !== undefined) return [told];
  // A call without an id cannot be matched with the output messages, so its arguments are read here.
  const content = {
    get arguments(): unknown {
      return parseJson(given);
    },
    result: undefined,
  };
  return [{ ...told, content }];
}
