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

/** The tool calls that the last answer of an agent's model asks for. A resumed run has none until the next answer. */
class RequestedCalls {
  #calls: readonly RequestedToolCall[] = [];
  /** The calls that no span has been matched with yet, in their order. */
  #unanswered: readonly RequestedToolCall[] = [];

  /** Replaces the tool calls with those of a new answer. */
  keep(calls: readonly RequestedToolCall[]): void {
    this.#unanswered = calls;
    this.#calls = calls;
  }

  /** Removes and returns the first unanswered call that fits: the library starts tools in the order of the calls. */
  take(fits: (call: RequestedToolCall) => boolean): RequestedToolCall | undefined {
    const found = this.#unanswered.find(fits);
    this.#unanswered = this.#unanswered.filter((call) => call !== found);
    return found;
  }

  /**
   * The call with this name and these arguments. Returned only if several calls have the name: then the order may not
   * tell which one is meant, because a call that waits for its approval starts later.
   */
  called(name: string, given: string): RequestedToolCall | undefined {
    const calls = this.#calls.filter((call) => toolNameOf(call) === name);
    const fingerprint = fingerprintOf(calls[0]?.name ?? name, given);
    const found = calls.filter((call) => call.fingerprint?.() === fingerprint);
    return calls.length > 1 && fingerprint !== undefined && found.length === 1 ? found[0] : undefined;
  }
}

/** The library's name for the tool that is called. */
export function toolNameOf({ name, namespace }: RequestedToolCall): string {
  // A tool that the model found by a search has its own name as namespace.
  return namespace === undefined || namespace === name ? name : `${namespace}.${name}`;
}

/** What we note about a trace or span of the library, in addition to what the library reports. */
class RecordedNode {
  /** Set only for a trace: what it and everything inside is recorded with. */
  telemetry: Telemetry | undefined;
  operation: ProgramOperation<AgentsStart, AgentsEnd> | undefined;
  /** Set only while a model call is in progress. */
  callStart: { readonly parent: Context; readonly startTime: number } | undefined;
  /** Set only for a trace: the last handoff, until the agent that takes over starts. */
  handoff: { readonly to: string | undefined; readonly from: SpanContext } | undefined;
  /** The number of model calls directly below that have been recorded. */
  modelCalls = 0;
  /** Why the last model call, or the last agent, failed. */
  failure: Failure | undefined;
  /** Whether its errors may quote the error of a tool whose text the library withholds as sensitive data. */
  withholdsText = false;
  /** Counted only for a trace: what all model calls inside have spent. */
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

/** The agent that makes a call. A request without an operation name, such as one for an image, is not the agent's. */
function agentOf(node: AgentsNode, { name }: Operation): AgentsNode | undefined {
  return name === undefined ? undefined : node.agent;
}

/** The agent that makes a call, if the call is one of its model and may ask for tools. */
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

/** Notes the tool calls that an answer asks for, and adds what it has spent to all workflows around it. */
export function noteAnswer(node: AgentsNode, operation: Operation, result: unknown, spent: Spent): void {
  if (result === undefined) return;
  const agent = askingAgent(node, operation);
  if (agent !== undefined) recordOf(agent).requested.keep(operation.toolCalls?.(result) ?? []);
  for (let above: AgentsNode | undefined = node.trace; above !== undefined; above = above.parent?.trace) {
    const workflow = recordOf(above);
    workflow.spent = addSpent(workflow.spent, spent);
  }
}

/** Wraps a record so that `note` is called with its result once it has ended. */
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

/** The place of a call inside a workflow of `@openai/agents`. The workflow learns what the call asks for and spends. */
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
