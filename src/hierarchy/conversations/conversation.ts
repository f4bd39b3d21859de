import { type Context, isSpanContextValid, type Span, type SpanContext, trace } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import { conversation as conversationOperation } from '../../operations/conversation.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { addSpent, NO_TOTALS, type Spent, type Totals } from '../../telemetry/cost/usage.ts';
import { rememberForEvaluation } from '../../telemetry/evaluations/evaluated-spans.ts';
import { withMetadataOf } from '../../telemetry/metadata.ts';
import { type ConversationKind, type Place, placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import { beforeSpanEnds } from '../../telemetry/span-end.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { clockIn, notAfter, now, type SpanClock } from '../../util/clock.ts';
import { LinkedContext, SPAN_KEY } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { platform } from '../../util/platform.ts';
import type { ContentHolder, Store } from '../store.ts';
import { inTraceOf } from './conversation-id.ts';

export interface Use {
  readonly kind: ConversationKind;
  /** The conversation's id; `undefined` during the request that creates the conversation. */
  readonly id: string | undefined;
  readonly context: Context;
  readonly endpoint: Endpoint | undefined;
  /** The API of the call, such as `responses`. Set if the kind of the conversation does not imply the API. */
  readonly apiType?: string | undefined;
  /** The span that asked for the tool calls that the request answers. Without an active span, its trace continues. */
  readonly continued?: SpanContext | undefined;
  readonly startTime: number;
}

const MAX_KEPT_MESSAGES = 100;

export interface InputMessages {
  readonly count: number;
  /** The user messages, and the messages of other roles that the program added before them. */
  readonly messages: readonly Message[];
  /** Whether this process created the conversation, and the messages are all that it contains. */
  readonly isAll?: boolean | undefined;
  /** The newest messages whose ids are known, and whether each is the user's. */
  readonly ids?: ReadonlyMap<string, boolean> | undefined;
}

/** The ids of messages whose content is kept. */
const messageIds = new WeakMap<Message, string>();

export const NO_INPUT: InputMessages = { count: 0, messages: [] };

interface Counted {
  readonly runs?: number;
  readonly userMessages?: number;
  readonly spent?: Spent;
}

/** Keeps no objects of the caller. */
export class Conversation implements ContentHolder {
  readonly id: string;
  /** The open segments, oldest first. Of those in one trace, all but the newest only wait for their invocations. */
  readonly segments: Set<Segment> = new Set();
  vectorStoreIds: readonly string[] = [];
  previous: SpanContext | undefined;

  /** The totals of what this process has seen in all segments of the conversation. */
  totals: Totals = NO_TOTALS;
  #unanswered: InputMessages = NO_INPUT;
  #ids: Map<string, boolean> | undefined;
  /** Whether this process created the conversation, and nothing has been answered yet. */
  #isNew = false;
  readonly #store: Store;

  /** @param store limits the content that is kept for a later run, which may never come in this process */
  constructor(id: string, store: Store) {
    this.id = id;
    this.#store = store;
  }

  /**
   * With an active span, the segment in that span's trace. Otherwise, one without a parent or else the newest
   * one whose parent is open. A segment whose parent has ended only waits for its invocations, so later uses
   * do not join it.
   */
  segmentFor(active: Span | undefined, startTime: number): Segment | undefined {
    const segments = [...this.segments];
    if (active === undefined)
      return (
        segments.find(({ parentSpanId }) => parentSpanId === undefined) ??
        segments.findLast(({ hasOpenParent }) => hasOpenParent)
      );
    const { traceId } = active.spanContext();
    return segments.findLast(
      ({ spanContext, parentEnd = startTime }) => spanContext.traceId === traceId && startTime <= parentEnd,
    );
  }

  count({ runs = 0, userMessages = 0, spent }: Counted): void {
    const { totals } = this;
    this.totals = {
      ...totals,
      ...(spent && addSpent(totals, spent)),
      runs: totals.runs + runs,
      userMessages: totals.userMessages + userMessages,
    };
  }

  /** This process has created the conversation, so its totals lack nothing. */
  complete(): void {
    this.totals = { ...this.totals, isIncomplete: false };
  }

  created(): void {
    this.complete();
    this.#isNew = true;
    this.#unanswered = { ...this.#unanswered, isAll: true };
  }

  /** Notes a message for the next run. If there are too many, the oldest content is dropped. */
  add(content: Message | undefined, id?: string): void {
    const { count, messages, isAll = false } = this.#unanswered;
    const isCounted = isOfUser(content);
    if (id !== undefined) {
      this.#ids ??= new Map();
      this.#ids.set(id, isCounted);
      keepNewest(this.#ids);
      if (content !== undefined) messageIds.set(content, id);
    }
    if (isCounted) this.count({ userMessages: 1 });
    const isFull = content !== undefined && messages.length >= MAX_KEPT_MESSAGES;
    const newest = isFull ? messages.slice(1) : messages;
    this.#keep({
      count: isCounted ? count + 1 : count,
      messages: content === undefined ? newest : [...newest, content],
      isAll: isAll && !isFull,
    });
  }

  /** Called when the program has deleted a message. If nothing has answered it, it counts for nothing. */
  remove(id: string): void {
    const { count, messages, isAll = false } = this.#unanswered;
    const known = this.#ids?.get(id);
    const identified = [...(this.#ids?.values() ?? [])].filter(Boolean).length;
    // The API reports no ids of messages that are created along with their thread.
    if (known === undefined && !(this.#isNew && count > identified)) return;
    const isCounted = known ?? true;
    this.#ids?.delete(id);
    if (isCounted) this.count({ userMessages: -1 });
    const kept = messages.filter((each) => messageIds.get(each) !== (known === undefined ? undefined : id));
    this.#keep({
      count: isCounted ? count - 1 : count,
      messages: kept,
      isAll: isAll && kept.length >= messages.length - 1,
    });
  }

  #keep(unanswered: InputMessages): void {
    this.#unanswered = unanswered;
    const { messages } = unanswered;
    if (messages.length > 0) this.#store.keeps(this, messages);
    else this.#store.release(this);
  }

  forgetContent(): void {
    const { count, messages } = this.#unanswered;
    if (messages.length > 0) this.#keep({ count, messages: [] });
  }

  takeUnanswered(): InputMessages {
    const taken = { ...this.#unanswered, ids: this.#ids };
    this.#ids = undefined;
    this.#isNew = false;
    this.#keep(NO_INPUT);
    return taken;
  }

  /** Keeps the messages again, because the run that was to answer them was not created. */
  giveBack({ count, messages, isAll, ids }: InputMessages): void {
    const added = this.#unanswered;
    this.#ids = new Map([...(ids ?? []), ...(this.#ids ?? [])]);
    this.#isNew = isAll === true;
    this.#keep({ count: count + added.count, messages: [...messages, ...added.messages], isAll });
  }
}

/**
 * All messages but the assistant's count as the user's. `undefined` is a user message whose content is not
 * recorded.
 */
export function isOfUser(message: Message | undefined): boolean {
  return message?.role !== 'assistant';
}

export interface SegmentMember {
  close(): void;
  closeIfFinished(): void;
}

/** The longest duration of a segment without an open parent or invocation, however busy the conversation is. */
const MAX_SEGMENT_DURATION_MS = 600_000;

export interface SegmentStart {
  readonly telemetry: Telemetry;
  readonly conversation: Conversation | undefined;
  readonly use: Use;
  readonly active: Span | undefined;
  readonly open: Set<Segment>;
}

/**
 * The part of a conversation that one span represents: the conversation's use below one span of the program.
 * Without such a span, a segment ends when it has been idle, or open, for too long.
 */
export class Segment {
  readonly record: OperationRecord<Place, Totals>;
  readonly spanContext: SpanContext;
  readonly parentSpanId: string | undefined;
  readonly invocations: Set<SegmentMember> = new Set();
  conversation: Conversation | undefined;
  ended = false;
  /** When the parent span ended, or the conversation was deleted. The segment may stay open, to wait for its invocations. */
  parentEnd: number | undefined;

  readonly #kind: ConversationKind;
  readonly #endpoint: Endpoint | undefined;
  readonly startTime: number;
  readonly #started = platform.performance.now();
  readonly #open: Set<Segment>;
  readonly #parent: WeakRef<Span> | undefined;
  /** The clock of the span above, so that nothing in the segment ends after that span. */
  readonly #clock: SpanClock;
  /** Stops watching the parent span, which may be open for long and have had many segments. */
  readonly #stopWaiting: (() => void) | undefined;
  #lastActivity: number;
  /** The last activity that {@link endIfIdle} has noticed, in monotonic milliseconds. */
  #lastActive = this.#started;
  /** Whether anything has happened since `#lastActive`. A flag costs less than reading the clock. */
  #wasActive = false;
  #requests = 0;

  constructor(start: SegmentStart) {
    const { telemetry, conversation, use, active: parent } = start;
    const { kind, context, startTime, endpoint, apiType } = use;
    const continued = parent === undefined ? use.continued : undefined;
    this.#kind = kind;
    this.#endpoint = endpoint;
    this.startTime = this.#lastActivity = startTime;
    this.#open = start.open;
    this.record = inTraceOf(parent === undefined ? conversation?.id : undefined, () => {
      const previous = conversation?.previous;
      return new OperationRecord(telemetry, {
        operation: conversationOperation,
        request: { kind, apiType, conversationId: conversation?.id },
        endpoint,
        place: {
          parent: continued === undefined ? context : trace.setSpanContext(context, continued),
          links: previous === undefined ? [] : [{ context: previous }],
        },
        isRoot: parent === undefined && continued === undefined,
        startTime,
      });
    });
    this.spanContext = this.record.span.spanContext();
    if (parent !== undefined && parent.spanContext().isRemote !== true) {
      this.#parent = new platform.WeakRef(parent);
      this.#clock = clockIn(context);
      this.#stopWaiting = guard('watching a parent span', beforeSpanEnds, parent, (time) =>
        this.#endWithParent(time),
      );
    }
    this.parentSpanId = parent?.spanContext().spanId;
    if (conversation !== undefined) this.#attach(conversation);
  }

  /**
   * Whether the parent's end will end the segment. A parent that had ended before the segment began does not end again.
   */
  get hasOpenParent(): boolean {
    return this.#parent?.deref()?.isRecording() === true;
  }

  contextIn(context: Context): Context {
    return withMetadataOf(context, LinkedContext.withSpan(context, this.record.span));
  }

  identify(conversation: Conversation): void {
    if (this.conversation !== undefined || this.ended) return;
    this.record.add({ attributes: placeAttributes({ kind: this.#kind, conversationId: conversation.id }) });
    this.#attach(conversation);
  }

  #attach(conversation: Conversation): void {
    this.conversation = conversation;
    conversation.segments.add(this);
    conversation.previous = this.spanContext;
    // A `withConversation` id names the same conversation at every endpoint.
    const endpoint = this.#kind === 'conversation' ? undefined : this.#endpoint;
    rememberForEvaluation('conversation', conversation.id, this.record.span, {
      [ATTR.GEN_AI_CONVERSATION_ID]: conversation.id,
      [ATTR.SERVER_ADDRESS]: endpoint?.address,
      [ATTR.SERVER_PORT]: endpoint?.port,
    });
  }

  /** Notes activity. Once the parent has ended, only open invocations make the segment longer. */
  touch(time: number = now(this.#clock)): void {
    if (this.parentEnd === undefined && time > this.#lastActivity) this.#lastActivity = time;
    this.#wasActive = true;
  }

  get isBusy(): boolean {
    return this.#requests > 0 || this.invocations.size > 0;
  }

  /** While a request on the conversation is in progress, the segment is not idle, however long the API takes. */
  requestStarted(): void {
    this.#requests += 1;
  }

  requestEnded(endTime: number): void {
    this.#requests -= 1;
    this.touch(endTime);
  }

  invocationClosed(invocation: SegmentMember, endTime: number): void {
    this.invocations.delete(invocation);
    this.#lastActivity = Math.max(this.#lastActivity, endTime);
    this.#wasActive = true;
    if (this.parentEnd !== undefined && this.invocations.size === 0) this.end();
  }

  endIfIdle(idleTimeout: number): void {
    const time = platform.performance.now();
    if (this.#wasActive) this.#lastActive = time;
    this.#wasActive = false;
    if (this.invocations.size > 0 || this.hasOpenParent) return;
    const idle = this.#requests === 0 && time - this.#lastActive >= idleTimeout;
    if (idle || time - this.#started >= MAX_SEGMENT_DURATION_MS) this.end(this.#lastActivity);
  }

  /** @param time by default, the last activity, which may be the end of an invocation that is closed now */
  end(time?: number): void {
    if (this.ended) return;
    this.ended = true;
    this.#stopWaiting?.();
    for (const invocation of [...this.invocations]) invocation.close();
    this.conversation?.segments.delete(this);
    const endTime = Math.max(time ?? this.#lastActivity, this.startTime);
    this.record.end({ result: this.conversation?.totals ?? NO_TOTALS }, endTime);
    this.#open.delete(this);
  }

  #endWithParent(parentEnd: number | undefined): void {
    if (parentEnd !== undefined) this.endAfterInvocations(this.within(parentEnd));
    // A span without a known clock may use that of the process, which counts whole milliseconds.
    else this.endAfterInvocations(this.#clock === undefined ? Date.now() : now(this.#clock));
  }

  /** Ends the segment at this time, or once its open invocations are over. */
  endAfterInvocations(time: number = this.#lastActivity): void {
    this.#lastActivity = Math.min(this.#lastActivity, time);
    this.parentEnd = time;
    for (const invocation of [...this.invocations]) invocation.closeIfFinished();
    if (this.invocations.size === 0) this.end(time);
  }

  /** Limits a time, which may come from another span's clock, to the present time of the segment's clock. */
  within(time: number): number {
    return notAfter(this.#clock, time);
  }
}

/** Calls in a row often share a span, so the last valid span context is not checked again. */
let lastValid: SpanContext | undefined;

/** The active span, if its ids are valid. An unrecorded span may have none, and cannot be a parent. */
export function activeSpan(context: Context): Span | undefined {
  const span = context.getValue(SPAN_KEY) as Span | undefined;
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  if (spanContext === lastValid) return span;
  if (!isSpanContextValid(spanContext)) return undefined;
  lastValid = spanContext;
  return span;
}

/** Whether a call below the active span can be part of an operation in the trace. Without an active span, it can. */
export function isInTrace(active: Span | undefined, traceId: string): boolean {
  return active === undefined || active.spanContext().traceId === traceId;
}
