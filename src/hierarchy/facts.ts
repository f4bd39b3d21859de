import { type Attributes, ROOT_CONTEXT, type Span, type SpanContext } from '@opentelemetry/api';
import type { Call } from '../sdk/call.ts';
import { readWithClient } from '../sdk/own-requests.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import type { Failure } from '../telemetry/outcomes/failure.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { readHeader } from '../util/payload.ts';
import {
  adoptInvocation,
  creatorOf,
  drives,
  type HandedOn,
  type Observation,
  placeAdopted,
} from './adoption.ts';
import type { Use } from './conversations/conversation.ts';
import type {
  ConversationFact,
  Dialect,
  FactSink,
  Get,
  Intent,
  InvocationFact,
  SubagentFact,
  ToolCallFact,
  ToolOutput,
  WantedDetail,
} from './dialect.ts';
import { type AgentInvocation, pausedBy } from './invocations/agent-invocation.ts';
import type { ReadInvocation } from './invocations/invocation.ts';
import type { Agent, InvocationSnapshot, MessageSnapshot, StepSnapshot } from './model.ts';
import { dateOf, OperationClock } from './operation-clock.ts';
import type { Sessions } from './sessions.ts';
import type { Shelf } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

export interface EngineState {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly dialect: Dialect;
  readonly sessions: Sessions;
  readonly handedOn: Shelf<HandedOn>;
  /** Our own GET requests for agents, by agent. Each agent is read once. */
  readonly agentReads: Shelf<Promise<void>>;
}

type FactSource = Pick<Observation, 'endpoint' | 'context' | 'call'>;

/** A call with everything that the engine needs to place it, but without its content: a stream may last for long. */
export interface ObservedCall extends FactSource, Use {
  readonly call: Call;
  readonly endpoint: Endpoint;
  readonly active: Span | undefined;
  readonly route: Route;
  readonly intent: Intent;
}

interface CreatingRequest {
  /** Called with the id of the conversation, if the request does not name it. */
  created(conversationId: string): void;
}

/** Applies the facts that one call or background read brings. */
export class Facts implements FactSink, Observation {
  readonly engine: EngineState;
  readonly endpoint: Endpoint;
  readonly context: Observation['context'];
  readonly call: Observation['call'];
  readonly content: boolean;
  /** When the current facts were seen; at first, when the request was sent. */
  time: number;
  live = false;
  conversationId: string | undefined;
  /** The invocation that the request starts or is about. Its id may not be known yet. */
  requestInvocation: AgentInvocation | undefined;
  creator: SpanContext | undefined;
  /** What the request is meant to do; `undefined` for a background read. */
  readonly #intent: Intent | undefined;
  readonly #request: CreatingRequest | undefined;
  /** Set if this process does not record the invocation that the request is about. It may then be adopted. */
  #mayAdopt = false;
  #begun: WeakSet<AgentInvocation> | undefined;
  /** The invocation of the previous fact: most facts are about the same invocation as the one before. */
  #last: AgentInvocation | undefined;

  constructor(
    engine: EngineState,
    { endpoint, context, call }: FactSource,
    conversationId: string | undefined,
    intent?: Intent,
    request?: CreatingRequest,
  ) {
    this.engine = engine;
    this.endpoint = endpoint;
    this.context = context;
    this.call = call;
    this.time = call.startTime;
    this.conversationId = conversationId;
    this.content = engine.telemetry.wantsContent;
    this.#intent = intent;
    this.#request = request;
  }

  get isDriven(): boolean {
    return this.#intent !== undefined && drives(this.call, this.#intent.outputs);
  }

  /** The open invocation that the request polls, cancels or answers, or that it sends messages to. */
  findDriven(): AgentInvocation | undefined {
    const { tracker, sessions, dialect } = this.engine;
    const { origin } = this.endpoint;
    const { invocation: use, invocationId: id, conversationId } = this.#intent ?? {};
    if (use !== 'starts' && use !== 'drives') return undefined;
    let open: AgentInvocation | undefined;
    if (dialect.identifiesAtOnce) open = tracker.known.open(id, origin, conversationId);
    else if (id !== undefined) open = sessions.named(id, conversationId, origin);
    else open = sessions.known(conversationId, origin)?.underWay;
    if (open?.life.overSince !== undefined) open = undefined;
    if (id !== undefined) open ??= this.#resume(id, conversationId);
    // Only a later request may adopt an invocation that was handed on, in this process or another one.
    this.#mayAdopt = open === undefined && use === 'drives';
    this.requestInvocation = open;
    return open;
  }

