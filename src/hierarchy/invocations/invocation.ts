import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import {
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
} from '../../semconv/attributes.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../telemetry/cost/spent.ts';
import type { Usage } from '../../telemetry/cost/usage.ts';
import type { Failure } from '../../telemetry/error.ts';
import { textLimits } from '../../telemetry/kept-text.ts';
import { Keeper } from '../../telemetry/kept-values.ts';
import { bareContext } from '../../telemetry/metadata.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import type { Conversation, InputMessages } from '../conversations/conversation.ts';
import { type Segment, timeWithin } from '../conversations/segment.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  StepSnapshot,
  ToolCallSnapshot,
} from '../model.ts';
import { OperationClock } from '../operation-clock.ts';
import type { Retrievable } from '../reads/closing-reads.ts';
import { isReported, recordSpent, spentAtOnce, usageAtClose } from './cost-and-usage.ts';
import { durationOf, identifyInvocation, withoutCalls } from './identify-invocation.ts';
import {
  type InvocationOwner,
  type InvocationStart,
  type ReadDetails,
  startInvocation,
} from './invocation-start.ts';
import { Life } from './life.ts';
import type { PausedInvocation } from './paused-invocation.ts';
import { isWhole } from './run-input.ts';
import { Steps } from './steps.ts';

/**
 * One run or turn, from the request that creates it to its end, however the end becomes known. Everything known of it is
 * collected here and recorded when it closes, so that each token counts once.
 */
export class Invocation {
  readonly telemetry: Telemetry;
  readonly startSettings: Settings;
  readonly kind: ConversationKind;
  readonly span: Span;
  readonly spanContext: SpanContext;
  readonly segment: Segment | undefined;
  readonly endpoint: Endpoint;
  readonly startTime: number;
  readonly rebuilt: boolean;
  readonly input: InputMessages;
  readonly requestedStores: readonly string[];
  /** Its content apart from messages: the request's, until the invocation itself is seen. */
  content: InvocationContent | undefined;
  readonly steps: Steps;
  readonly above: Invocation | undefined;
  /** The open invocations that work for it. */
  readonly below: Set<Invocation> = new Set();
  readonly subagentId: string | undefined;
  readonly forgotten: InvocationStart['forgotten'];
  /** Set if it goes on after a pause. */
  readonly resumed: PausedInvocation | undefined;
  readonly life: Life;
  /** The attributes of its span, without those that are known only at the end. */
  readonly attributes: Attributes;
  readonly #owner: InvocationOwner;
  /** A context with its span, and of its caller only the baggage and the mark of a hook, for what is recorded below it. */
  readonly context: Context;
  readonly clock: OperationClock;
  agent: Agent | undefined;
  id: string | undefined;
  snapshot: InvocationSnapshot | undefined;
  failure: Failure | undefined;
  pollCount = 0;
  /** Whether its details are being read. Until then only complete details close it. */
  reading: 'no' | 'soon' | 'now' = 'no';
  /** Details are read at most once. */
  read = false;
  details: ReadDetails | undefined;
  /** Set if nothing has to be read. */
  allSeen = false;
  /** Whether it may go on after it was closed before its end. */
  mayGoOn = true;
  /** When the creating request was answered, if the response does not contain the id. */
  acceptedAt: number | undefined;
  agentId: string | undefined;
  /** The conversation that its request names or creates. Without a span of that one, nothing else tells until it is seen. */
  #requestedIn: string | undefined;
  #sawText = false;
  readonly #keeper: Keeper;
  #spentBelow: Spent = NOTHING_SPENT;
  /** Its own cost in USD, and whether it has none, once its usage is final. */
  #priced: Pick<Spent, 'cost' | 'unpriced'> = NOTHING_SPENT;

