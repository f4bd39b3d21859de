import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import { define, defined } from '../../operations/attributes.ts';
import { fingerprintOf } from '../../operations/tool-calls.ts';
import { type AgentsListener, NO_TRACE_ID } from '../../sdk/agents-sdk/agents-source.ts';
import { type AgentsNode, agentsNodeIn, contextBelow } from '../../sdk/agents-sdk/node.ts';
import { sessionIn } from '../../sdk/agents-sdk/runner.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  addSpent,
  NO_TOTALS,
  NOTHING_SPENT,
  type Spent,
  totalAttributes,
} from '../../telemetry/cost/usage.ts';
import { findEvaluated } from '../../telemetry/evaluations/evaluated-spans.ts';
import type { ApiRequest, Operation, RequestedToolCall } from '../../telemetry/operation.ts';
import { type Failure, readThrown } from '../../telemetry/outcomes/failure.ts';
import { outcomeAttributes } from '../../telemetry/outcomes/tool-outcome.ts';
import type { Placement } from '../../telemetry/placement.ts';
import { ProgramOperation } from '../../telemetry/program-operation.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { LastingClock } from '../../util/clock.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { arrayField, row, stringField, textField } from '../../util/payload.ts';
import { conversationIn, inTraceOf } from '../conversations/conversation-id.ts';
import {
  type AgentsEnd,
  type AgentsStart,
  DEFAULT_WORKFLOW,
  morePrecise,
  REPORTED_CALLS,
  readAgentsFailure,
  readAgentsToolOutcome,
  readEnd,
  readStart,
} from '../dialects/agents-sdk.ts';
import { requestTo } from '../dialects/shared-readers.ts';
import { spanContextIn, traceContextOf } from '../processes/metadata.ts';
import { AgentCalls } from './agent-calls.ts';

function toolNameOf({ name, namespace }: RequestedToolCall): string {
  // A tool that the model found by a search has its own name as namespace.
  return namespace === undefined || namespace === name ? name : `${namespace}.${name}`;
}

class RecordedNode {
  /** Set only for a trace: the telemetry of the trace and of everything inside. */
  telemetry: Telemetry | undefined;
  operation: ProgramOperation<AgentsStart, AgentsEnd> | undefined;
  /** Set only while a model call is in progress. */
  callStart:
    | { readonly parent: Context; readonly startTime: number; readonly clock: LastingClock }
    | undefined;
  /** Set only for a trace: the last handoff, until the agent that takes over starts. */
  handoff: { readonly to: string | undefined; readonly from: SpanContext } | undefined;
  /** Whether a model call directly below is recorded, or ignored by the hook of the program. */
  hasModelCall = false;
  failure: Failure | undefined;
  /**
   * Whether the node's errors may quote the text of a tool's error, which `@openai/agents` withholds as
   * sensitive.
   */
  withholdsText = false;
  /** Set only for a trace or an agent: the usage and cost of all model calls inside. */
  spent: Spent = NOTHING_SPENT;
  /** Set only for an agent: its own model calls. */
  calls: AgentCalls = new AgentCalls();
  /** The last tool calls of an agent that no function has answered. A resumed run begins without any. */
  requested: readonly RequestedToolCall[] = [];

  get keepsContent(): boolean {
    return this.operation?.record.mayHaveContent === true;
  }
}

export function recordOf(node: AgentsNode): RecordedNode {
  node.notes ??= new RecordedNode();
  return node.notes as RecordedNode;
}

/** The agent whose own model is called. Other calls in an agent, such as for an image, are the program's. */
function askingAgent(node: AgentsNode, { traits }: Operation): AgentsNode | undefined {
  return node.isModelCall && traits?.inference === 'chat' ? node.agent : undefined;
}

/** A request that is no operation is not the agent's. */
function agentAttributes({ agentName }: AgentsNode, { name }: Operation): Attributes {
  return defined({ [ATTR.GEN_AI_AGENT_NAME]: name === undefined ? undefined : agentName });
}

function noteAsked(node: AgentsNode, operation: Operation, request: ApiRequest): void {
  const agent = askingAgent(node, operation);
  if (agent === undefined) return;
  const { calls, keepsContent } = recordOf(agent);
  calls.asked(request, keepsContent);
}

