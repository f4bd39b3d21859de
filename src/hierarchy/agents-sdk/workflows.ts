import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { type AgentsListener, NO_TRACE_ID } from '../../sdk/agents-sdk/agents-source.ts';
import { type AgentsNode, agentsNodeIn, contextBelow } from '../../sdk/agents-sdk/node.ts';
import { sessionIn } from '../../sdk/agents-sdk/runner.ts';
import { traceContextOf } from '../../sdk/metadata-propagation.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { NO_TOTALS, NOTHING_SPENT, totalAttributes } from '../../telemetry/cost/usage.ts';
import { findEvaluated } from '../../telemetry/evaluations/evaluated-spans.ts';
import type { ApiRequest, RequestedToolCall } from '../../telemetry/operation.ts';
import type { Failure } from '../../telemetry/outcomes/failure.ts';
import { outcomeAttributes, REFUSED_TOOL } from '../../telemetry/outcomes/tool-outcome.ts';
import { ProgramOperation } from '../../telemetry/program-operation.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { now } from '../../util/clock.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { arrayField, objectField, stringField, textField } from '../../util/payload.ts';
import { CONVERSATION, conversationIn, inTraceOf } from '../conversations/conversation-id.ts';
import { spanContextIn, withoutFlags } from '../conversations/metadata-context.ts';
import {
  DEFAULT_WORKFLOW,
  morePrecise,
  readAgentsFailure,
  readAgentsToolOutcome,
  readEnd,
  readStart,
  readToldCall,
  toolStart,
  unknownToolOf,
} from '../dialects/agents-sdk.ts';
import { agentAttributes, noteAnswer, noteModelCall, recordOf, toolNameOf } from './node-activity.ts';

/** How many traces are remembered because they may be resumed. */
const MAX_TRACES = 1_000;
/** How long a trace is remembered: it may wait long for the approval of a tool. */
const TRACE_LIFETIME_MS = 24 * 60 * 60_000;

/** Records the workflows of `@openai/agents`: each of its traces, with the agents, tools and guardrails inside. */
export class Workflows implements AgentsListener {
  readonly #telemetryNow: () => Telemetry | undefined;
  /** The newest span of each trace, by the library's id of the trace. */
  readonly #known = new BoundedMap<string, SpanContext>(MAX_TRACES, undefined, TRACE_LIFETIME_MS);

