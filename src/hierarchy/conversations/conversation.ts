import { type Context, isSpanContextValid, type Span, type SpanContext } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import { conversation as conversationOperation } from '../../operations/conversation.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { addSpent, NO_TOTALS, type Spent, type Totals } from '../../telemetry/cost/usage.ts';
import { rememberForEvaluation } from '../../telemetry/evaluations/evaluated-spans.ts';
import { withMetadataOf } from '../../telemetry/metadata.ts';
import { endpointAttributes, type Place, placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import { beforeSpanEnds } from '../../telemetry/span-end.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { clockIn, monotonic, notAfter, now, type SpanClock } from '../../util/clock.ts';
import { LinkedContext, SPAN_KEY } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { ConversationKind } from '../model.ts';
import { type ContentHolder, charactersOf, type Store } from '../store.ts';
import { inTraceOf } from './conversation-id.ts';

/** One use of a conversation. */
export interface Use {
  readonly kind: ConversationKind;
  /** `undefined` during the request that creates it. */
  readonly id: string | undefined;
  readonly context: Context;
  /** `undefined` for a function of the program. */
  readonly endpoint: Endpoint | undefined;
  /** The API of a call in a conversation that the program named, or of a Conversation. */
  readonly apiType?: string | undefined;
  readonly startTime: number;
}

const MAX_KEPT_MESSAGES = 100;
/** The clocks of two spans of the program may differ so much: they begin at whole milliseconds. */
const CLOCK_TOLERANCE_MS = 1;

/** The user messages that a run answers: their number and, if content is recorded, their content. */
export interface InputMessages {
  readonly count: number;
  /** Also those of other roles that the program has put before them. */
  readonly messages: readonly Message[];
  /** Whether nothing else was said in the conversation before. */
  readonly isAll?: boolean;
}

/** What is added to the totals of a conversation. */
interface Counted {
  readonly time: number;
  readonly runs?: number;
  readonly userMessages?: number;
  readonly spent?: Spent;
}

function addCounted(totals: Totals, { runs = 0, userMessages = 0, spent }: Counted): Totals {
  return {
    ...totals,
    ...(spent && addSpent(totals, spent)),
    runs: totals.runs + runs,
    userMessages: totals.userMessages + userMessages,
  };
}

/**
 * The state of one thread, conversation or session in this process: counts and span contexts, no objects of the caller.
 */
export class Conversation implements ContentHolder {
  readonly id: string;
  readonly kind: ConversationKind;
  /**
   * The open segments by trace; one that waits for its invocations may have made way for another there, and has its own
   * id.
   */
  readonly segments: Map<string, Segment> = new Map();
  /** The vector stores that its invocations may search. */
  vectorStoreIds: readonly string[] = [];
  /** The previous segment, to which the next one links. */
  previous: SpanContext | undefined;

  #totals = NO_TOTALS;
  /** What an open segment that has been over since an earlier time must not count. */
  readonly #latest: Counted[] = [];
  #unansweredCount = 0;
  #unanswered: Message[] = [];
  #characters = 0;
  /** Whether this process has created it, and nothing but the kept messages was said in it. */
  #isNew = false;
  readonly #store: Store | undefined;

  /** @param store knows the content that is kept for a later run, which may never come in this process */
  constructor(kind: ConversationKind, id: string, store?: Store) {
    this.kind = kind;
    this.id = id;
    this.#store = store;
  }

  /**
   * The open segment for a use: the one in the trace of the active span. Without an active span, a segment without a
   * parent, or else the newest one whose parent is open. A segment whose parent has ended only waits for its
   * invocations.
   */
  segmentFor(active: Span | undefined, startTime: number): Segment | undefined {
    if (active !== undefined) {
      const segment = this.segments.get(active.spanContext().traceId);
      return startTime > (segment?.parentEnd ?? startTime) ? undefined : segment;
    }
    let newest: Segment | undefined;
    for (const segment of this.segments.values()) {
      if (segment.parentSpanId === undefined) return segment;
      if (segment.hasOpenParent) newest = segment;
    }
    return newest;
  }

  /** The totals of what had begun by then. */
  totalsAt(time: number): Totals {
    const end = time + CLOCK_TOLERANCE_MS;
    return this.#latest.filter((counted) => counted.time <= end).reduce(addCounted, this.#totals);
  }

  /** @param counted.time when the run or call began; by default now */
  count({ time = now(), ...counted }: Omit<Counted, 'time'> & { readonly time?: number }): void {
    this.#latest.push({ time, ...counted });
    const segments = [...this.segments.values()];
    const someAreOver = segments.length > 1 || segments.some(({ parentEnd }) => parentEnd !== undefined);
    const excess = this.#latest.length - (someAreOver ? MAX_REPEATED : 0);
    if (excess > 0) this.#totals = this.#latest.splice(0, excess).reduce(addCounted, this.#totals);
  }

  /** Called when this process has created it. */
  created(): void {
    this.#isNew = true;
  }

  /** Takes a message for the next run, with its content if content is recorded, and counts it if it is the user's. */
  add(content: Message | undefined): void {
    if (isOfUser(content)) {
      this.count({ userMessages: 1 });
      this.#unansweredCount++;
    }
    if (content === undefined) return;
    if (this.#unanswered.length >= MAX_KEPT_MESSAGES) {
      this.#isNew = false;
      return;
    }
    this.#unanswered.push(content);
    this.#characters += charactersOf(content);
    this.#store?.keeps(this, this.#characters);
  }

  /** Drops the content of kept messages, but not their number. */
  forgetContent(): void {
    if (this.#unanswered.length > 0) this.#dropMessages();
    this.#isNew = false;
  }

  /** Takes the unanswered messages, for the run that answers them. */
  takeUnanswered(): InputMessages {
    const taken = { count: this.#unansweredCount, messages: this.#unanswered, isAll: this.#isNew };
    this.#isNew = false;
    this.#unansweredCount = 0;
    this.#dropMessages();
    return taken;
  }

  #dropMessages(): void {
    this.#unanswered = [];
    this.#characters = 0;
    this.#store?.release(this);
  }

  /** Returns the messages because their run was not created. */
  giveBack({ count, messages, isAll }: InputMessages): void {
    this.#isNew = isAll === true;
    this.#unansweredCount += count;
    this.#unanswered.unshift(...messages);
  }
}

/** Whether a message counts as one of the user's. Without content there are no others. */
export function isOfUser(message: Message | undefined): boolean {
  return message?.role !== 'assistant';
}

/** What a segment needs of an invocation that is part of it. */
export interface SegmentMember {
  close(): void;
  closeIfFinished(): void;
}

/** Bounds a segment that no open span of the program bounds, however busy the conversation is. */
const MAX_SEGMENT_DURATION_MS = 600_000;

export interface SegmentStart {
  readonly telemetry: Telemetry;
  /** Not known yet while the request that creates the conversation is in progress. */
  readonly conversation: Conversation | undefined;
  /** What opens it. */
  readonly use: Use;
  /** The active span of its context. */
  readonly active: Span | undefined;
  /** All open segments, which it leaves at its end. */
  readonly open: Set<Segment>;
}

/**
 * A conversation as far as it is used below one span of the program, or, where there is no such span, from
 * one idle time to the next: what the span of a conversation represents.
 */
export class Segment {
  readonly record: OperationRecord<Place, Totals>;
  readonly spanContext: SpanContext;
  /** The span of the program that bounds it; `undefined` where time does. */
  readonly parentSpanId: string | undefined;
  readonly invocations: Set<SegmentMember> = new Set();
  /** Set once its id is known. */
  conversation: Conversation | undefined;
  ended = false;
  /** When its parent ended, which it may outlive to wait for its invocations. */
  parentEnd: number | undefined;

  readonly #kind: ConversationKind;
  readonly startTime: number;
  readonly #started = monotonic();
  readonly #open: Set<Segment>;
  readonly #parent: WeakRef<Span> | undefined;
  /** Of the span above: nothing of the segment ends after it. */
  readonly #clock: SpanClock;
  /** A span of the program may be open for long, and have many below it that are over. */
  readonly #stopWaiting: (() => void) | undefined;
  #lastActivity: number;
  /** In monotonic milliseconds, but for what has happened since {@link endIfIdle} looked. */
  #lastActive = this.#started;
  /** Whether something has happened since then: reading the clock each time would cost more than all the rest. */
  #wasActive = false;
  #requests = 0;
  #told: { readonly endpoint: Endpoint | undefined; readonly apiType: string | undefined };

  constructor(start: SegmentStart) {
    const { telemetry, conversation, use, active: parent } = start;
    const { kind, context, startTime, endpoint, apiType } = use;
    this.#kind = kind;
    this.startTime = this.#lastActivity = startTime;
    this.#open = start.open;
    this.#told = { endpoint, apiType };
    this.record = inTraceOf(parent === undefined ? conversation?.id : undefined, () => {
      const previous = conversation?.previous;
      return new OperationRecord(telemetry, {
        operation: conversationOperation,
        request: { kind, apiType, conversationId: conversation?.id },
        endpoint,
        place: { parent: context, links: previous === undefined ? [] : [{ context: previous }] },
        isRoot: parent === undefined,
        startTime,
      });
    });
    this.spanContext = this.record.span.spanContext();
    if (parent !== undefined && parent.spanContext().isRemote !== true) {
      this.#parent = new WeakRef(parent);
      this.#clock = clockIn(context);
      this.#stopWaiting = guard('watching a parent span', beforeSpanEnds, parent, (time) =>
        this.#endWithParent(time),
      );
    }
    this.parentSpanId = parent?.spanContext().spanId;
    if (conversation !== undefined) this.#attach(conversation);
  }

  /** Whether its parent will end it. A parent that had ended before the segment began does not end again. */
  get hasOpenParent(): boolean {
    return this.#parent?.deref()?.isRecording() === true;
  }

  /** The context of what happens on the conversation. */
  contextIn(context: Context): Context {
    return withMetadataOf(context, LinkedContext.withSpan(context, this.record.span));
  }

  /** The request that creates the conversation has told its id. */
  identify(conversation: Conversation): void {
    if (this.conversation !== undefined || this.ended) return;
    const { apiType } = this.#told;
    const place = { kind: this.#kind, apiType, conversationId: conversation.id };
    this.record.add({ attributes: placeAttributes(place) });
    this.#attach(conversation);
  }

  /** The first call reports the server and the API, which a function of the program before it did not. */
  tell({ endpoint, apiType }: Pick<Use, 'endpoint' | 'apiType'>): void {
    const told = this.#told;
    this.#told = { endpoint: told.endpoint ?? endpoint, apiType: told.apiType ?? apiType };
    if (told.endpoint === undefined && endpoint !== undefined)
      this.record.add({ attributes: endpointAttributes(endpoint) });
    if (told.apiType === undefined && apiType !== undefined)
      this.record.add({ attributes: { [ATTR.OPENAI_API_TYPE]: apiType } });
  }

  #attach(conversation: Conversation): void {
    this.conversation = conversation;
    const { segments } = conversation;
    const { traceId } = this.spanContext;
    const waiting = segments.get(traceId);
    // The newest stands last.
    segments.delete(traceId);
    if (waiting !== undefined) segments.set(waiting.spanContext.spanId, waiting);
    segments.set(traceId, this);
    conversation.previous = this.spanContext;
    // The program's own ids hold for every endpoint.
    const endpoint = this.#kind === 'conversation' ? undefined : this.#told.endpoint;
    rememberForEvaluation('conversation', conversation.id, this.record.span, {
      [ATTR.GEN_AI_CONVERSATION_ID]: conversation.id,
      [ATTR.SERVER_ADDRESS]: endpoint?.address,
      [ATTR.SERVER_PORT]: endpoint?.port,
    });
  }

  /** Once its parent has ended only what it waits for can make it longer. */
  touch(time: number = now(this.#clock)): void {
    if (this.parentEnd === undefined && time > this.#lastActivity) this.#lastActivity = time;
    this.#wasActive = true;
  }

  /** A request on the conversation keeps it open, however long the API takes. */
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

  /** Ends it if nothing has happened for long enough. */
  endIfIdle(idleTimeout: number): void {
    const time = monotonic();
    if (this.#wasActive) this.#lastActive = time;
    this.#wasActive = false;
    if (this.invocations.size > 0 || this.hasOpenParent) return;
    const idle = this.#requests === 0 && time - this.#lastActive >= idleTimeout;
    if (idle || time - this.#started >= MAX_SEGMENT_DURATION_MS) this.end(this.#lastActivity);
  }

  /** Ends it whatever is in progress; `time` defaults to that of the last activity. */
  end(time: number = this.#lastActivity): void {
    if (this.ended) return;
    this.ended = true;
    this.#stopWaiting?.();
    for (const invocation of [...this.invocations]) invocation.close();
    const { traceId, spanId } = this.spanContext;
    const segments = this.conversation?.segments;
    if (segments?.delete(spanId) === false && segments.get(traceId) === this) segments.delete(traceId);
    const endTime = Math.max(time, this.startTime);
    this.record.end({ result: this.conversation?.totalsAt(endTime) ?? NO_TOTALS }, endTime);
    this.#open.delete(this);
  }

  #endWithParent(parentEnd: number | undefined): void {
    // A span whose clock is not known may go by the process's, which counts milliseconds.
    const time = this.#clock === undefined ? Date.now() : now(this.#clock);
    const endTime = parentEnd === undefined ? time : Math.min(parentEnd, time);
    this.#lastActivity = Math.min(this.#lastActivity, endTime);
    this.parentEnd = endTime;
    for (const invocation of [...this.invocations]) invocation.closeIfFinished();
    if (this.invocations.size === 0) this.end(endTime);
  }

  /** A time of what is inside, which may be told by the clock of another span below the same parent. */
  within(time: number): number {
    return notAfter(this.#clock, time);
  }
}

/** The last one that was checked: many calls in a row are made below one span. */
let lastValid: SpanContext | undefined;

/** The active span, if it is a real one. An unrecorded span may have no ids, so nothing can stand below it. */
export function activeSpan(context: Context): Span | undefined {
  const span = context.getValue(SPAN_KEY) as Span | undefined;
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  if (spanContext === lastValid) return span;
  if (!isSpanContextValid(spanContext)) return undefined;
  lastValid = spanContext;
  return span;
}

/**
 * Whether what is done below the active span can be part of something in the trace: without an active span anything
 * can.
 */
export function isInTrace(active: Span | undefined, traceId: string): boolean {
  return active === undefined || active.spanContext().traceId === traceId;
}
