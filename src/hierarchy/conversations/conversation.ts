import type { Span, SpanContext } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import { addSpent, type Spent } from '../../telemetry/cost/spent.ts';
import { NO_TOTALS, type Totals } from '../../telemetry/spans/totals.ts';
import type { BoundedMap } from '../../util/bounded-map.ts';
import { now } from '../../util/clock.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { ConversationKind } from '../model.ts';
import { type ContentHolder, charactersOf, type OpenContent } from '../open-content.ts';
import type { Segment } from './segment.ts';

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

/** The state of one thread, conversation or session in this process: counts and span contexts, no objects of the caller. */
export class Conversation implements ContentHolder {
  readonly id: string;
  readonly kind: ConversationKind;
  /** The open segments by trace; one that waits for its invocations may have made way for another there, and has its own id. */
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
  readonly #spoken: BoundedMap<Conversation, Conversation> | undefined;
  readonly #openContent: OpenContent | undefined;

  /** @param spoken takes it when message content is kept for a later run, which may never come in this process */
  constructor(
    kind: ConversationKind,
    id: string,
    spoken?: BoundedMap<Conversation, Conversation>,
    openContent?: OpenContent,
  ) {
    this.kind = kind;
    this.id = id;
    this.#spoken = spoken;
    this.#openContent = openContent;
  }

  /**
   * The open segment for a use: the one in the trace of the active span. Without an active span, a segment without a parent,
   * or else the newest one whose parent is open. A segment whose parent has ended only waits for its invocations.
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

  #count(counted: Counted): void {
    this.#latest.push(counted);
    const segments = [...this.segments.values()];
    const someAreOver = segments.length > 1 || segments.some(({ parentEnd }) => parentEnd !== undefined);
    const excess = this.#latest.length - (someAreOver ? MAX_REPEATED : 0);
    if (excess > 0) this.#totals = this.#latest.splice(0, excess).reduce(addCounted, this.#totals);
  }

  /** Called when this process has created it. */
  created(): void {
    this.#isNew = true;
  }

  startedRun(time: number = now()): void {
    this.#count({ time, runs: 1 });
  }

  /** @param time when the run or call began that spent it */
  spent(spent: Spent, time: number = now()): void {
    this.#count({ time, spent });
  }

  /** Takes a message for the next run, with its content if content is recorded, and counts it if it is the user's. */
  add(content: Message | undefined): void {
    if (isOfUser(content)) {
      this.countUserMessages(1);
      this.#unansweredCount++;
    }
    if (content === undefined) return;
    if (this.#unanswered.length >= MAX_KEPT_MESSAGES) {
      this.#isNew = false;
      return;
    }
    this.#unanswered.push(content);
    this.#characters += charactersOf(content);
    this.#spoken?.set(this, this);
    this.#openContent?.keeps(this, this.#characters);
  }

  /** Drops the content of kept messages, but not their number. */
  forgetContent(): void {
    this.#dropMessages();
    this.#isNew = false;
  }

  /** Counts user messages whose content is not kept: the run that answers them has it, or it is not recorded. */
  countUserMessages(count: number): void {
    if (count > 0) this.#count({ time: now(), userMessages: count });
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
    this.#openContent?.release(this);
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
