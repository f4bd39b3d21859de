import type { Span, SpanContext } from '@opentelemetry/api';
import { NO_TOTALS } from '../telemetry/cost/usage.ts';
import type { ConversationKind } from '../telemetry/place-attributes.ts';
import type { EndLimits, ProviderListener } from '../telemetry/program-end/provider-life.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { justAfter } from '../util/clock.ts';
import { guard } from '../util/guard.ts';
import { SweepTimer } from '../util/sweep-timer.ts';
import { activeSpan, Conversation, NO_INPUT, Segment, type Use } from './conversations/conversation.ts';
import { derivesTraceIds } from './conversations/conversation-id.ts';
import { linkCaller } from './conversations/own-trace.ts';
import type { Agent } from './dialect.ts';
import {
  AgentInvocation,
  type InvocationStart,
  type PausedInvocation,
} from './invocations/agent-invocation.ts';
import type { Invocation, InvocationOwner } from './invocations/invocation.ts';
import { recordInvocation } from './invocations/record-invocation.ts';
import type { Effect } from './invocations/state-machine.ts';
import { Processes } from './processes/processes.ts';
import { BackgroundReads, READ_TIMEOUT_MS } from './reads.ts';
import { keyAt, LONG_LIFETIME_MS, type Shelf, Store } from './store.ts';
import { ToolCalls } from './tool-calls/tool-calls.ts';

/** How often overdue entries are searched for; more often if the configured timeouts are short. */
const SWEEP_INTERVAL_MS = 1_000;

interface KnownInvocation {
  /** Set until its span is recorded. */
  readonly open: AgentInvocation | undefined;
  readonly span: SpanContext;
  /** Set if the invocation was recorded before its end: the state that a second span continues. */
  readonly paused?: PausedInvocation | undefined;
}

/**
 * Tracks the conversations, segments and invocations of one observer. Their number and lifetime are limited.
 * It keeps span contexts, numbers and texts, but never a caller's context or request.
 */
