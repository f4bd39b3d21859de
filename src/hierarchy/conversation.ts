import type { SpanContext } from '@opentelemetry/api';
import type { Message } from '../config/completion-types.ts';
import { addCosts } from '../telemetry/cost/prices.ts';
import { addUsage, type Usage } from '../telemetry/cost/usage.ts';
import type { Totals } from '../telemetry/spans/conversation-span.ts';
import type { ConversationKind } from './model.ts';
import type { Segment } from './segment.ts';

const MOST_MESSAGES = 100;

/** User messages that a run answers: how many, and where content is recorded what they say. */
export interface AskedMessages {
  readonly count: number;
  readonly messages: readonly Message[];
}

/** What this process knows of one thread or session: counts and contexts of spans, nothing of the caller's. */
export class Conversation {
  readonly id: string;
  readonly kind: ConversationKind;
  /** Its open segments: at most one for each trace. */
  readonly segments: Map<string, Segment> = new Map();
  /** The segment before, which the next one links to. */
  previous: SpanContext | undefined;

  #usage: Usage | undefined;
  #cost: number | undefined;
  #runs = 0;
  #userMessages = 0;
  #unansweredCount = 0;
  #unanswered: Message[] = [];
  readonly #keeps: (conversation: Conversation) => void;

  /** @param keeps told when what was said is kept, for a run that need not come in this process */
  constructor(kind: ConversationKind, id: string, keeps: (conversation: Conversation) => void) {
    this.kind = kind;
    this.id = id;
    this.#keeps = keeps;
  }

  get totals(): Totals {
    return { usage: this.#usage, cost: this.#cost, runs: this.#runs, userMessages: this.#userMessages };
  }

  startedRun(): void {
    this.#runs++;
  }

  /** @param cost in USD, where prices are known */
  spent(usage: Usage | undefined, cost: number | undefined): void {
    if (usage !== undefined) this.#usage = this.#usage === undefined ? usage : addUsage(this.#usage, usage);
    if (cost !== undefined) this.#cost = addCosts(this.#cost ?? 0, cost);
  }

  /** A user message that the next run will answer; what it says where content is recorded. */
  asked(content: Message | undefined): void {
    this.#userMessages++;
    this.#unansweredCount++;
    if (content === undefined || this.#unanswered.length >= MOST_MESSAGES) return;
    this.#unanswered.push(content);
    this.#keeps(this);
  }

  /** What was said is kept no longer, only how much. */
  forgetWords(): void {
    this.#unanswered = [];
  }

  /** User messages that came with the run that answers them. */
  askedWithRun(count: number): void {
    this.#userMessages += count;
  }

  /** The messages that nobody has answered yet, which the next run does. */
  takeUnanswered(): AskedMessages {
    const asked = { count: this.#unansweredCount, messages: this.#unanswered };
    this.#unansweredCount = 0;
    this.#unanswered = [];
    return asked;
  }

  /** The run that was to answer them was not created. */
  giveBack({ count, messages }: AskedMessages): void {
    this.#unansweredCount += count;
    this.#unanswered.unshift(...messages);
  }
}
