import { type Attributes, type Context, ROOT_CONTEXT, type SpanContext } from '@opentelemetry/api';
import type { ReadonlyCall } from '../sdk/call.ts';
import { readWithClient } from '../sdk/own-requests.ts';
import type { Endpoint } from '../sdk/provider.ts';
import { placeAttributes } from '../telemetry/place-attributes.ts';
import { guard } from '../util/guard.ts';
import { numberField, readHeader } from '../util/payload.ts';
import type { Conversation } from './conversations/conversation.ts';
import type {
  Agent,
  ConversationFact,
  Dialect,
  FactSink,
  Get,
  HostedTurn,
  InvocationFact,
  InvocationSnapshot,
  MessageSnapshot,
  StepSnapshot,
  SubagentFact,
  ToolCallFact,
  ToolOutput,
  WantedDetail,
} from './dialect.ts';
import { recordHostedTurn } from './hosted-turns/record-hosted-turn.ts';
import { type AgentInvocation, type PausedInvocation, pausedBy } from './invocations/agent-invocation.ts';
import type { ReadInvocation } from './invocations/invocation.ts';
import { OperationClock } from './operation-clock.ts';
import { type Seen, Session } from './sessions.ts';
import { keyAt, type Shelf } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

/** What the requests of one API share. */
export class EngineState {
  readonly tracker: ConversationTracker;
  readonly dialect: Dialect;
  readonly attributes: Attributes;
  readonly sessions: Shelf<Session>;
  /** Our own GET requests for agents: several runs of an assistant may end at the same time, and share one. */
  readonly agentReads: Map<string, Promise<void>> = new Map();

  constructor(tracker: ConversationTracker, dialect: Dialect) {
    this.tracker = tracker;
    this.dialect = dialect;
    this.attributes = placeAttributes({ kind: dialect.kind, conversationId: undefined });
    this.sessions = tracker.store.shelf({ isInUse: ({ invocations }) => invocations.size > 0 });
  }
}

/** The program's request that the facts answer. */
export interface AskingRequest {
  /** Called with the id of a conversation, if the request does not name one. It may have created this one. */
  created(conversationId: string): void;
}

/** Receives the facts that the answer to one request shows, and applies them to conversations and invocations. */
export class Facts implements FactSink, Seen {
  readonly engine: EngineState;
  readonly endpoint: Endpoint;
  readonly context: Context;
  readonly call: Seen['call'] & Pick<ReadonlyCall, 'client'>;
  readonly outputs: readonly unknown[];
  readonly content: boolean;
  /** When the current facts were seen; at first, when the request was sent. */
  time: number;
  live = false;
  conversationId: string | undefined;
  /** The invocation that the request starts or is about. Its id may not be known yet. */
  about: AgentInvocation | undefined;
  /** Set if this process does not record the invocation that the request is about. It may then be adopted. */
  mayAdopt = false;
  /** The span that created this invocation, if metadata names one. */
  creator: SpanContext | undefined;
  /** Not set for our own reads. */
  readonly #request: AskingRequest | undefined;
  #begun: WeakSet<AgentInvocation> | undefined;

  constructor(
    engine: EngineState,
    source: Pick<Facts, 'endpoint' | 'context' | 'call' | 'outputs' | 'conversationId'>,
    request?: AskingRequest,
  ) {
    const { call } = source;
    this.engine = engine;
    this.endpoint = source.endpoint;
    this.context = source.context;
    this.call = call;
    this.outputs = source.outputs;
    this.time = call.startTime;
    this.conversationId = source.conversationId;
    this.content = engine.tracker.telemetry.wantsContent;
    this.#request = request;
  }

  timeFor({ clock }: AgentInvocation, time: number = this.time): number {
    return clock.from(time, this.call.ownClock);
  }

