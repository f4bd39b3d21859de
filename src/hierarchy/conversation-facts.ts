import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUIRES_ACTION, EVENT_OPENAI_SESSION_ENVIRONMENT } from '../semconv/events.ts';
import { type Failure, readError } from '../telemetry/error.ts';
import { textLimits } from '../telemetry/kept-text.ts';
import { Keeper, keptNames } from '../telemetry/kept-values.ts';
import { activeSpan, type Conversation } from './conversations/conversation.ts';
import type { ConversationState, EarlyFact } from './conversations/conversation-state.ts';
import { hasRecordingCreator } from './conversations/ownership.ts';
import type { AgentSettings, ConversationFact, RequiredAction, SubagentFact } from './dialect.ts';
import type { EngineState } from './engine-state.ts';
import type { AgentInvocation } from './invocations/agent-invocation.ts';
import type { ReadInvocation } from './invocations/invocation.ts';
import { canGoOn } from './invocations/life.ts';
import type { Observation } from './observed-call.ts';

/** What applying a fact about a conversation needs of the call that brings it. */
interface ConversationFacts extends Observation {
  readonly engine: EngineState;
  readonly content: boolean;
  readonly conversationId: string | undefined;
  reader(invocation: AgentInvocation): ReadInvocation | undefined;
  /** When the current facts were seen, by the clock of the invocation. */
  timeFor(invocation: AgentInvocation, time?: number): number;
  /** Takes what a stream told before it was known who records the conversation. */
  release(): void;
}

export function applyConversation(facts: ConversationFacts, fact: ConversationFact): void {
  const state = facts.engine.matcher.state(fact.id, facts.endpoint.origin);
  if (fact.agent !== undefined) takeAgent(state, fact.agent);
  if (facts.engine.telemetry.settings.adoptRuns !== false) {
    state.hasRecordingCreator ||= hasRecordingCreator(fact.object);
    facts.release();
  }
  if (fact.state === 'failed') fail(facts, state, fact.error);
  else if (fact.state === 'idle') rest(facts, state);
  else if (fact.state !== undefined) continueConversation(facts, state, fact.actions);
}

/** The agent may exist only in the conversation. */
function takeAgent(state: ConversationState, settings: AgentSettings): void {
  const isFirst = state.agent === undefined;
  state.agent = settings;
  const { agent, model, parameters } = settings;
  if (!isFirst || agent === undefined) return;
  const attributes = model === undefined ? parameters : { ...parameters, [ATTR.GEN_AI_REQUEST_MODEL]: model };
  for (const { invocation } of state.waiting) invocation.introduce(agent, attributes);
}

/** An idle conversation ends only what was requested before; a stream begins with the previous state. */
function rest(facts: ConversationFacts, state: ConversationState): void {
  const { live, sentAt } = facts;
  for (const invocation of state.invocations) endUnseen(facts, invocation);
  if (live) return;
  for (const { invocation } of [...state.waiting]) {
    const { acceptedAt } = invocation;
    if (acceptedAt === undefined || acceptedAt > facts.timeFor(invocation, sentAt)) continue;
    endUnseen(facts, invocation);
  }
}

/** Nothing is in progress in its conversation: it is over, with an unknown outcome. */
function endUnseen(
  facts: ConversationFacts,
  invocation: AgentInvocation,
  time: number = facts.timeFor(invocation),
): void {
  const { life, segment } = invocation;
  // One that goes on after a pause has no request that could read it.
  invocation.read ??= facts.reader(invocation);
  if (canGoOn(life)) segment?.touch(time);
  // Without this, a turn waits for one of a subagent that nobody tells about any more.
  for (const below of invocation.below) endUnseen(facts, below, life.endTime ?? time);
  invocation.hear({ type: 'idle' }, time);
}

function fail(facts: ConversationFacts, state: ConversationState, error: unknown): void {
  const failure = state.failure ?? readError(error, 'failed');
  state.failure = undefined;
  for (const invocation of [...state.invocations]) {
    const time = facts.timeFor(invocation);
    invocation.end(time, time, time, failure);
    invocation.settle();
  }
}