function noteAnswered(node: AgentsNode, operation: Operation, result: unknown, spent: Spent): void {
  if (result === undefined) return;
  const agent = askingAgent(node, operation);
  if (agent !== undefined) {
    const recorded = recordOf(agent);
    recorded.requested = operation.toolCalls?.(result) ?? [];
    recorded.calls.answered(operation, result);
  }
  for (let above: AgentsNode | undefined = node; above !== undefined; above = above.parent) {
    if (above.type !== 'trace' && above.type !== 'agent') continue;
    const around = recordOf(above);
    around.spent = addSpent(around.spent, spent);
  }
}

export function placeWithinAgents(
  place: Placement,
  node: AgentsNode,
  operation: Operation,
  request: ApiRequest,
): Placement {
  if (operation.traits?.inference === 'chat') recordOf(node).hasModelCall = true;
  noteAsked(node, operation, request);
  return {
    ...place,
    onFact: place.onFact && ((...fact) => place.onFact?.(...fact)),
    attributes: { ...agentAttributes(node, operation), ...place.attributes },
    onEnd: (call, result, record, answerEnd) => {
      const agent = askingAgent(node, operation);
      if (agent !== undefined) recordOf(agent).failure = call.failed ? readThrown(call.error) : undefined;
      return place.onEnd?.(call, result, record, answerEnd);
    },
    beforeEnd: (_, result, spent) => noteAnswered(node, operation, result, spent),
  };
}

const MAX_TRACES = 1_000;
/** A run may wait for a day until a person approves a tool. */
const TRACE_LIFETIME_MS = 24 * 60 * 60_000;

export class Workflows implements AgentsListener {
  readonly #telemetryNow: () => Telemetry | undefined;
  /** The newest span of each trace, by the id that `@openai/agents` gives to the trace. */
  readonly #known = new BoundedMap<string, SpanContext>(MAX_TRACES, undefined, TRACE_LIFETIME_MS);

  constructor(telemetry: () => Telemetry | undefined) {
    this.#telemetryNow = telemetry;
  }

  prepare(): void {
    this.#telemetryNow();
  }

  started(node: AgentsNode): void {
    const start = readStart(node.type, node.data);
    const active = activeContext();
    if (isSuppressed(active)) return;
    const recorded = recordOf(node);
    // The first span of a trace or agent that is resumed has counted what came before.
    recorded.spent = NOTHING_SPENT;
    recorded.calls = new AgentCalls();
    if (row(REPORTED_CALLS, node.type) !== undefined) {
      const clock = new LastingClock();
      recorded.callStart = { parent: contextFor(node, active), startTime: clock.now(), clock };
    }
    if (start === undefined) return;
    if (node.type === 'trace') {
      const outer = isInside(node) ? node.parent?.trace : undefined;
      recorded.telemetry = outer === undefined ? this.#telemetryNow() : recordOf(outer).telemetry;
      if (outer !== undefined) return;
    }
    const { telemetry } = recordOf(node.trace);
    if (telemetry === undefined) return;
    nameConversation(node, active);
    const parent = contextFor(node, active);
    const links = this.#linksOf(node);
    const attributes = idsAround(node, parent);
    const operation = inTraceOf(sharedTraceOf(node), () => {
      const place = { parent, links, attributes };
      return new ProgramOperation(telemetry, { operation: start.operation, request: start, place });
    });
    recorded.operation = operation;
    node.record(operation.record.span, parent);
    if (telemetry.settings.propagateInMetadata && node.recorded !== undefined)
      node.addMetadata?.(traceContextOf(node.recorded.context));
  }

  ended(node: AgentsNode): void {
    recordUnseenCall(node);
    if (withholdsText(node))
      for (let around: AgentsNode | undefined = node; around !== undefined; around = around.parent)
        recordOf(around).withholdsText = true;
    const recorded = recordOf(node);
    const { operation, spent, calls } = recorded;
    if (operation === undefined) return;
    recorded.operation = undefined;
    const result = endOf(node);
    const { toolName, attributes } = result;
    const { record } = operation;
    const call = answeredCall(node, toolName);
    const name = node.type === 'handoff' ? (call?.name ?? toolName) : undefined;
    define(attributes, ATTR.GEN_AI_TOOL_NAME, name);
    define(attributes, ATTR.GEN_AI_TOOL_CALL_ID, call?.id);
    if (node.type === 'trace' || node.type === 'agent')
      Object.assign(attributes, totalAttributes({ ...NO_TOTALS, ...spent }));
    if (node.type === 'agent')
      record.telemetry.metrics.recordAgentCalls(calls, record.attributes, record.context);
    const failure = failureOfNode(node);
    // If nothing else shows how a trace ended, its last agent does.
    if (node.type === 'agent') recordOf(node.trace).failure = failure;
    const outcome =
      node.type === 'function' ? readAgentsToolOutcome(node.data, node.error, failure) : undefined;
    if (name !== undefined) record.rename(`execute_tool ${name}`);
    operation.end({
      attributes: { ...attributes, ...outcomeAttributes(outcome) },
      result,
      failure: outcome === undefined ? failure : outcome.failure,
      isUntimed: outcome?.ran === false,
    });
    this.#remember(node, record.span.spanContext());
  }

