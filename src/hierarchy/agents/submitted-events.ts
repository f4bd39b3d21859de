import type { Message } from '../../config/completion-types.ts';
import { readToolOutcome } from '../../telemetry/tool-outcome.ts';
import { arrayField, field, stringField } from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';
import { readFunctionOutput, readSessionInput } from './content.ts';

const INPUT = 'agent.session.input.';

/** The input of a request that submits events to a session. */
interface SubmittedEvents {
  /** The user messages, with their content if content is recorded. */
  readonly messages: readonly (Message | undefined)[];
  readonly outputs: readonly ToolOutput[];
  /** The turn that the request names. */
  readonly turnId: string | undefined;
}

export function readSubmittedEvents(body: unknown, content: boolean): SubmittedEvents {
  const events = arrayField(body, 'events');
  const ofType = (type: string): unknown[] => events.filter((event) => field(event, 'type') === INPUT + type);
  return {
    messages: ofType('message').flatMap((event) => readSessionInput(field(event, 'input'), content)),
    outputs: ofType('tool_result').flatMap((event) => readSubmittedOutput(event, content)),
    turnId: events.map((event) => stringField(event, 'turn_id')).find((id) => id !== undefined),
  };
}

function readSubmittedOutput(event: unknown, content: boolean): ToolOutput[] {
  const callId = stringField(event, 'call_id');
  if (callId === undefined) return [];
  const output = content ? readFunctionOutput(field(event, 'output')) : undefined;
  return [{ invocationId: stringField(event, 'turn_id'), callId, output, outcome: readToolOutcome(event) }];
}