  constructor(start: InvocationStart, owner: InvocationOwner) {
    this.telemetry = owner.telemetry;
    this.kind = start.kind;
    this.segment = start.segment;
    this.agent = start.agent;
    this.agentId = start.agentId;
    this.endpoint = start.endpoint;
    this.life = new Life(start.startTime);
    this.rebuilt = start.rebuilt === true;
    this.input = start.input;
    this.content = start.content;
    this.requestedStores = start.vectorStoreIds ?? [];
    this.#owner = owner;
    this.above = start.above;
    this.subagentId = start.subagentId;
    this.forgotten = start.forgotten;
    this.resumed = start.resumed;
    this.id = start.resumed?.id;
    this.above?.below.add(this);
    this.clock = start.clock ?? this.above?.clock ?? new OperationClock();
    this.startSettings = this.telemetry.settings;
    this.#keeper = new Keeper(textLimits(this.startSettings), (characters) =>
      owner.openContent.keeps(this, characters),
    );
    this.steps = new Steps({
      content: this.telemetry.wantsContent,
      deltas: this.startSettings.streamDeltas !== 'off',
      keeper: this.#keeper,
      resumed: start.resumed,
      isInputKnown: start.input.isAll,
      above: start.above?.steps,
    });
    const started = startInvocation(this.telemetry, start, this.place);
    this.span = started.span;
    this.spanContext = started.span.spanContext();
    this.context = this.contextIn(bareContext(start.context));
    this.startTime = started.startTime;
    this.attributes = started.attributes;
    this.segment?.invocations.add(this);
  }

  get place(): Place {
    return {
      kind: this.kind,
      conversationId: this.conversationId,
      invocationId: this.snapshot?.id,
      agentId: this.agentId,
      agentName: this.agent?.name,
      subagentId: this.subagentId,
    };
  }

  get conversationId(): string | undefined {
    const { snapshot, resumed, conversation } = this;
    return snapshot?.conversationId ?? resumed?.conversationId ?? conversation?.id ?? this.#requestedIn;
  }

  get conversation(): Conversation | undefined {
    return this.segment?.conversation;
  }

  /** What it and everything below it spent. */
  get spent(): Spent {
    return addSpent({ ...this.#priced, usage: this.snapshot?.usage }, this.#spentBelow);
  }

  addAttributes(attributes: Attributes): void {
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || this.attributes[name] === value) continue;
      this.attributes[name] = value;
      this.span.setAttribute(name, value);
    }
  }

  requestedIn(conversationId: string): void {
    this.#requestedIn = conversationId;
    this.addAttributes(placeAttributes(this.place));
  }

  contextIn(context: Context): Context {
    return LinkedContext.withSpan(context, this.span);
  }

  /**
   * Applies a snapshot. Snapshots older than the known state change nothing.
   *
   * @param live whether a stream reported it as it happened, so that `time` is the time of the change
   */
  see(snapshot: InvocationSnapshot, time: number, live: boolean): void {
    const { life } = this;
    if (life.state === 'closed') return;
    if (life.endTime !== undefined) {
      if (isReported(snapshot.usage) && !isReported(this.snapshot?.usage)) this.#spendLate(snapshot.usage);
      return;
    }
    const first = this.snapshot === undefined;
    this.id = snapshot.id;
    this.snapshot = withoutCalls(snapshot);
    if (snapshot.content !== undefined) this.content = this.#keeper.keep(snapshot.content, this.content);
    if (first) identifyInvocation(this, snapshot, time);
    this.segment?.touch(time);
    if (snapshot.phase === 'waiting') this.steps.wait(snapshot.pendingToolCalls, time);
    life.goOn(snapshot.phase === 'ended' ? undefined : time);
    if (snapshot.phase !== 'ended') return;
    const latest = live ? time : Math.min(time, this.#latestEnd(snapshot));
    const endTime = live ? time : this.clock.local(snapshot.endedAt, latest);
    this.end(life.endSeenAt(latest, endTime), snapshot.failure);
  }

  /** What the server says ended no later than the invocation it worked for ends within that, however late it is read. */
  #latestEnd({ endedAt = Number.POSITIVE_INFINITY }: InvocationSnapshot): number {
    const { life, snapshot } = this.above ?? {};
    const isInside = endedAt <= (snapshot?.endedAt ?? Number.NEGATIVE_INFINITY);
    return (isInside ? life?.endTime : undefined) ?? Number.POSITIVE_INFINITY;
  }

  seeStep(step: StepSnapshot, time: number, live: boolean): void {
    if (this.life.state === 'closed') return;
    this.steps.see(step, live ? time : undefined, this.clock);
    this.segment?.touch(time);
  }

  /** Takes the time of a piece of text. The first one counts, unless the program had to do something before it. */
  seeText(time: number): void {
    if (this.#sawText) return;
    this.#sawText = true;
    if (this.life.state === 'closed' || this.rebuilt || this.steps.hasWaited) return;
    this.addAttributes({
      [ATTR_GEN_AI_REQUEST_STREAM]: true,
      [ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: Math.max(0, time - this.startTime) / 1e3,
    });
  }

  /** Called when its end becomes known: its usage is final, but its details may still be read. */
  end(endTime: number, failure: Failure | undefined): void {
    const { life, snapshot } = this;
    if (!life.canGoOn) return;
    life.end(endTime);
    this.failure = failure;
    this.#spend(isReported(snapshot?.usage) ? snapshot.usage : undefined, durationOf(this));
  }

  #spend(usage: Usage | undefined, seconds?: number): void {
    const { telemetry, attributes } = this;
    const spent = { ...spentAtOnce(telemetry, usage, attributes), seconds };
    this.#priced = spent;
    this.conversation?.spent(spent, this.startTime);
    recordSpent(telemetry, spent, attributes, this.context, this.failure);
  }

  /** Spends what is known only after the end. */
  #spendLate(usage: Usage | undefined): void {
    if (this.snapshot === undefined || usage === undefined) return;
    this.snapshot = { ...this.snapshot, usage };
    this.#spend(usage);
  }

  /** Called when it waits for the program. */
  wait(calls: readonly ToolCallSnapshot[], time: number): void {
    if (!this.life.canGoOn) return;
    this.life.goOn();
    this.steps.wait(calls, time);
    this.touch(time);
  }

  /** Called on activity: it is in progress. */
  touch(time: number): void {
    this.life.touch(time);
    this.segment?.touch(time);
  }

  /** Whether everything about it is known. */
  get complete(): boolean {
    return this.allSeen || this.steps.isComplete(this.snapshot?.usage);
  }

  get retrieve(): Retrievable['retrieve'] {
    const { details } = this;
    return details && ((send) => details(this, 'end', send));
  }

  /** Closes it if it is over, unless requests in flight may still complete it. */
  closeIfFinished(): void {
    if (this.life.finished === undefined) return;
    for (const invocation of this.below) invocation.closeIfFinished();
    // Without this, a turn of a subagent is recorded before it is read.
    if (this.below.size > 0) return;
    const waits = this.reading !== 'no' || this.life.requests > 0;
    if (!waits || isWhole(this)) this.close();
  }

  forgetContent(): void {
    this.content = undefined;
    this.steps.forgetContent();
    this.#keeper.forget();
  }

  /** Closes it and records it with its steps and tool calls, as far as they are known. */
  close(): void {
    if (this.life.state === 'closed') return;
    this.#spendLate(usageAtClose(this));
    const endTime = Math.max(timeWithin(this.segment, this.life.close()), this.startTime);
    for (const invocation of this.below) invocation.close();
    if (this.above !== undefined) {
      this.above.below.delete(this);
      this.above.#spentBelow = addSpent(this.above.#spentBelow, this.spent);
    }
    this.#owner.closed(this, endTime);
    this.#owner.openContent.release(this);
    this.segment?.invocationClosed(this, endTime);
  }
}
