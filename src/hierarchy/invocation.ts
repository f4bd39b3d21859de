import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import { ATTR_OPENAI_RUN_STATUS } from '../semconv/attributes.ts';
import type { Usage } from '../telemetry/cost/usage.ts';
import type { Failure } from '../telemetry/error.ts';
import { textLimits } from '../telemetry/kept-text.ts';
import { Keeper } from '../telemetry/kept-values.ts';
import { type Place, placeAttributes } from '../telemetry/place.ts';
import { invocationSpanName } from '../telemetry/spans/invocation-span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { monotonic } from '../util/clock.ts';
import type { AskedMessages, Conversation } from './conversation.ts';
import { addSpent, costOfUsage, recordSpent, type Spent } from './cost-and-usage.ts';
import { type InvocationStart, identity, type ReadDetails, startSpan } from './invocation-start.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  MessageSnapshot,
  StepSnapshot,
  ToolCallSnapshot,
} from './model.ts';
import type { Segment } from './segment.ts';
import { clamp, ServerClock } from './server-clock.ts';
import { Steps } from './steps.ts';

/**
 * One run or turn, from the request that creates it to its end, however its end comes to light. Everything
 * that is learnt of it is kept here and recorded when it closes, so that tokens are counted once.
 */
export class Invocation {
  readonly telemetry: Telemetry;
  readonly kind: ConversationKind;
  readonly span: Span;
  readonly segment: Segment | undefined;
  readonly endpoint: Endpoint;
  readonly startTime: number;
  readonly rebuilt: boolean;
  readonly asked: AskedMessages;
  /** What it is given beside messages: as the request has it until the invocation itself tells. */
  content: InvocationContent | undefined;
  readonly steps: Steps;
  readonly above: Invocation | undefined;
  /** Those that work for it and are not closed. */
  readonly below: Set<Invocation> = new Set();
  readonly subagentId: string | undefined;
  readonly forgotten: (() => void) | undefined;
  /** When it was created, on the clock that never jumps. */
  readonly created: number = monotonic();
  /** What its span has, but for what is known only when it ends. */
  readonly attributes: Attributes;
  readonly #closed: (invocation: Invocation, endTime: number) => void;
  /** The server's. */
  readonly clock: ServerClock;

  agent: Agent | undefined;
  snapshot: InvocationSnapshot | undefined;
  failure: Failure | undefined;
  /** USD, where the price is known. */
  cost: number | undefined;
  pollCount = 0;
  /** When it was last seen to be under way; its end is later. */
  #lastOpenTime: number;
  /** Known once it has ended, or is given up. */
  endTime: number | undefined;
  /** When its end came to light, on the clock that never jumps. */
  ended: number | undefined;
  closed = false;
  /** Requests about it that are under way. */
  calls = 0;
  /** Whether something of it is read: before that is over nothing but what completes it closes it. */
  reading: 'no' | 'soon' | 'now' = 'no';
  /** It is read once. */
  read = false;
  details: ReadDetails | undefined;
  /** All that it did has passed by, so that nothing has to be read. */
  allSeen = false;
  /** When the request that asks for it was answered, where that does not tell its id. */
  acceptedAt: number | undefined;
  #agentId: string | undefined;
  readonly #keeper: Keeper;
  /** Since when it is known, on the clock that never jumps, that nothing is under way any more, but not what came of it. */
  #over: number | undefined;
  #spentBelow: Spent = { usage: undefined, cost: undefined };

  constructor(start: InvocationStart) {
    this.telemetry = start.telemetry;
    this.kind = start.kind;
    this.segment = start.segment;
    this.agent = start.agent;
    this.#agentId = start.agentId;
    this.endpoint = start.endpoint;
    this.startTime = this.#lastOpenTime = start.startTime;
    this.rebuilt = start.rebuilt === true;
    this.asked = start.asked;
    this.content = start.content;
    this.#closed = start.closed;
    this.above = start.above;
    this.subagentId = start.subagentId;
    this.forgotten = start.forgotten;
    this.above?.below.add(this);
    this.clock = start.clock ?? (this.above === undefined ? new ServerClock() : this.above.clock);
    const { settings, wantsContent } = start.telemetry;
    this.#keeper = new Keeper(textLimits(settings));
    this.steps = new Steps({
      content: wantsContent,
      deltas: settings.streamDeltas !== 'off',
      keeper: this.#keeper,
    });
    const started = startSpan(start, this.place);
    this.span = started.span;
    this.attributes = started.attributes;
    this.segment?.invocations.add(this);
  }

  get id(): string | undefined {
    return this.snapshot?.id;
  }

  get place(): Place {
    return {
      kind: this.kind,
      conversationId: this.snapshot?.conversationId ?? this.conversation?.id,
      invocationId: this.snapshot?.id,
      agentId: this.#agentId,
      agentName: this.agent?.name,
      subagentId: this.subagentId,
    };
  }

  get conversation(): Conversation | undefined {
    return this.segment?.conversation;
  }

  get spanContext(): SpanContext {
    return this.span.spanContext();
  }