  /** Called when the server has accepted the outputs of tools in the request: they ended when it was sent. */
  answer(driven: AgentInvocation | undefined): void {
    for (const output of this.#intent?.outputs ?? []) {
      const { invocationId: id } = output;
      const invocation =
        id === undefined ? driven : this.engine.sessions.named(id, this.conversationId, this.endpoint.origin);
      invocation?.answer(output, this.timeFor(invocation, this.call.startTime));
    }
  }

  timeFor({ clock }: AgentInvocation, time: number = this.time): number {
    return clock.from(time, this.call.ownClock);
  }

  /**
   * Returns a function that reads the end or the details of an invocation. It keeps only the client and the
   * `OpenAI-Beta` header of the call, because the read may happen much later.
   */
  reader(invocation: AgentInvocation): ReadInvocation {
    const { engine, endpoint } = this;
    const { client, requestHeaders } = this.call;
    const { dialect } = engine;
    const version = readHeader(requestHeaders, 'OpenAI-Beta') ?? dialect.version;
    const { clock } = invocation;
    return async (what, send) => {
      const call = {
        startTime: clock.now(),
        ownClock: clock.own,
        headers: undefined,
        client,
        requestHeaders: { 'OpenAI-Beta': version },
        streamed: false,
        context: ROOT_CONTEXT,
      };
      const facts = new Facts(engine, { endpoint, context: ROOT_CONTEXT, call }, invocation.conversationId);
      const request = async (path: string, query = {}): Promise<unknown> => {
        const answer = await send((controller) => readWithClient(client, path, query, version, controller));
        facts.time = clock.now();
        return answer;
      };
      const get = Object.assign(request, { version });
      if (what === 'end') return dialect.readEnd(invocation, get, facts);
      const isKnown = invocation.isComplete && !invocation.lacksInput;
      const isAll = isKnown || (await dialect.readDetails(invocation, get, facts));
      await readAgentOf(invocation, get, facts);
      const { endTime, lastOpenTime } = invocation.life;
      // The conversation was idle although the invocation has not ended, so the invocation had not begun yet.
      if (endTime === undefined) invocation.hear({ type: 'open' }, lastOpenTime);
      else if (isAll) invocation.allSeen = true;
    };
  }

  /** @param live whether the result reports the present state */
  read(value: unknown, time: number, query?: unknown, live = false): void {
    this.time = time;
    this.live = live;
    this.#last = this.requestInvocation;
    this.engine.dialect.read(value, this, query);
  }

  readEvent(event: unknown, time: number): void {
    this.time = time;
    this.live = true;
    // Looked up for each event, so that the invocation of a long stream never becomes the least recently used one.
    this.#last = undefined;
    this.engine.dialect.readEvent(event, this);
  }

  wants(invocationId: string | undefined, conversationId?: string): WantedDetail {
    if (invocationId === undefined) return 'nothing';
    if (this.known(invocationId, conversationId) !== undefined) return 'changes';
    const identifies = this.requestInvocation !== undefined && this.requestInvocation.id === undefined;
    return identifies || this.#mayAdopt ? 'everything' : 'nothing';
  }

  uses(conversationId: string | undefined): boolean {
    return this.engine.sessions.known(conversationId, this.endpoint.origin) !== undefined;
  }

  agent(agent: Agent): void {
    this.engine.tracker.agents.set(this.endpoint.origin, agent.id, agent);
  }

  vectorStores(conversationId: string, vectorStoreIds: readonly string[]): void {
    const { tracker, dialect } = this.engine;
    if (vectorStoreIds.length > 0)
      tracker.conversation(dialect.kind, conversationId, this.endpoint.origin).vectorStoreIds =
        vectorStoreIds;
  }

  conversation(fact: ConversationFact): void {
    if (this.conversationId === undefined) {
      this.#request?.created(fact.id);
      this.conversationId = fact.id;
    }
    this.engine.sessions.see(fact, this);
  }

  conversationEvent(
    id: string | undefined = this.conversationId,
    eventId: string | undefined,
    attributes: Attributes,
  ): void {
    if (id !== undefined) this.engine.sessions.addEvent(id, eventId, attributes, this);
  }