  /**
   * Returns a function that reads the invocation's end or details. Of the call, it keeps only the client and
   * the `OpenAI-Beta` header, because the read may happen much later.
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
        headersTime: 0,
        streamed: false,
        context: ROOT_CONTEXT,
        client,
        requestHeaders: { 'OpenAI-Beta': version },
      };
      const { conversationId } = invocation;
      const facts = new Facts(engine, { endpoint, call, context: ROOT_CONTEXT, outputs: [], conversationId });
      const get: Get = async (path, query = {}) => {
        const answer = await send((controller) => readWithClient(client, path, query, version, controller));
        facts.time = clock.now();
        return answer;
      };
      const { life } = invocation;
      const isRead = what === 'end' || life.endTime === undefined;
      if (isRead) await dialect.readEnd(invocation, get, facts);
      if (what === 'end') return;
      // The details of an open invocation are not final yet.
      const isOver = life.endTime !== undefined;
      const isKnown = invocation.isComplete && !invocation.lacksInput;
      if (isOver && (isKnown || (await dialect.readDetails(invocation, get, facts, isRead))))
        invocation.allSeen = true;
      await readAgentOf(invocation, get, facts);
      // The invocation had not begun yet when its conversation was idle: it has not ended even now.
      if (life.endTime === undefined) invocation.reopen();
    };
  }

  /** @param live whether the result shows the present state */
  read(value: unknown, time: number, query?: unknown, live = false): void {
    this.time = time;
    this.live = live;
    this.engine.dialect.read(value, this, query);
  }

  readEvent(event: unknown, time: number): void {
    this.time = time;
    this.live = true;
    this.engine.dialect.readEvent(event, this);
  }

  wants(invocationId: string | undefined, conversationId?: string): WantedDetail {
    if (invocationId === undefined) return 'nothing';
    const known = this.engine.tracker.invocations.get(this.endpoint.origin, invocationId);
    if (known?.paused !== undefined || known?.open?.isOf(conversationId ?? this.conversationId))
      return 'changes';
    const identifies = this.about !== undefined && this.about.id === undefined;
    return identifies || this.mayAdopt ? 'everything' : 'nothing';
  }

  agent(agent: Agent): void {
    this.engine.tracker.agents.set(this.endpoint.origin, agent.id, agent);
  }

  vectorStores(conversationId: string, vectorStoreIds: readonly string[]): void {
    this.conversationOf(conversationId).vectorStoreIds = vectorStoreIds;
  }

  conversationOf(id: string): Conversation {
    return this.engine.tracker.conversation(this.engine.dialect.kind, id, this.endpoint.origin);
  }

  /** Ignores a conversation that a list shows and that this process does not use. */
  conversation({ id = this.conversationId, ...fact }: ConversationFact): void {
    if (id === undefined) return;
    if (this.conversationId === undefined) this.#request?.created(id);
    const isOwn = id === this.conversationId;
    const session = isOwn ? this.session(id) : this.engine.sessions.get(this.endpoint.origin, id);
    session?.see(fact, this);
  }

  session(id: string): Session {
    const { sessions, tracker, dialect } = this.engine;
    const { origin } = this.endpoint;
    const known = sessions.get(origin, id);
    if (known !== undefined) return known;
    const made = new Session(id, tracker, dialect.kind);
    sessions.set(origin, id, made);
    return made;
  }

  subagent(fact: SubagentFact): void {
    this.engine.sessions.get(this.endpoint.origin, fact.conversationId)?.seeSubagent(fact);
  }