  /** What it and all below it has spent. */
  get spent(): Spent {
    return addSpent({ usage: this.snapshot?.usage, cost: this.cost }, this.#spentBelow);
  }

  addAttributes(attributes: Attributes): void {
    const added: Attributes = {};
    for (const [name, value] of Object.entries(attributes))
      if (this.attributes[name] !== value) added[name] = value;
    Object.assign(this.attributes, added);
    this.span.setAttributes(added);
  }

  contextIn(context: Context): Context {
    return trace.setSpan(context, this.span);
  }

  /**
   * The invocation as it was seen at a time. What is older than what is known changes nothing.
   *
   * @param live it was just told by a stream: the time is when it happened, not only when it came to light
   */
  see(snapshot: InvocationSnapshot, time: number, live: boolean): void {
    if (this.closed) return;
    if (this.ended !== undefined) {
      this.#seeLateUsage(snapshot);
      return;
    }
    this.#over = undefined;
    const first = this.snapshot === undefined;
    // What it is given, and the calls that it asks for, are kept elsewhere, as far as there is room.
    this.snapshot = { ...snapshot, content: undefined, pendingToolCalls: [] };
    if (snapshot.content !== undefined) this.content = this.#keeper.keep(snapshot.content, this.content);
    if (first) this.#identify(snapshot, time);
    this.segment?.touch(time);
    this.addAttributes({ [ATTR_OPENAI_RUN_STATUS]: snapshot.status });
    if (snapshot.phase === 'waiting') this.steps.wait(snapshot.pendingToolCalls, time);
    if (snapshot.phase !== 'ended') {
      this.#lastOpenTime = time;
      return;
    }
    const endTime = live ? time : this.clock.local(snapshot.endedAt, time);
    this.end(clamp(endTime, this.#lastOpenTime, time), snapshot.failure);
  }

  seeStep(step: StepSnapshot, time: number, live: boolean): void {
    if (this.closed) return;
    this.steps.see(step, live ? time : undefined, this.clock);
    this.segment?.touch(time);
  }

  seeMessage(message: MessageSnapshot): void {
    if (!this.closed && message.content !== undefined) this.steps.addOutput(message.id, message.content);
  }

  /** Its end has come to light: what it cost is known, what it did may still be read. */
  end(endTime: number, failure: Failure | undefined): void {
    if (this.ended !== undefined) return;
    this.ended = monotonic();
    this.endTime = Math.max(endTime, this.startTime);
    this.failure = failure;
    this.#spend(this.snapshot?.usage, this.rebuilt ? undefined : (this.endTime - this.startTime) / 1e3);
  }

  #spend(usage: Usage | undefined, seconds?: number): void {
    this.cost = this.costOf(usage);
    this.conversation?.spent(usage, this.cost);
    const spent = { usage, cost: this.cost, seconds };
    recordSpent(this.telemetry, spent, this.attributes, this.contextIn(ROOT_CONTEXT), this.failure);
  }

  /** Some servers count tokens only a while after the end. */
  #seeLateUsage({ usage }: InvocationSnapshot): void {
    if (this.snapshot === undefined || this.snapshot.usage !== undefined || usage === undefined) return;
    this.snapshot = { ...this.snapshot, usage };
    this.#spend(usage);
  }

  /** The program is asked to do something before it can go on. */
  wait(calls: readonly ToolCallSnapshot[], time: number): void {
    if (this.closed || this.ended !== undefined) return;
    this.#over = undefined;
    this.steps.wait(calls, time);
    this.touch(time);
  }

  /** Nothing of its conversation is under way: it is over, whatever came of it. */
  seeOver(time: number): void {
    if (this.closed || this.ended !== undefined) return;
    this.touch(time);
    this.#over ??= monotonic();
  }

  /** It is under way after all. */
  seeUnderWay(): void {
    this.#over = undefined;
  }

  /** Since when its end, or at least that it is over, is known, on the clock that never jumps. */
  get finished(): number | undefined {
    return this.ended ?? this.#over;
  }

  /** Its agent, told by something else than the invocation. */
  introduce(agent: Agent, attributes: Attributes): void {
    if (this.closed) return;
    this.agent = agent;
    this.#agentId ??= agent.id;
    this.addAttributes({ ...attributes, ...placeAttributes(this.place) });
    if (agent.name !== undefined) this.span.updateName(invocationSpanName(agent.name));
  }

  /** What several model calls of it cost together, in USD. */
  costOf(usage: Usage | undefined): number | undefined {
    return costOfUsage(this.telemetry, usage, this.attributes);
  }

  /** Something was done for it: it is under way. */
  touch(time: number): void {
    if (this.ended === undefined) this.#lastOpenTime = Math.max(this.#lastOpenTime, time);
    this.segment?.touch(time);
  }

  /** All that is to be known of it is known. */
  get complete(): boolean {
    return this.allSeen || this.steps.isComplete(this.snapshot?.usage);
  }

  /** The server has given it up by now, whether or not anybody asked. */
  expired(time: number): boolean {
    const expiresAt = this.clock.local(this.snapshot?.expiresAt, Number.POSITIVE_INFINITY);
    return time >= expiresAt;
  }

  /** Where it is not complete, what is under way about it may still tell the rest. */
  closeIfFinished(): void {
    const waits = this.reading !== 'no' || this.calls > 0;
    if (this.finished !== undefined && (!waits || this.complete)) this.close();
  }

  /** Records it, with its steps and tool calls. What is under way is recorded as far as it is known. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const invocation of [...this.below]) invocation.close();
    const endTime = this.endTime ?? Math.max(this.#lastOpenTime, this.startTime);
    if (this.above !== undefined) this.above.#closedBelow(this);
    this.#closed(this, endTime);
    this.segment?.invocationClosed(this, endTime);
  }

  #closedBelow(invocation: Invocation): void {
    this.below.delete(invocation);
    this.#spentBelow = addSpent(this.#spentBelow, invocation.spent);
  }

  #identify(snapshot: InvocationSnapshot, time: number): void {
    this.clock.learn(snapshot.createdAt, this.acceptedAt ?? time);
    this.#agentId ??= snapshot.agentId;
    this.addAttributes({ ...identity(snapshot, this.attributes), ...placeAttributes(this.place) });
    if (this.agent?.name !== undefined) this.span.updateName(invocationSpanName(this.agent.name));
  }
}