  conversationFailure(id: string | undefined = this.conversationId, failure: Failure): void {
    this.engine.sessions.failNext(id, failure, this.endpoint.origin);
  }

  subagent(fact: SubagentFact): void {
    this.engine.sessions.seeSubagent(fact, this.endpoint.origin);
  }

  invocation(fact: InvocationFact): void {
    const { moment } = fact;
    const { id } = fact.snapshot;
    const known = this.known(id, fact.snapshot.conversationId);
    const isFollowed = known !== undefined && moment === 'ended' && this.#begun?.has(known);
    if (isFollowed && fact.snapshot.usage !== undefined) known.allSeen = true;
    const { identifiesAtOnce } = this.engine.dialect;
    const snapshot = identifiesAtOnce ? fact.snapshot : this.#withAgent(fact);
    const invocation = known ?? this.#find({ ...fact, snapshot });
    // The program may have deleted its conversation before the answer.
    if (invocation === undefined || invocation.isRecorded) return;
    if (moment === 'begun') {
      this.#begun ??= new WeakSet();
      this.#begun.add(invocation);
    }
    if (invocation.id === undefined) this.#identify(invocation, snapshot);
    invocation.read ??= this.reader(invocation);
    // Since the pause, the machine may have slept or its clock may have been set: compare it with the server's again.
    if (invocation.start.before !== undefined) {
      const time = this.timeFor(invocation);
      invocation.clock.learn(dateOf(this.call.headers) ?? time, time);
    }
    invocation.see(snapshot, this.timeFor(invocation), this.live);
  }