export class ConversationTracker implements ProviderListener, InvocationOwner {
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly agents: Shelf<Agent>;
  /** Open and recorded invocations: later requests link to their spans. */
  readonly invocations: Shelf<KnownInvocation>;
  readonly #conversations: Shelf<Conversation>;
  /** Conversations that have not been used for long or gave way to others. They have totals, but no content and no open span. */
  readonly #resting: BoundedMap<string, Conversation>;
  readonly #segments = new Set<Segment>();
  readonly #openInvocations = new Set<Invocation>();
  /** Open sockets. `endAll` closes those that are not deleted before. */
  readonly sessions: Set<{ closed(): void }> = new Set();
  readonly reads: BackgroundReads;
  /** The tool calls of all APIs but runs and turns. */
  readonly toolCalls: ToolCalls;
  #processes: Processes | undefined;
  readonly #timer = new SweepTimer(
    () => this.#sweep(),
    () => {
      this.reads.stop();
      this.endAll();
    },
  );

  constructor(telemetry: Telemetry) {
    const { maxConversations } = telemetry.settings;
    const store = new Store(maxConversations);
    this.telemetry = telemetry;
    this.store = store;
    this.agents = store.shelf({ lifetimeMs: LONG_LIFETIME_MS });
    const resting = new BoundedMap<string, Conversation>(maxConversations, undefined, LONG_LIFETIME_MS);
    store.add(resting);
    this.#resting = resting;
    this.#conversations = store.shelf({
      evicted(conversation, key) {
        for (const segment of [...conversation.segments]) segment.end();
        conversation.forgetContent();
        conversation.vectorStoreIds = [];
        resting.set(key, conversation);
      },
      // Polls and events do not look the conversation up.
      isInUse: isBusy,
    });
    this.invocations = store.shelf({
      // The API may publish its own trace of a turn long after the turn.
      lifetimeMs: LONG_LIFETIME_MS,
      evicted: ({ open }) => open?.close(),
      isInUse: ({ open }) => open !== undefined,
    });
    this.reads = new BackgroundReads(telemetry);
    this.toolCalls = new ToolCalls(telemetry, store);
  }

  /** Set if other processes may work on the same runs, as an option says. */
  get processes(): Processes | undefined {
    const { adoptRuns, propagateInMetadata } = this.telemetry.settings;
    if (adoptRuns === false && !propagateInMetadata) return undefined;
    this.#processes ??= new Processes(this.telemetry, this.store);
    return this.#processes;
  }

  /** @param isIncomplete whether the conversation, if it is unknown, has been used before: the program may only name it */
  conversation(
    kind: ConversationKind,
    id: string,
    origin: string,
    isIncomplete: boolean = kind === 'thread' || kind === 'session',
  ): Conversation {
    const namespace = namespaceOf(kind, origin);
    const known = this.#conversations.get(namespace, id);
    if (known !== undefined) return known;
    const key = keyAt(namespace, id);
    const rested = this.#resting.get(key);
    const made = rested ?? new Conversation(id, this.store);
    if (rested === undefined) made.totals = { ...NO_TOTALS, isIncomplete };
    else this.#resting.delete(key);
    this.#conversations.set(namespace, id, made);
    return made;
  }

  /** @param opensBelow whether a use of a known conversation opens a segment below an active span, too */
  enter(use: Use, active: Span | undefined, opensBelow: boolean): Segment | undefined {
    const isKnown = use.id !== undefined;
    // If trace ids are derived from conversation ids, no trace can start before the id is known.
    const opens = active === undefined ? isKnown || !derivesTraceIds() : isKnown && opensBelow;
    return this.openSegment(use, active, opens);
  }

  openSegment(use: Use, active: Span | undefined, opens: boolean = true): Segment | undefined {
    const { telemetry } = this;
    const { kind, id, context, endpoint, startTime } = use;
    if (opens && telemetry.settings.conversationSpans === 'never') return undefined;
    const conversation = id === undefined ? undefined : this.conversation(kind, id, endpoint?.origin ?? '');
    let segment = conversation?.segmentFor(active, startTime);
    if (segment !== undefined) segment.touch(startTime);
    else if (opens) {
      segment = new Segment({ telemetry, conversation, use, active, open: this.#segments });
      this.#segments.add(segment);
      this.#watch();
    }
    if (segment !== undefined) linkCaller(context, segment);
    return segment;
  }

  beginInvocation(start: InvocationStart): AgentInvocation {
    const { kind, conversationId: id, context, endpoint, reported, sentAt, before, above } = start;
    const active = activeSpan(context);
    // Below a span of this process, the segment starts just after the request that found the invocation.
    const isFound = sentAt !== undefined && active !== undefined && active.spanContext().isRemote !== true;
    const startTime = isFound ? justAfter(sentAt) : start.startTime;
    const use = { kind, id, context, endpoint, startTime };
    const segment = above === undefined ? this.openSegment(use, active) : above.segment;
    const takesInput = start.input === undefined && before === undefined && id !== undefined;
    const unanswered = takesInput ? this.conversation(kind, id, endpoint.origin).takeUnanswered() : NO_INPUT;
    const all = {
      ...start,
      segment,
      agent: reported.agent ?? this.agents.get(endpoint.origin, reported.agentId),
      input: start.input ?? unanswered,
      // If a request starts the invocation, its time is kept: the clock may have been set back meanwhile.
      startTime:
        sentAt === undefined ? startTime : Math.max(start.startTime, segment?.startTime ?? startTime),
    };
    const invocation = new AgentInvocation(all, this);
    this.keepInvocation(invocation);
    return invocation;
  }

  keepInvocation(invocation: Invocation): void {
    this.#openInvocations.add(invocation);
    this.#watch();
  }

  keepSession(session: { closed(): void }): void {
    this.sessions.add(session);
    this.#watch();
  }

  carryOut(invocation: Invocation, effect: Effect): void {
    if ('read' in effect) {
      if (effect.read === 'details') this.reads.details(invocation);
      else this.reads.ending(invocation, effect.isLastRead);
      return;
    }
    if (effect.isUnread) this.reads.skip();
    const endTime = invocation.finish();
    if (invocation instanceof AgentInvocation) {
      guard('recording an invocation', recordInvocation, invocation, endTime);
      this.store.release(invocation);
    }
    invocation.segment?.invocationClosed(invocation, endTime);
    this.#openInvocations.delete(invocation);
    if (!(invocation instanceof AgentInvocation)) return;
    const { id, spanContext: span, paused, endpoint, start } = invocation;
    if (id !== undefined && this.invocations.get(endpoint.origin, id)?.span === span)
      this.invocations.set(endpoint.origin, id, { open: undefined, span, paused }, paused !== undefined);
    invocation.session?.forget(invocation);
    start.above?.settle();
  }

  /**
   * Ends a deleted conversation once its invocations are recorded. The server deletes its runs or turns, too,
   * so these are recorded at once, or after a read in progress. Responses of a Conversation remain.
   */
  endConversation(kind: ConversationKind, id: string, origin: string): void {
    const namespace = namespaceOf(kind, origin);
    const conversation = this.#conversations.get(namespace, id);
    if (conversation === undefined) return;
    for (const invocation of [...this.#openInvocations])
      if (invocation instanceof AgentInvocation && invocation.conversationId === id)
        if (invocation.endpoint.origin === origin) invocation.apply({ type: 'deleted' });
    for (const segment of [...conversation.segments]) segment.endAfterInvocations();
    conversation.forgetContent();
    if (conversation.segments.size === 0) this.#conversations.delete(namespace, id);
  }

  get isOpen(): boolean {
    return this.#segments.size + this.#openInvocations.size + this.sessions.size > 0;
  }

  async forceFlush(): Promise<void> {
    await this.reads.settled();
    for (const invocation of [...this.#openInvocations]) invocation.closeIfFinished();
    this.#sweep();
  }

  async endIdle({ reads = true }: EndLimits = {}): Promise<void> {
    if (reads) this.reads.allEnds(this.#openInvocations, false);
    await this.forceFlush();
    this.#sweep(0);
  }

  async shutdown({ reads = true, readTimeoutMs = READ_TIMEOUT_MS }: EndLimits = {}): Promise<void> {
    if (reads) this.reads.allEnds(this.#openInvocations, true);
    else this.reads.clear();
    await this.reads.end(readTimeoutMs);
    this.endAll();
  }

  endAll(): void {
    for (const invocation of [...this.#openInvocations]) invocation.close();
    for (const session of [...this.sessions]) session.closed();
    for (const segment of [...this.#segments]) segment.end();
    this.#timer.stop();
  }

  /** Starts the timer that ends overdue entries. It runs only while needed: it holds the program's hooks. */
  #watch(): void {
    if (this.#timer.isAwake) return;
    const { conversationIdleTimeout, runTimeout } = this.telemetry.settings;
    this.#timer.wake(Math.max(10, Math.min(SWEEP_INTERVAL_MS, conversationIdleTimeout / 4, runTimeout / 4)));
  }

  #sweep(idleTimeout = this.telemetry.settings.conversationIdleTimeout): void {
    this.reads.resume();
    for (const invocation of [...this.#openInvocations])
      invocation.apply({ type: 'time', idleTimeout: this.telemetry.settings.conversationIdleTimeout });
    for (const segment of [...this.#segments]) segment.endIfIdle(idleTimeout);
    if (this.isOpen) return;
    this.#timer.stop();
    this.store.expire();
  }
}

/** Ids of different kinds may be equal. A `withConversation` id names the same conversation at every server. */
function namespaceOf(kind: ConversationKind, origin: string): string {
  return kind === 'conversation' ? kind : `${kind}:${origin}`;
}

function isBusy({ segments }: Conversation): boolean {
  for (const segment of segments) if (segment.isBusy) return true;
  return false;
}