  #remember(node: AgentsNode, span: SpanContext): void {
    if (node.type === 'handoff')
      recordOf(node.trace).handoff = { to: stringField(node.data, 'to_agent'), from: span };
    const id = node.type === 'trace' ? recordedTraceId(node) : undefined;
    if (id !== undefined) this.#known.set(id, span);
  }

  /** The last span of a resumed trace, if another process has noted that span in the trace's metadata. */
  #earlierElsewhere(trace: AgentsNode): SpanContext | undefined {
    const reads = recordOf(trace).telemetry?.settings.propagateInMetadata === true;
    return reads ? spanContextIn(trace.data, false) : undefined;
  }

  #linksOf(node: AgentsNode): Link[] {
    if (node.type === 'agent') {
      const workflow = recordOf(node.trace);
      const { handoff } = workflow;
      if (handoff === undefined || handoff.to !== stringField(node.data, 'name')) return [];
      workflow.handoff = undefined;
      return [{ context: handoff.from }];
    }
    const id = node.type === 'trace' ? recordedTraceId(node) : undefined;
    const earlier = id === undefined ? undefined : (this.#known.get(id) ?? this.#earlierElsewhere(node));
    return earlier === undefined ? [] : [{ context: earlier }];
  }
}

/**
 * Notes which conversation a workflow or agent is part of: the group of its trace, or else the session of its
 * run. Each agent has a note, because the runs within one trace may have different sessions.
 */
function nameConversation(node: AgentsNode, active: Context): void {
  if (node.type !== 'trace' && node.type !== 'agent') return;
  node.ownConversationId = groupOf(node.trace) ?? sessionIn(active) ?? node.ownConversationId;
}

function groupOf({ data, parent }: AgentsNode): string | undefined {
  return stringField(data, 'groupId') ?? (parent && groupOf(parent.trace));
}

function failureOfNode(node: AgentsNode): Failure | undefined {
  const { withholdsText: isWithheld, failure } = recordOf(node);
  const withholds = isWithheld || node.trace.hidesTools;
  const own = morePrecise(readAgentsFailure(node.error, node.thrown, !withholds), failure);
  return own ?? (node.type === 'trace' && !node.isFollowed ? failure : undefined);
}

/**
 * Whether `@openai/agents` withholds the text of a tool's error as sensitive data. If so, it also withholds
 * the tool's input. Where tools have no spans, every thrown error counts as withheld.
 */
function withholdsText({ type, data, error, thrown, hidesTools }: AgentsNode): boolean {
  if (hidesTools) return thrown !== undefined;
  return type === 'function' && error !== undefined && textField(data, 'input') === undefined;
}

/**
 * The tool call that a function or handoff answers. A handoff answers the call with its name, or else the
 * first that names no tool of the agent. A function answers the call with its name or, of several, the one
 * with its arguments: a call that waits for approval starts later, so their order says nothing.
 */
function answeredCall({ type, data, agent }: AgentsNode, toolName: unknown): RequestedToolCall | undefined {
  if (agent === undefined) return undefined;
  const recorded = recordOf(agent);
  const { requested } = recorded;
  if (type === 'handoff') {
    const tools = arrayField(agent.data, 'tools');
    return (
      requested.find((call) => toolNameOf(call) === toolName) ??
      requested.find((call) => call.type === 'function' && !tools.includes(call.name))
    );
  }
  if (type !== 'function') return undefined;
  const alike = requested.filter((call) => toolNameOf(call) === data.name);
  let [found] = alike;
  if (found !== undefined && alike.length > 1) {
    const given = textField(data, 'input');
    const fingerprint = given === undefined ? undefined : fingerprintOf(found.name, given);
    found = alike.find((call) => fingerprint !== undefined && call.fingerprint?.() === fingerprint);
  }
  recorded.requested = requested.filter((call) => call !== found);
  return found;
}