  /** @param telemetry prepares and returns what a new trace is recorded with */
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
    if (isCallNode(node)) recorded.callStart = { parent: contextFor(node, active), startTime: now() };
    if (start === undefined) return;
    if (node.type === 'trace') {
      const outer = isInside(node) ? node.parent?.trace : undefined;
      recorded.telemetry = outer === undefined ? this.#telemetryNow() : recordOf(outer).telemetry;
      // The first span of a resumed trace has counted what was spent before.
      recorded.spent = NOTHING_SPENT;
      if (outer !== undefined) return;
    }
    const { telemetry } = recordOf(node.trace);
    if (telemetry === undefined) return;
    nameConversation(node, active);
    const parent = contextFor(node, active);
    const links = this.#linksOf(node);
    const attributes = idsAround(node, parent);
    if (node.type === 'function')
      define(attributes, ATTR.GEN_AI_TOOL_CALL_ID, answeredCall(node, node.data.name)?.id);
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
    if (isCallNode(node)) this.#callEnded(node);
    if (withholdsText(node))
      for (let around: AgentsNode | undefined = node; around !== undefined; around = around.parent)
        recordOf(around).withholdsText = true;
    const recorded = recordOf(node);
    const { operation, spent } = recorded;
    if (operation === undefined) return;
    recorded.operation = undefined;
    const result = readEnd(node.type, node.data);
    const { toolName, attributes } = result;
    const isHandoff = node.type === 'handoff';
    const call = isHandoff ? answeredCall(node, toolName) : calledWith(node);
    const name = isHandoff ? (call?.name ?? toolName) : undefined;
    if (isHandoff && node.agent !== undefined) node.agent.handoff.id = call?.id;
    define(attributes, ATTR.GEN_AI_TOOL_NAME, name);
    define(attributes, ATTR.GEN_AI_TOOL_CALL_ID, call?.id);
    if (node.type === 'trace') Object.assign(attributes, totalAttributes({ ...NO_TOTALS, ...spent }));
    const failure = failureOfNode(node);
    if (node.type === 'agent') {
      this.#recordUnknownTool(node);
      // If nothing else shows how a trace ended, its last agent does.
      recordOf(node.trace).failure = failure;
    }
    const outcome =
      node.type === 'function' ? readAgentsToolOutcome(node.data, node.error, failure) : undefined;
    const { record } = operation;
    if (name !== undefined) record.rename(`execute_tool ${name}`);
    operation.end({
      attributes: { ...attributes, ...outcomeAttributes(outcome) },
      result,
      failure: outcome === undefined ? failure : outcome.failure,
      isUntimed: outcome?.ran === false,
    });
    this.#remember(node, record.span.spanContext());
  }

  #callEnded(node: AgentsNode): void {
    const recorded = recordOf(node);
    const { callStart, modelCalls } = recorded;
    const { telemetry } = recordOf(node.trace);
    recorded.callStart = undefined;
    if (callStart === undefined || telemetry === undefined || modelCalls > 0) return;
    recordUnseenCall(telemetry, node, { ...callStart, failure: failureOfNode(node) });
  }

  /** Records a call of a tool that the agent does not have. It ends the run, and the library has no span for it. */
  #recordUnknownTool(agent: AgentsNode): void {
    const name = unknownToolOf(agent.error);
    const call = name && recordOf(agent).requested.take((each) => toolNameOf(each) === name);
    const { telemetry } = recordOf(agent.trace);
    const parent = agent.recorded?.context;
    if (!call || telemetry === undefined || parent === undefined) return;
    const start = toolStart(name, 'function');
    const attributes: Attributes = { ...idsAround(agent, parent), [ATTR.GEN_AI_TOOL_CALL_ID]: call.id };
    const place = { parent, attributes };
    const refused = new ProgramOperation(telemetry, { operation: start.operation, request: start, place });
    refused.end({ failure: REFUSED_TOOL.failure, isUntimed: true });
  }

  #remember(node: AgentsNode, span: SpanContext): void {
    if (node.type === 'handoff')
      recordOf(node.trace).handoff = { to: stringField(node.data, 'to_agent'), from: span };
    const id = node.type === 'trace' ? recordedTraceId(node) : undefined;
    if (id !== undefined) this.#known.set(id, span);
  }

  /** The last span of a resumed trace, if another process has noted it in the metadata of the trace. */
  #earlierElsewhere(trace: AgentsNode): SpanContext | undefined {
    if (recordOf(trace).telemetry?.settings.propagateInMetadata !== true) return undefined;
    const metadata = objectField(trace.data, 'metadata');
    const earlier = metadata === undefined ? undefined : spanContextIn(metadata);
    return earlier === undefined ? undefined : withoutFlags(earlier);
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
 * Notes which conversation a workflow or agent is part of: the group of its trace, or else the session of its run.
 * Agents are looked at as well, because the runs within one trace may have different sessions.
 */
function nameConversation(node: AgentsNode, active: Context): void {
  if (node.type !== 'trace' && node.type !== 'agent') return;
  const id = groupOf(node.trace) ?? sessionIn(active);
  if (id !== undefined) node.values = new Map([[CONVERSATION, id]]);
}

/** The group of the trace, or else of the next trace above that has one. */
function groupOf({ data, parent }: AgentsNode): string | undefined {
  return stringField(data, 'groupId') ?? (parent && groupOf(parent.trace));
}

function conversationOfNode(node: AgentsNode): string | undefined {
  return node.valueOf(CONVERSATION) as string | undefined;
}

function failureOfNode(node: AgentsNode): Failure | undefined {
  const { withholdsText: isWithheld, failure } = recordOf(node);
  const withholds = isWithheld || node.trace.hidesTools;
  const own = morePrecise(readAgentsFailure(node.error, node.thrown, !withholds), failure);
  return own ?? (node.type === 'trace' && !node.isFollowed ? failure : undefined);
}

/**
 * Whether the library withholds the text of the error as sensitive data. It does if a tool has no input. Where tools
 * have no spans, nothing shows it, so every thrown error counts as withheld.
 */
function withholdsText({ type, data, error, thrown, hidesTools }: AgentsNode): boolean {
  if (hidesTools) return thrown !== undefined;
  return type === 'function' && error !== undefined && textField(data, 'input') === undefined;
}

