import { type Attributes, type Context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import type { Endpoint } from '../client/provider.ts';
import { monotonic } from '../clock.ts';
import {
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_OPENAI_RUN_STATUS,
} from '../semconv/attributes.ts';
import type { Failure } from '../telemetry/error.ts';
import { type Place, placeAttributes } from '../telemetry/hierarchy.ts';
import { invocationSpanName, startInvocationSpan } from '../telemetry/invocation-span.ts';
import { metricDimensions } from '../telemetry/metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AskedMessages, Conversation } from './conversation.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  MessageSnapshot,
  StepSnapshot,
} from './model.ts';
import type { Segment } from './segment.ts';
import { Steps } from './steps.ts';
import { clamp, ServerClock } from './timing.ts';

export interface InvocationStart {
  readonly telemetry: Telemetry;
  readonly kind: ConversationKind;
  readonly segment: Segment | undefined;
  readonly agent: Agent | undefined;
  readonly agentId: string | undefined;
  readonly endpoint: Endpoint;
  readonly attributes: Attributes;
  readonly asked: AskedMessages;
  /** What the request that creates it says, where content is recorded: all there is if it is never seen. */
  readonly content: InvocationContent | undefined;
  readonly context: Context;
  readonly startTime: number;
  /** Known where something else than the creation of the invocation has told it. */
  readonly clock?: ServerClock;
  /** Records it: no more is going to be known of it. */
  readonly closed: (invocation: Invocation, endTime: number) => void;
}

/** Reads what is still unknown of an invocation that has ended. */
export type ReadDetails = (invocation: Invocation) => Promise<void>;

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
  readonly asked: AskedMessages;
  readonly requested: InvocationContent | undefined;
  readonly steps: Steps;
  /** When it was created, on the clock that never jumps. */
  readonly created: number = monotonic();
  readonly #startAttributes: Attributes;
  readonly #closed: (invocation: Invocation, endTime: number) => void;
  readonly #clock: ServerClock;

  agent: Agent | undefined;
  snapshot: InvocationSnapshot | undefined;
  failure: Failure | undefined;
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
  /** Something of it is still being read; it does not close before that is over. */
  reading = false;
  /** It is read once. */
  read = false;
  details: ReadDetails | undefined;
  #agentId: string | undefined;

  constructor(start: InvocationStart) {
    this.telemetry = start.telemetry;
    this.kind = start.kind;
    this.segment = start.segment;
    this.agent = start.agent;
    this.#agentId = start.agentId;
    this.endpoint = start.endpoint;
    this.startTime = this.#lastOpenTime = start.startTime;
    this.asked = start.asked;
    this.requested = start.content;
    this.#closed = start.closed;
    this.#clock = start.clock ?? new ServerClock();
    const { settings } = start.telemetry;
    this.steps = new Steps({
      content: start.telemetry.wantsContent,
      deltas: settings.streamDeltas !== 'off',
    });
    const { context } = start;
    const caller = trace.getSpanContext(context);
    const bounded = this.segment === undefined || this.segment.parentSpanId === caller?.spanId;
    const started = startInvocationSpan(this.telemetry, {
      place: this.place,
      endpoint: this.endpoint,
      attributes: start.attributes,
      parent: this.segment?.contextIn(context) ?? context,
      links: bounded || caller === undefined ? [] : [{ context: caller }],
      startTime: this.startTime,
    });
    this.span = started.span;
    this.#startAttributes = started.attributes;
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
    };
  }

  get conversation(): Conversation | undefined {
    return this.segment?.conversation;
  }

  get spanContext(): SpanContext {
    return this.span.spanContext();
  }

  get dimensions(): Attributes {
    return metricDimensions(this.#startAttributes);
  }

  /** What its span has, but for what is known only when it ends. */
  get attributes(): Attributes {
    return this.#startAttributes;
  }

  addAttributes(attributes: Attributes): void {
    Object.assign(this.#startAttributes, attributes);
    this.span.setAttributes(attributes);
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
    if (this.closed || this.ended !== undefined) return;
    const first = this.snapshot === undefined;
    this.snapshot = snapshot;
    if (first) this.#identify(snapshot, time);
    this.segment?.touch(time);
    this.span.setAttribute(ATTR_OPENAI_RUN_STATUS, snapshot.status);
    if (snapshot.phase === 'waiting') this.steps.wait(snapshot.pendingToolCalls, time);
    if (snapshot.phase !== 'ended') {
      this.#lastOpenTime = time;
      return;
    }
    const endTime = live ? time : this.#clock.local(snapshot.endedAt, time);
    this.end(clamp(endTime, this.#lastOpenTime, time), snapshot.failure);
  }

  seeStep(step: StepSnapshot, time: number, live: boolean): void {
    if (this.closed) return;
    this.steps.see(step, live ? time : undefined, this.#clock);
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
    const usage = this.snapshot?.usage;
    this.conversation?.spent(usage);
    const { metrics } = this.telemetry;
    metrics.recordDuration((this.endTime - this.startTime) / 1e3, this.dimensions, failure?.type);
    if (usage !== undefined) metrics.recordUsage(usage, this.dimensions);
  }

  /** Something was done for it: it is under way. */
  touch(time: number): void {
    if (this.ended === undefined) this.#lastOpenTime = Math.max(this.#lastOpenTime, time);
    this.segment?.touch(time);
  }

  /** All that is to be known of it is known. */
  get complete(): boolean {
    return this.steps.isComplete(this.snapshot?.usage);
  }

  /** The server has given it up by now, whether or not anybody asked. */
  expired(time: number): boolean {
    const expiresAt = this.#clock.local(this.snapshot?.expiresAt, Number.POSITIVE_INFINITY);
    return time >= expiresAt;
  }

  closeIfFinished(): void {
    if (this.ended !== undefined && !this.reading) this.close();
  }

  /** Records it, with its steps and tool calls. What is under way is recorded as far as it is known. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const endTime = this.endTime ?? Math.max(this.#lastOpenTime, this.startTime);
    this.#closed(this, endTime);
    this.segment?.invocationClosed(this, endTime);
  }

  #identify(snapshot: InvocationSnapshot, time: number): void {
    this.#clock.learn(snapshot.createdAt, time);
    this.#agentId ??= snapshot.agentId;
    const { model } = snapshot;
    const attributes: Attributes = { ...snapshot.parameters, ...placeAttributes(this.place) };
    if (model !== undefined) {
      attributes[ATTR_GEN_AI_REQUEST_MODEL] = this.#startAttributes[ATTR_GEN_AI_REQUEST_MODEL] ?? model;
      attributes[ATTR_GEN_AI_RESPONSE_MODEL] = model;
    }
    this.addAttributes(attributes);
    if (this.agent?.name !== undefined) this.span.updateName(invocationSpanName(this.agent.name));
  }
}
