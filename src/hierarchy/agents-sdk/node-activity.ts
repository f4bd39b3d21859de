import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import { fingerprintOf } from '../../operations/tool-calls.ts';
import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../telemetry/cost/usage.ts';
import type { Operation, RequestedToolCall } from '../../telemetry/operation.ts';
import { type Failure, readFailure } from '../../telemetry/outcomes/failure.ts';
import type { OpenRecord, Placement } from '../../telemetry/placement.ts';
import type { ProgramOperation } from '../../telemetry/program-operation.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { stringField } from '../../util/payload.ts';
import type { AgentsEnd, AgentsStart } from '../dialects/agents-sdk.ts';

/** The tool calls that the last answer of an agent's model asks for. A run that is resumed has none until the next answer. */
class RequestedCalls {
  #calls: readonly RequestedToolCall[] = [];
  /** Those that nothing has been recorded for, in their order. */
  #unanswered: readonly RequestedToolCall[] = [];

  /** Takes the tool calls of an answer, in place of those of the one before it. */
  keep(calls: readonly RequestedToolCall[]): void {
    this.#unanswered = calls;
    this.#calls = calls;
  }

  /** The first of those calls that fits, which is answered now: the library starts its tools in their order. */
  take(fits: (call: RequestedToolCall) => boolean): RequestedToolCall | undefined {
    const found = this.#unanswered.find(fits);
    this.#unanswered = this.#unanswered.filter((call) => call !== found);
    return found;
  }

  /** The call with these arguments, if calls of the same name differ in them: one may wait for its approval. */
  called(name: string, given: string): RequestedToolCall | undefined {
    const calls = this.#calls.filter((call) => toolNameOf(call) === name);
    const fingerprint = fingerprintOf(calls[0]?.name ?? name, given);
    const found = calls.filter((call) => call.fingerprint?.() === fingerprint);
    return calls.length > 1 && fingerprint !== undefined && found.length === 1 ? found[0] : undefined;
  }
}

/** The library's name for the tool that is called. */
export function toolNameOf({ name, namespace }: RequestedToolCall): string {
  // A tool that the model has searched for has its own name as namespace.
  return namespace === undefined || namespace === name ? name : `${namespace}.${name}`;
}

/** What is known of a trace or span of the library beside what it reports itself. */
class RecordedNode {
  /** What a trace is recorded with. */
  telemetry: Telemetry | undefined;
  operation: ProgramOperation<AgentsStart, AgentsEnd> | undefined;
  /** Of a call of a model that is in progress. */
  callStart: { readonly parent: Context; readonly startTime: number } | undefined;
  /** Of a trace: the handoff that the next agent takes over from. */
  handoff: { readonly to: string | undefined; readonly from: SpanContext } | undefined;
  /** The model calls directly below, as the clients of `openai` have seen them. */
  modelCalls = 0;
  /** Why the last model call, or the last agent, failed. */
  failure: Failure | undefined;
  /** Whether its errors may quote that of a tool, whose text the library keeps to itself. */
  withholdsText = false;
  /** What everything below has spent. */
  spent: Spent = NOTHING_SPENT;
  readonly requested: RequestedCalls = new RequestedCalls();
}

const recordedNodes = new WeakMap<AgentsNode, RecordedNode>();

export function recordOf(node: AgentsNode): RecordedNode {
  let known = recordedNodes.get(node);
  if (known === undefined) {
    known = new RecordedNode();
    recordedNodes.set(node, known);
  }
  return known;
}

/** The agent that makes a call. A request without an operation, such as one for an image, is not the agent's. */
function agentOf(node: AgentsNode, { name }: Operation): AgentsNode | undefined {
  return name === undefined ? undefined : node.agent;
}

/** The same for the calls of its model, which may ask for tools. */
function askingAgent(node: AgentsNode, operation: Operation): AgentsNode | undefined {
  return node.isModelCall ? agentOf(node, operation) : undefined;
}

export function agentAttributes(node: AgentsNode, operation: Operation): Attributes {
  const name = stringField(agentOf(node, operation)?.data, 'name');
  return name === undefined ? {} : { [ATTR.GEN_AI_AGENT_NAME]: name };
}

export function noteModelCall(node: AgentsNode, { traits }: Operation): void {
  if (traits?.inference === 'chat') recordOf(node).modelCalls++;
}

/** Notes what an answer asks for and has spent: for its workflow, whatever the request was. */
export function noteAnswer(node: AgentsNode, operation: Operation, result: unknown, spent: Spent): void {
  if (result === undefined) return;
  const agent = askingAgent(node, operation);
  if (agent !== undefined) recordOf(agent).requested.keep(operation.toolCalls?.(result) ?? []);
  for (let above: AgentsNode | undefined = node.trace; above !== undefined; above = above.parent?.trace) {
    const workflow = recordOf(above);
    workflow.spent = addSpent(workflow.spent, spent);
  }
}

/** The same record, whose result is noted once it has ended. */
function noting(record: OpenRecord, note: (result: unknown) => void): OpenRecord {
  return {
    context: record.context,
    add: (facts) => record.add(facts),
    addEvent: (name, attributes, time) => record.addEvent(name, attributes, time),
    link: (to) => record.link(to),
    end(outcome, time) {
      record.end(outcome, time);
      note(outcome.result);
    },
    get spent() {
      return record.spent;
    },
  };
}

/** The place of a call inside of a workflow of `@openai/agents`, which gets to know what the call asks for and spends. */
export function placeWithinAgents(place: Placement, node: AgentsNode, operation: Operation): Placement {
  noteModelCall(node, operation);
  return {
    ...place,
    attributes: { ...agentAttributes(node, operation), ...place.attributes },
    onEnd: (call, result, record) => {
      const agent = askingAgent(node, operation);
      if (agent !== undefined) recordOf(agent).failure = call.failed ? readFailure(call.error) : undefined;
      const note = (told: unknown): void => noteAnswer(node, operation, told, record.spent);
      const following = place.onEnd?.(call, result, noting(record, note));
      if (following === 'kept') return following;
      return () => {
        following?.();
        note(result);
      };
    },
  };
}