  invocation(fact: InvocationFact): void {
    const { moment } = fact;
    const { id } = fact.snapshot;
    const known = this.findOrResume(id, fact.snapshot.conversationId);
    const isFollowed = known !== undefined && moment === 'ended' && this.#begun?.has(known);
    if (isFollowed && fact.snapshot.usage !== undefined) known.allSeen = true;
    const { identifiesAtOnce } = this.engine.dialect;
    const snapshot = identifiesAtOnce ? fact.snapshot : this.#withAgent(fact);
    const requested = this.about?.id === undefined ? this.about : undefined;
    const found = { ...fact, snapshot };
    const invocation =
      known ?? (identifiesAtOnce ? (requested ?? this.#adopt(found)) : this.#ofSession(found));
    // The invocation is closed if, for example, the program has deleted its conversation.
    if (invocation === undefined || invocation.isClosed) return;
    if (moment === 'begun') {
      this.#begun ??= new WeakSet();
      this.#begun.add(invocation);
    }
    if (invocation.id === undefined) this.#identify(invocation, snapshot);
    invocation.read ??= this.reader(invocation);
    // During the pause, the machine may have slept or its clock may have been set. Compare the clocks again.
    if (invocation.start.before !== undefined) invocation.clock.learnFrom(this.call);
    // The API created it just before the headers of the response. The program may read the stream much later.
    const { headersTime } = this.call;
    if (invocation === requested && identifiesAtOnce && headersTime > 0)
      invocation.clock.learn(snapshot.createdAt, this.timeFor(invocation, headersTime));
    invocation.see(snapshot, this.timeFor(invocation), this.live);
  }

  /** Registers an invocation once an object reports its id, and names its conversation if that was unknown. */
  #identify(invocation: AgentInvocation, { id, agentId, conversationId }: InvocationSnapshot): void {
    const { tracker } = this.engine;
    const { endpoint, start, spanContext: span } = invocation;
    // A server that reuses an id has forgotten the invocation that had it first.
    tracker.invocations.get(endpoint.origin, id)?.open?.close();
    tracker.invocations.set(endpoint.origin, id, { open: invocation, span });
    invocation.agent ??= tracker.agents.get(endpoint.origin, agentId);
    if (conversationId === undefined || start.above !== undefined) return;
    const conversation = this.conversationOf(conversationId);
    // A request that names no conversation creates one.
    if (start.conversationId === undefined) conversation.complete();
    conversation.count({ runs: 1 });
    invocation.segment?.identify(conversation);
  }

  step(step: StepSnapshot): void {
    const invocation = this.#alive(step.invocationId, step.conversationId);
    if (invocation === undefined) return;
    invocation.steps.see(step, this.live ? this.timeFor(invocation) : undefined, invocation.clock);
    invocation.settle();
  }

  message(message: MessageSnapshot): void {
    const invocation = this.#alive(message.invocationId, message.conversationId);
    if (invocation === undefined || (message.role === 'user' && !message.isInput)) return;
    invocation.steps.seeMessage(message);
    invocation.settle();
  }

  toolCall({ invocationId, call, begun, ended, duration }: ToolCallFact): void {
    const invocation = this.#alive(invocationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    const endedAt = this.live && ended && !begun ? time : undefined;
    const earlier = endedAt === undefined || duration === undefined ? undefined : endedAt - duration;
    invocation.steps.seeToolCall(call, this.live && begun ? time : earlier, endedAt);
  }

  toolResult(output: ToolOutput & { readonly invocationId: string }): void {
    const invocation = this.#alive(output.invocationId);
    invocation?.answer(output, this.live ? this.timeFor(invocation) : undefined);
  }

  text(invocationId: string | undefined, stepOrMessageId: string | undefined, isToken = true): void {
    const invocation = invocationId === undefined ? this.about : this.findOrResume(invocationId);
    if (invocation === undefined) return;
    const time = this.timeFor(invocation);
    if (stepOrMessageId !== undefined) invocation.steps.seeDelta(stepOrMessageId, time, isToken);
    invocation.seeText(time, isToken);
  }

  hostedTurn(turn: HostedTurn): void {
    const { telemetry, invocations } = this.engine.tracker;
    const { origin } = this.endpoint;
    const span = invocations.get(origin, turn.id)?.span;
    guard('recording a hosted turn', recordHostedTurn, telemetry, { ...turn, origin }, span, this.context);
  }

  /** A fact from a stream is a sign of life. A fact from a list does not resume a paused invocation. */
  #alive(id: string | undefined, conversationId?: string): AgentInvocation | undefined {
    const invocation = this.findOrResume(id, conversationId, this.live);
    if (this.live) invocation?.touch(this.timeFor(invocation));
    return invocation;
  }

  findOrResume(
    id: string | undefined,
    conversationId: string | undefined = this.conversationId,
    resumes = true,
  ): AgentInvocation | undefined {
    if (id === undefined) return undefined;
    const { open, paused } = this.engine.tracker.invocations.get(this.endpoint.origin, id) ?? {};
    const named = paused?.snapshot.conversationId;
    const continues = resumes && (named ?? conversationId) === (conversationId ?? named);
    if (paused !== undefined) return continues ? this.#resume(paused) : undefined;
    return open?.isOf(conversationId) === true ? open : undefined;
  }

