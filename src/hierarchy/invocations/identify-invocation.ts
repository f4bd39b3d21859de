import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
} from '../../semconv/attributes.ts';
import { NAMES_DEPLOYMENTS } from '../../telemetry/cost/costs.ts';
import { rememberedOf, rememberForEvaluation } from '../../telemetry/evaluated-spans.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { invocationSpanName } from '../../telemetry/spans/invocation-span.ts';
import type { Agent, InvocationSnapshot } from '../model.ts';
import type { Invocation } from './invocation.ts';

/** Called when an invocation is first seen. */
export function identifyInvocation(invocation: Invocation, snapshot: InvocationSnapshot, time: number): void {
  invocation.clock.learn(snapshot.createdAt, invocation.acceptedAt ?? time);
  invocation.agentId ??= snapshot.agentId;
  const identity = constantAttributes(snapshot, invocation.attributes);
  invocation.addAttributes({ ...identity, ...placeAttributes(invocation.place) });
  rememberForEvaluation('run', snapshot.id, invocation.span, rememberedOf(invocation.attributes));
  const name = invocation.agent?.name;
  if (name !== undefined) invocation.span.updateName(invocationSpanName(name));
}

/** When an invocation began, before any pause; `undefined` if only the server knows, in whole seconds. */
export function createdTimeOf({ resumed, rebuilt, startTime }: Invocation): number | undefined {
  if (resumed !== undefined) return resumed.createdTime;
  return rebuilt ? undefined : startTime;
}

/** The seconds from there to its end, if both are known. */
export function durationOf(invocation: Invocation): number | undefined {
  const began = createdTimeOf(invocation);
  const { endTime } = invocation.life;
  return began === undefined || endTime === undefined ? undefined : (endTime - began) / 1e3;
}

/** Called when another object tells the agent of an invocation. */
export function introduceAgent(invocation: Invocation, agent: Agent, attributes: Attributes): void {
  if (invocation.life.state === 'closed') return;
  invocation.agent = agent;
  invocation.agentId ??= agent.id;
  invocation.addAttributes({ ...attributes, ...placeAttributes(invocation.place) });
  if (agent.name !== undefined) invocation.span.updateName(invocationSpanName(agent.name));
}

/** The attributes that are fixed once an invocation was first seen. */
function constantAttributes({ model, parameters }: InvocationSnapshot, known: Attributes): Attributes {
  if (model === undefined) return parameters;
  return {
    ...parameters,
    [ATTR_GEN_AI_REQUEST_MODEL]: known[ATTR_GEN_AI_REQUEST_MODEL] ?? model,
    [ATTR_GEN_AI_RESPONSE_MODEL]: known[ATTR_GEN_AI_PROVIDER_NAME] === NAMES_DEPLOYMENTS ? undefined : model,
  };
}

/** What it is given, and the calls that it asks for, are kept elsewhere, as far as there is room. */
export function withoutCalls(snapshot: InvocationSnapshot): InvocationSnapshot {
  const { content, pendingToolCalls } = snapshot;
  return content === undefined && pendingToolCalls.length === 0
    ? snapshot
    : { ...snapshot, content: undefined, pendingToolCalls: [] };
}