/** Takes the reason for which the conversation is about to fail. */
export function failNext(facts: ConversationFacts, id: string | undefined, failure: Failure): void {
  const state = facts.engine.matcher.known(id ?? facts.conversationId, facts.endpoint.origin);
  if (state !== undefined) state.failure = failure;
}

function continueConversation(
  facts: ConversationFacts,
  state: ConversationState,
  actions: readonly RequiredAction[],
): void {
  const { engine, endpoint } = facts;
  const { underWay } = state;
  const requested = [...state.invocations, ...state.waiting.map(({ invocation }) => invocation)];
  // Something in progress explains the state of the conversation. Without it, what seemed to be over goes on.
  for (const invocation of requested)
    if (underWay === undefined || invocation.life.overSince === undefined)
      invocation.hear({ type: 'open' }, invocation.life.lastOpenTime);
  for (const { type, id, invocationId, call } of actions) {
    const named =
      invocationId === undefined
        ? undefined
        : engine.tracker.known.open(invocationId, endpoint.origin, state.id);
    const invocation = named ?? state.underWay;
    if (invocation === undefined || invocation.life.overSince !== undefined) continue;
    const time = facts.timeFor(invocation);
    invocation.wait(call === undefined ? [] : [call], time);
    // Every poll repeats it.
    if (!state.isNew(`${type} ${id}`)) continue;
    invocation.span.addEvent(
      EVENT_OPENAI_RUN_REQUIRES_ACTION,
      {
        [ATTR.OPENAI_REQUIRED_ACTION_TYPE]: type,
        [ATTR.GEN_AI_TOOL_NAME]: call?.name,
        [ATTR.GEN_AI_TOOL_CALL_ID]: call?.id,
      },
      time,
    );
  }
}

export function applySubagent(facts: ConversationFacts, fact: SubagentFact): void {
  const state = facts.engine.matcher.known(fact.conversationId, facts.endpoint.origin);
  if (!state?.hasOpenInvocations) return;
  const subagent = state.subagent(fact.id);
  const isFirst = subagent.parentAgentId === undefined;
  subagent.name = fact.name ?? subagent.name;
  subagent.parentAgentId = fact.parentAgentId ?? subagent.parentAgentId;
  if (isFirst) subagent.instructions = keeperOf(facts).keep(fact.instructions);
  const { invocation, name } = subagent;
  if (invocation !== undefined && name !== undefined)
    invocation.introduce({ id: invocation.place.agentId ?? fact.id, name, model: undefined }, {});
}

/** Records an event of the conversation on its span. Several streams repeat the same event. */
export function addConversationEvent(
  facts: ConversationFacts,
  id: string | undefined,
  eventId: string | undefined,
  attributes: Attributes,
): void {
  const conversationId = id ?? facts.conversationId;
  if (conversationId === undefined) return;
  const { engine, endpoint, time } = facts;
  const state = engine.matcher.state(conversationId, endpoint.origin);
  const conversation = usedConversation(facts, conversationId);
  const { segments } = conversation;
  const segment = conversation.segmentFor(activeSpan(facts.context), time) ?? [...segments.values()].at(-1);
  if (!state.isNew(eventId) || segment === undefined || !state.hasRoomForEvent()) return;
  segment.span.addEvent(EVENT_OPENAI_SESSION_ENVIRONMENT, attributes, time);
  segment.touch(time);
}

/** Keeps a detail of an invocation that has not been reported yet, if it will be recorded. */
export function keepEarly(facts: ConversationFacts, early: EarlyFact): void {
  const state = facts.engine.matcher.known(facts.conversationId, facts.endpoint.origin);
  if (!state?.hasRoomForEarly) return;
  const value = facts.content ? keeperOf(facts).keep(early.value) : keptNames(early.value);
  state.early.push({ ...early, value });
}

function keeperOf({ engine }: ConversationFacts): Keeper {
  return new Keeper(textLimits(engine.telemetry.settings));
}

function usedConversation({ engine, endpoint }: ConversationFacts, id: string): Conversation {
  return engine.tracker.conversation(engine.dialect.kind, id, endpoint.origin);
}