  /** Only the program's requests resume an invocation: our own reads may return after a `dispose`. */
  #resume(paused: PausedInvocation): AgentInvocation | undefined {
    if (this.#request === undefined) return undefined;
    const { tracker, sessions, dialect } = this.engine;
    const { endpoint, context, time } = this;
    const { id, conversationId } = paused.snapshot;
    const clock = new OperationClock(this.call.ownClock);
    const resumed = tracker.beginInvocation({
      kind: dialect.kind,
      conversationId,
      reported: paused.snapshot,
      before: pausedBy(clock, paused),
      startTime: time,
      sentAt: time,
      endpoint,
      context,
      clock,
    });
    tracker.invocations.set(endpoint.origin, id, { open: resumed, span: resumed.spanContext });
    resumed.read = this.reader(resumed);
    sessions.get(endpoint.origin, conversationId)?.add(resumed);
    return resumed;
  }

  #ofSession(fact: InvocationFact): AgentInvocation | undefined {
    const { id, conversationId } = fact.snapshot;
    const isKnown = this.engine.tracker.invocations.get(this.endpoint.origin, id) !== undefined;
    return conversationId === undefined || isKnown
      ? undefined
      : this.session(conversationId).find(fact, this);
  }

  /** Opens an invocation that another process has created, or this one has handed on, if it is to be recorded here. */
  #adopt({ snapshot, object }: InvocationFact): AgentInvocation | undefined {
    const { tracker, dialect } = this.engine;
    const { processes } = tracker;
    const { endpoint } = this;
    const { id, phase, createdAt } = snapshot;
    if (!this.mayAdopt || tracker.invocations.get(endpoint.origin, id) !== undefined) return undefined;
    this.creator ??= processes?.seen(object, endpoint.origin);
    const endedAt = snapshot.endedAt ?? (phase === 'ended' ? createdAt : undefined);
    const start = processes?.adopt({ id, createdAt, endedAt, object }, this);
    if (start === undefined) return undefined;
    const { kind } = dialect;
    const { conversationId = this.conversationId } = snapshot;
    const adopted = tracker.beginInvocation({ kind, conversationId, reported: snapshot, endpoint, ...start });
    this.about = adopted;
    // From now on, the stream drives it, as if it had been known before.
    if (this.live) adopted.apply({ type: 'asked', outlives: false }, this.timeFor(adopted));
    return adopted;
  }

  /** Adds the settings of the conversation's agent, if only the conversation's object reports them. */
  #withAgent({ snapshot, subagentId }: InvocationFact): InvocationSnapshot {
    if (subagentId !== undefined) return snapshot;
    const session = this.engine.sessions.get(this.endpoint.origin, snapshot.conversationId);
    const { model, parameters, content } = session?.agent ?? snapshot;
    return { ...snapshot, model, parameters, content };
  }
}

/** An agent that this process has not seen is read from the API. */
async function readAgentOf(invocation: AgentInvocation, get: Get, facts: Facts): Promise<void> {
  const { agentId: id, endpoint } = invocation;
  const { tracker, dialect, agentReads } = facts.engine;
  const path = id === undefined ? undefined : dialect.agentPath?.(id);
  if (id === undefined || invocation.agent !== undefined || path === undefined) return;
  const { origin } = endpoint;
  const key = keyAt(origin, id);
  const read = async (): Promise<void> => {
    try {
      dialect.read(await get(path), facts);
    } catch (error) {
      const status = numberField(error, 'status');
      if (status !== 403 && status !== 404) return;
    }
    // An agent that cannot be read is remembered by its id alone, so that it is not requested again.
    if (tracker.agents.get(origin, id) === undefined)
      tracker.agents.set(origin, id, { id, name: undefined, model: undefined });
  };
  if (tracker.agents.get(origin, id) === undefined) {
    const reading = agentReads.get(key) ?? read().finally(() => agentReads.delete(key));
    agentReads.set(key, reading);
    await reading;
  }
  const agent = tracker.agents.get(origin, id);
  if (agent !== undefined) invocation.introduce(agent);
}