/**
 * The id from which the trace id of a workflow without a parent can be derived: its conversation, or else the
 * trace id of `@openai/agents`. A run that is resumed in another process is then in the same trace.
 */
function sharedTraceOf(node: AgentsNode): string | undefined {
  if (node.type !== 'trace') return undefined;
  return node.conversationId ?? recordedTraceId(node);
}

/** A trace inside another one that has no name of its own gets no span. */
function isInside(trace: AgentsNode): boolean {
  const name = stringField(trace.data, 'name') ?? DEFAULT_WORKFLOW;
  return trace.parent?.open !== undefined && name === DEFAULT_WORKFLOW;
}

function contextFor(node: AgentsNode, active: Context): Context {
  const above = node.parent?.nearest;
  if (above === undefined || agentsNodeIn(active)?.open === above) return active;
  return above.recorded?.context ?? active;
}

/** What `@openai/agents` tells at the end, and what only the model calls of the agent show. */
function endOf(node: AgentsNode): AgentsEnd {
  const end = readEnd(node.type, node.data);
  if (node.agent === undefined) return end;
  const { calls } = recordOf(node.agent);
  if (node.type === 'agent')
    return {
      ...end,
      attributes: { ...end.attributes, ...calls.attributes },
      content: () => ({ toolDefinitions: calls.toolDefinitions }),
    };
  if (node.type !== 'function') return end;
  const tool = String(node.data.name);
  // The library puts the namespace of a tool before its name.
  const described = (): Attributes => ({
    [ATTR.GEN_AI_TOOL_DESCRIPTION]: calls.toolDefinitions.find(
      ({ name }) => tool === name || tool.endsWith(`.${name}`),
    )?.description,
  });
  return { ...end, content: () => ({ ...end.content(), parameters: described() }) };
}

function idsAround(node: AgentsNode, parent: Context): Attributes {
  return defined({
    [ATTR.OPENAI_AGENTS_TRACE_ID]: recordedTraceId(node.trace),
    [ATTR.GEN_AI_CONVERSATION_ID]: conversationIn(contextBelow(parent, node, undefined)),
    [ATTR.GEN_AI_AGENT_NAME]: node.agentName,
  });
}

function recordedTraceId(trace: AgentsNode): string | undefined {
  const id = stringField(trace.data, 'traceId');
  return id === NO_TRACE_ID ? undefined : id;
}

/**
 * Records a model call that `@openai/agents` made without a client of `openai`: over its own WebSocket, or
 * with another package. `@openai/agents` reports the request and the answer when the call ends.
 */
function recordUnseenCall(node: AgentsNode): void {
  const recorded = recordOf(node);
  const { callStart, hasModelCall } = recorded;
  const { telemetry } = recordOf(node.trace);
  recorded.callStart = undefined;
  if (callStart === undefined || telemetry === undefined || hasModelCall) return;
  const { parent, startTime, clock } = callStart;
  const failure = failureOfNode(node);
  const reported = row(REPORTED_CALLS, node.type)?.(node.data);
  if (reported === undefined) return;
  const { operation, path, body, result, provider } = reported;
  if (isSeen(result, startTime)) return;
  const request = requestTo(path, body);
  noteAsked(node, operation, request);
  const endpoint: Endpoint = { origin: '', provider, address: undefined, port: undefined };
  const place = {
    parent,
    attributes: { ...agentAttributes(node, operation), [ATTR.OPENAI_AGENTS_SPAN_TYPE]: node.type },
  };
  const record = new OperationRecord(telemetry, { operation, request, endpoint, place, startTime });
  record.end({ result, failure }, clock.now());
  noteAnswered(node, operation, result, record.spent);
}

/**
 * Whether a client of `openai` has recorded this response outside the workflow, for lack of a context
 * manager.
 */
function isSeen(result: unknown, startTime: number): boolean {
  const id = stringField(result, 'id');
  const seen = id === undefined ? undefined : findEvaluated('response', id);
  return seen !== undefined && seen.seconds >= Math.trunc(startTime / 1e3);
}
