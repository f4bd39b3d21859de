import { calledBy, fingerprintOf, fingerprintOfCall, toolCallsOf } from '../../operations/tool-calls.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import type { ToolOutcome } from '../../telemetry/outcomes/tool-outcome.ts';
import { arrayField, field, first, MAX_REPEATED, stringField } from '../../util/payload.ts';
import type { ModelDialect, RequestedCall, ToolResult } from '../dialect.ts';
import { fingerprintOfMessages, lastMessages, once } from '../tool-calls/last-messages.ts';
import { byUniqueId } from './shared-readers.ts';

/** Chat completions, and other calls that have no conversation of their own. */
export const completions: ModelDialect = {
  results: readToolMessages,
  calls: readRequestedCalls,
  finished: finishedPart,
  input: (body) => field(body, 'messages'),
};

function readRequestedCalls(completion: unknown, { content }: { content: boolean }): RequestedCall[] {
  return first(arrayField(completion, 'choices'))
    .flatMap((choice) => first(toolCallsOf(field(choice, 'message'))))
    .slice(0, MAX_REPEATED)
    .flatMap((call) => {
      const id = stringField(call, 'id');
      const called = calledBy(call);
      if (id === undefined || called === undefined) return [];
      const { name, given } = called;
      return {
        call: {
          id,
          name,
          type: stringField(call, 'type') ?? 'function',
          content: content ? { arguments: parseJson(given) } : undefined,
        },
        asksProgram: true,
        fingerprint: () => fingerprintOfCall(call, name, given),
      };
    });
}

function finishedPart(completion: unknown): object {
  const choices = arrayField(completion, 'choices');
  return { choices: choices.filter((choice) => field(choice, 'finish_reason') !== undefined) };
}

/**
 * The results, in a request, of the calls that the model's last message asks for. Older results, which every
 * request repeats, are ignored.
 *
 * @param outcome the outcome of all these calls, since a message does not report it
 */
function readToolMessages(body: unknown, outcome?: ToolOutcome): ToolResult[] {
  const messages = arrayField(body, 'messages');
  const answerIndex = messages.findLastIndex((message) => field(message, 'role') === 'assistant');
  const calls = byUniqueId(toolCallsOf(messages[answerIndex]), (call) => stringField(call, 'id'));
  if (calls.size === 0) return [];
  const question = once(() => fingerprintOfMessages(lastMessages(messages, answerIndex)));
  const answers = messages.slice(answerIndex + 1).filter((message) => field(message, 'role') === 'tool');
  return [...byUniqueId(answers, (answer) => stringField(answer, 'tool_call_id'))].flatMap(
    ([id, message]) => {
      const called = calledBy(calls.get(id));
      if (called === undefined) return [];
      return {
        id,
        repeated: () => ({ name: called.name, fingerprint: fingerprintOf(called.name, called.given) }),
        output: () => parseJson(field(message, 'content')),
        outcome: () => outcome,
        question,
      };
    },
  );
}
