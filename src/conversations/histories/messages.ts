import { arrayField, field, first, MAX_REPEATED, objectField, stringField } from '../../payload.ts';
import { parseJson } from '../../telemetry/messages.ts';
import type { ItemCall } from '../responses/items.ts';

/** The tool calls that a chat completion asks the program for. */
export function readAskedCalls(completion: unknown, options: { content: boolean }): ItemCall[] {
  return first(arrayField(completion, 'choices'))
    .flatMap((choice) => first(arrayField(objectField(choice, 'message'), 'tool_calls')))
    .slice(0, MAX_REPEATED)
    .flatMap((call) => {
      const id = stringField(call, 'id');
      const called = objectField(call, 'function') ?? objectField(call, 'custom');
      const name = stringField(called, 'name');
      if (id === undefined || name === undefined) return [];
      const given = parseJson(field(called, 'arguments') ?? field(called, 'input'));
      return {
        itemId: undefined,
        call: {
          id,
          name,
          type: stringField(call, 'type') ?? 'function',
          imageCount: undefined,
          resultCount: undefined,
          content: options.content
            ? { arguments: given, result: undefined, query: undefined, documents: [] }
            : undefined,
        },
        asksProgram: true,
        failure: undefined,
      };
    });
}

/** Outputs of tool calls in the history that a request brings, by the id of the call; old ones come again. */
export function readToolMessages(body: unknown, options: { content: boolean }): Map<string, unknown> {
  const outputs = new Map<string, unknown>();
  for (const message of arrayField(body, 'messages')) {
    const id = stringField(message, 'role') === 'tool' ? stringField(message, 'tool_call_id') : undefined;
    if (id !== undefined) outputs.set(id, options.content ? parseJson(field(message, 'content')) : undefined);
  }
  return outputs;
}

/** User messages since the model last spoke: those before were counted with the request that brought them. */
export function countNewUserMessages(body: unknown): number {
  const messages = arrayField(body, 'messages');
  const lastAnswer = messages.findLastIndex((message) => field(message, 'role') === 'assistant');
  return messages.slice(lastAnswer + 1).filter((message) => field(message, 'role') === 'user').length;
}