/** The call that a tool or handoff answers. A handoff may have any name but that of a tool. */
function answeredCall({ type, parent }: AgentsNode, name: unknown): RequestedToolCall | undefined {
  const { agent } = parent ?? {};
  if (agent === undefined) return undefined;
  const { requested } = recordOf(agent);
  const found = requested.take((call) => toolNameOf(call) === name);
  if (found !== undefined || type !== 'handoff') return found;
  const tools = arrayField(agent.data, 'tools');
  return requested.take((call) => call.type === 'function' && !tools.includes(call.name));
}

/** The call that a function answers, if its arguments identify one. They are known only at its end. */
function calledWith({ type, data, agent }: AgentsNode): RequestedToolCall | undefined {
  const [name, given] = [stringField(data, 'name'), textField(data, 'input')];
  if (type !== 'function' || agent === undefined || name === undefined || given === undefined)
    return undefined;
  return recordOf(agent).requested.called(name, given);
}

/**
 * What the OpenTelemetry trace id of a workflow without a parent is derived from: its conversation, or else the trace
 * id of the library. A run that is resumed in another process is then in the same trace.
 */
function sharedTraceOf(node: AgentsNode): string | undefined {
  return node.type === 'trace' ? (conversationOfNode(node) ?? recordedTraceId(node)) : undefined;
}

/** Whether a trace is inside another one and has no name of its own. Then it gets no span. */
function isInside(trace: AgentsNode): boolean {
  const name = stringField(trace.data, 'name') ?? DEFAULT_WORKFLOW;
  return trace.parent?.open !== undefined && name === DEFAULT_WORKFLOW;
}

/** The context that a span starts in: the active one, unless the library puts the node below another span. */
function contextFor(node: AgentsNode, active: Context): Context {
  const above = node.parent?.nearest;
  if (above === undefined || agentsNodeIn(active)?.open === above) return active;
  return above.recorded?.context ?? active;
}

function idsAround(node: AgentsNode, parent: Context): Record<string, string> {
  const attributes: Record<string, string> = {};
  const { trace } = node;
  define(attributes, ATTR.OPENAI_AGENTS_TRACE_ID, recordedTraceId(trace));
  define(
    attributes,
    ATTR.GEN_AI_CONVERSATION_ID,
    stringField(trace.data, 'groupId') ?? conversationIn(contextBelow(parent, node, undefined)),
  );
  define(attributes, ATTR.GEN_AI_AGENT_NAME, stringField(node.agent?.data, 'name'));
  return attributes;
}

function recordedTraceId(trace: AgentsNode): string | undefined {
  const id = stringField(trace.data, 'traceId');
  return id === NO_TRACE_ID ? undefined : id;
}

/** Whether a node of the library is a call of a model. */
function isCallNode({ type }: AgentsNode): boolean {
  return type === 'response' || type === 'generation';
}

/**
 * Records a model call that no client of `openai` made, because the library used its own WebSocket or another package.
 * The library reports the request and the answer when the call ends.
 */
function recordUnseenCall(
  telemetry: Telemetry,
  node: AgentsNode,
  { parent, startTime, failure }: { parent: Context; startTime: number; failure: Failure | undefined },
): void {
  const told = readToldCall(node.type, node.data);
  if (told === undefined) return;
  const { operation, path, body, result, provider } = told;
  if (isSeen(result, startTime)) return;
  const request: ApiRequest = {
    method: 'POST',
    ...matchRoute('POST', path),
    body,
    streamed: false,
    deployment: undefined,
  };
  const endpoint: Endpoint = { origin: '', provider, address: undefined, port: undefined };
  const place = {
    parent,
    attributes: { ...agentAttributes(node, operation), [ATTR.OPENAI_AGENTS_SPAN_TYPE]: node.type },
  };
  noteModelCall(node, operation);
  const record = new OperationRecord(telemetry, { operation, request, endpoint, place, startTime });
  record.end({ result, failure }, now());
  noteAnswer(node, operation, result, record.spent);
}

/**
 * Whether a client of `openai` has already recorded this response, but outside the workflow. That happens if there is
 * no context manager.
 */
function isSeen(result: unknown, startTime: number): boolean {
  const id = stringField(result, 'id');
  const seen = id === undefined ? undefined : findEvaluated('response', id);
  return seen !== undefined && seen.seconds >= Math.trunc(startTime / 1e3);
}