  /** Takes an invocation's id from the first object that reports it, and the id of its conversation if that is new. */
  #identify(invocation: AgentInvocation, { id, agentId, conversationId }: InvocationSnapshot): void {
    const { tracker } = this.engine;
    const { endpoint, start } = invocation;
    tracker.known.identify(id, invocation);
    invocation.agent ??= tracker.agents.get(endpoint.origin, agentId);
    if (conversationId === undefined || start.above !== undefined) return;
    const conversation = tracker.conversation(start.kind, conversationId, endpoint.origin);
    conversation.count({ runs: 1 });
    if (invocation.segment === undefined) conversation.count({ userMessages: start.input.count });
    else invocation.identifyConversation(conversation);
  }

  step(step: StepSnapshot): void {
    const invocation = this.known(step.invocationId, step.conversationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    invocation.steps.see(step, this.live ? time : undefined, invocation.clock);
    invocation.segment?.touch(time);
    invocation.settle();
  }

  order(invocationId: string, stepIds: readonly string[], earlier: boolean): void {
    this.known(invocationId)?.steps.seeOrder(stepIds, earlier);
  }

  message(message: MessageSnapshot): void {
    const invocation = this.known(message.invocationId, message.conversationId);
    if (invocation === undefined || (message.role === 'user' && !message.isInput)) return;
    if (this.live) invocation.touch(this.timeFor(invocation));
    invocation.steps.seeMessage(message);
    invocation.settle();
  }

  toolCall({ invocationId, call, asksProgram, begun, ended, duration }: ToolCallFact): void {
    const invocation = this.known(invocationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    if (this.live) invocation.touch(time);
    const hasBegun = begun || asksProgram;
    const endedAt = this.live && ended && !hasBegun ? time : undefined;
    const earlier = endedAt === undefined || duration === undefined ? undefined : endedAt - duration;
    invocation.steps.seeToolCall(call, this.live && hasBegun ? time : earlier, endedAt);
  }

  toolResult(output: ToolOutput & { readonly invocationId: string }): void {
    const invocation = this.known(output.invocationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    if (this.live) invocation.touch(time);
    if (this.live) invocation.answer(output, time);
    else invocation.steps.seeToolResult(output.callId, output);
  }

  text(invocationId: string | undefined, stepOrMessageId: string | undefined): void {
    const invocation = invocationId === undefined ? this.requestInvocation : this.known(invocationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    if (stepOrMessageId !== undefined) invocation.steps.seeDelta(stepOrMessageId, time);
    invocation.seeText(time);
  }

  /** The open invocation with this id, if this process records it. One that is paused continues. */
  known(
    id: string | undefined,
    conversationId: string | undefined = this.conversationId,
  ): AgentInvocation | undefined {
    if (id === undefined) return undefined;
    const last = this.#last;
    if (last?.id === id && !last.isRecorded && last.isOf(conversationId)) return last;
    const { known } = this.engine.tracker;
    this.#last = known.open(id, this.endpoint.origin, conversationId) ?? this.#resume(id, conversationId);
    return this.#last;
  }

  /** Continues a paused invocation in a second span, which links to the first. */
  #resume(id: string, conversationId: string | undefined): AgentInvocation | undefined {
    const { tracker, sessions, dialect } = this.engine;
    const { endpoint, context, time } = this;
    const paused = tracker.known.at(id, endpoint.origin)?.paused;
    const named = paused?.snapshot.conversationId;
    const isOther = named !== undefined && conversationId !== undefined && named !== conversationId;
    if (paused === undefined || isOther) return undefined;
    const clock = new OperationClock(this.call.ownClock);
    const resumed = tracker.beginInvocation({
      kind: dialect.kind,
      conversationId: named,
      told: paused.snapshot,
      agent: paused.agent,
      creator: paused.span,
      before: pausedBy(clock, paused),
      startTime: time,
      sentAt: time,
      endpoint,
      context,
      clock,
    });
    tracker.known.identify(id, resumed);
    resumed.read = this.reader(resumed);
    sessions.known(named, endpoint.origin)?.invocations.add(resumed);
    return resumed;
  }

  #find(fact: InvocationFact): AgentInvocation | undefined {
    const { sessions, dialect } = this.engine;
    const { conversationId } = fact.snapshot;
    if (!dialect.identifiesAtOnce)
      return conversationId === undefined ? undefined : sessions.find(fact, conversationId, this);
    const requested = this.requestInvocation;
    if (requested !== undefined && requested.id === undefined) return requested;
    const adopted = this.#adopt(fact);
    this.requestInvocation = adopted ?? requested;
    return adopted;
  }

  /** Starts to record an invocation that another process has created, or that this one handed on. */
  #adopt({ snapshot, object }: InvocationFact): AgentInvocation | undefined {
    const { tracker, handedOn, dialect, telemetry } = this.engine;
    const { origin } = this.endpoint;
    if (!this.#mayAdopt || tracker.known.at(snapshot.id, origin) !== undefined) return undefined;
    const own = handedOn.get(origin, snapshot.id);
    const creator = own?.creator ?? creatorOf(object, telemetry.settings);
    this.creator ??= creator;
    const isOwn = own !== undefined;
    const place = placeAdopted(telemetry.settings, this, {
      endedAt: snapshot.endedAt,
      isOwn,
      creator,
      object,
    });
    if (place === undefined) return undefined;
    handedOn.delete(origin, snapshot.id);
    const conversationId = snapshot.conversationId ?? this.conversationId;
    return adoptInvocation(tracker, { kind: dialect.kind, snapshot, conversationId }, this, place, own);
  }

  /** Adds the settings of the conversation's agent, if only the conversation's object reports them. */
  #withAgent({ snapshot, subagentId }: InvocationFact): InvocationSnapshot {
    if (subagentId !== undefined) return snapshot;
    const agent = this.engine.sessions.known(snapshot.conversationId, this.endpoint.origin)?.agent;
    return agent === undefined
      ? snapshot
      : { ...snapshot, model: agent.model, parameters: agent.parameters, content: agent.content };
  }
}

/** Adds the agent to an invocation. It may have been created elsewhere, so it is read from the API once for each id. */
async function readAgentOf(invocation: AgentInvocation, get: Get, facts: Facts): Promise<void> {
  const { agentId, endpoint } = invocation;
  const { tracker, dialect, agentReads } = facts.engine;
  const path = agentId === undefined ? undefined : dialect.agentPath?.(agentId);
  if (agentId === undefined || invocation.agent !== undefined || path === undefined) return;
  const { origin } = endpoint;
  if (tracker.agents.get(origin, agentId) === undefined) {
    const read = async (): Promise<void> => dialect.read(await get(path), facts);
    // Several runs of an assistant may end at the same time. They share one read.
    const reading = agentReads.get(origin, agentId) ?? read().catch(() => undefined);
    agentReads.set(origin, agentId, reading);
    await reading;
  }
  // An agent that could not be read is remembered by its id alone, so that it is not requested again.
  const agent = tracker.agents.get(origin, agentId) ?? { id: agentId, name: undefined, model: undefined };
  tracker.agents.set(origin, agentId, agent);
  invocation.introduce(agent, {});
}
