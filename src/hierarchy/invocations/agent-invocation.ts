import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { type InvocationEnd, invokeAgent } from '../../operations/invoke-agent.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { Keeper, textLimits } from '../../telemetry/content/kept.ts';
import { NAMES_DEPLOYMENTS } from '../../telemetry/cost/costs.ts';
import {
  addSpent,
  isNoUsage,
  NOTHING_SPENT,
  type Spent,
  spentBy,
  type Usage,
} from '../../telemetry/cost/usage.ts';
import { rememberedOf, rememberForEvaluation } from '../../telemetry/evaluations/evaluated-spans.ts';
import type { WholeOperation } from '../../telemetry/operation.ts';
import type { Failure } from '../../telemetry/outcomes/failure.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord, spanNameOf } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { inOrder } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import {
  activeSpan,
  type Conversation,
  type InputMessages,
  type Segment,
} from '../conversations/conversation.ts';
import type { ToolOutput } from '../dialect.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  StepSnapshot,
  ToolCallSnapshot,
} from '../model.ts';
import { OperationClock } from '../operation-clock.ts';
import { recordToolDuration } from '../tool-calls/tool-call.ts';
import { Invocation, type InvocationOwner } from './invocation.ts';
import { canContinue, type Living, recordedEnd } from './life.ts';
import { Steps, type StepsBefore } from './steps.ts';

/** The initial state of a run or turn. */
export interface InvocationStart {
  readonly kind: ConversationKind;
  readonly segment: Segment | undefined;
  readonly agent: Agent | undefined;
  readonly agentId: string | undefined;
  readonly endpoint: Endpoint;
  readonly attributes: Attributes;
  /** The vector stores that the request names. */
  readonly vectorStoreIds?: readonly string[] | undefined;
  readonly input: InputMessages;
  /** The content of the creating request, if content is recorded. It counts until the server reports the invocation. */
  readonly content: InvocationContent | undefined;
  readonly context: Context;
  /** The span that created the invocation, if that was in another process. */
  readonly creator?: SpanContext | undefined;
  readonly startTime: number;
  /** The turn that this one works for, if it is the turn of a subagent. Its span is the parent of this one's span. */
  readonly above?: AgentInvocation | undefined;
  readonly subagentId?: string | undefined;
  /** The clock of the request. The default is the clock of the invocation above. */
  readonly clock?: OperationClock | undefined;
  /** Whether the start time comes from the server, in whole seconds: too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  /** What was recorded before a pause. Set if the invocation continues after one. */
  readonly before?: PausedInvocation | undefined;
  /** Called once the invocation has been recorded, so that its session can forget it. */
  readonly forgotten?: ((invocation: AgentInvocation) => void) | undefined;
}

export interface AgentInvocationOwner extends InvocationOwner {
  /** Records an invocation with everything that was collected about it. */
  recordAgent(invocation: AgentInvocation, endTime: number): void;
}

/** What is kept of an invocation that was recorded before its end, for a second span to continue. It has no content. */
export interface PausedInvocation {
  readonly snapshot: InvocationSnapshot;
  readonly agent: Agent | undefined;
  /** The span that was recorded for the part before the pause. */
  readonly span: SpanContext;
  /** When the invocation began; `undefined` if only the server's time, in whole seconds, is known. */
  readonly createdTime: number | undefined;
  /** The clock of its times, as the milliseconds that it adds to the monotonic clock. */
  readonly ownClock: number;
  readonly steps: StepsBefore;
}

type InvocationRecord = OperationRecord<{ readonly agentName: string | undefined }, InvocationEnd>;

const NOTHING_MEASURED: WholeOperation = { ...NOTHING_SPENT, seconds: undefined };

/**
 * Starts the record of an invocation. Its parent is the invocation that it works for, or else its conversation. If the
 * request was made in another span, the record links to that.
 */
function startBelow(
  telemetry: Telemetry,
  start: InvocationStart,
  place: Place,
  startTime: number,
): InvocationRecord {
  const { segment, above, endpoint, attributes, context } = start;
  const caller = activeSpan(context)?.spanContext();
  const bounded = segment === undefined || segment.parentSpanId === caller?.spanId || above !== undefined;
  const linked = [bounded ? undefined : caller, start.creator];
  return new OperationRecord(telemetry, {
    operation: invokeAgent,
    request: { agentName: place.agentName },
    endpoint,
    place: {
      parent: (above ?? segment)?.contextIn(context) ?? context,
      links: linked.flatMap((other) => (other === undefined ? [] : [{ context: other }])),
      attributes: { ...placeAttributes(place), ...attributes },
    },
    startTime,
  });
}

/**
 * One run or turn, from the request that creates it to its end. Everything known about it is collected here and
 * recorded only when it closes, so that each token counts once.
 */
export class AgentInvocation extends Invocation {
  readonly telemetry: Telemetry;
  readonly startSettings: Settings;
  readonly kind: ConversationKind;
  readonly openRecord: InvocationRecord;
  readonly span: Span;
  readonly spanContext: SpanContext;
  readonly startTime: number;
  readonly rebuilt: boolean;
  readonly input: InputMessages;
  readonly requestedStores: readonly string[];
  /** Its content apart from messages. It comes from the request until the server reports the invocation. */
  content: InvocationContent | undefined;
  readonly steps: Steps;
  readonly above: AgentInvocation | undefined;
  /** The open invocations that work for it. */
  readonly below: Set<AgentInvocation> = new Set();
  readonly subagentId: string | undefined;
  readonly forgotten: InvocationStart['forgotten'];
  readonly before: PausedInvocation | undefined;
  /** The attributes of its span, except those that become known only at the end. */
  readonly attributes: Attributes;
  /** A context with its span, for the spans below it. */
  readonly context: Context;
  agent: Agent | undefined;
  snapshot: InvocationSnapshot | undefined;
  failure: Failure | undefined;
  pollCount = 0;
  /** Set if everything has been seen, so that no details have to be read. */
  allSeen = false;
  agentId: string | undefined;
  /** The conversation that its request names or creates. Until the invocation is seen, nothing else may report it. */
  #requestedIn: string | undefined;
  #sawText = false;
  readonly #owner: AgentInvocationOwner;
  readonly #keeper: Keeper;
  #spentBelow: Spent = NOTHING_SPENT;
  /** What it spent itself, once its usage is final. */
  #own: Spent = NOTHING_SPENT;

  constructor(start: InvocationStart, owner: AgentInvocationOwner) {
    const { above, before, clock = above?.clock ?? new OperationClock() } = start;
    super({ ...start, id: before?.snapshot.id, clock }, owner);
    const { telemetry, store } = owner;
    this.#owner = owner;
    this.telemetry = telemetry;
    this.startSettings = telemetry.settings;
    this.kind = start.kind;
    this.agent = start.agent;
    this.agentId = start.agentId;
    this.rebuilt = start.rebuilt === true;
    this.input = start.input;
    this.content = start.content;
    this.requestedStores = start.vectorStoreIds ?? [];
    this.above = above;
    this.subagentId = start.subagentId;
    this.forgotten = start.forgotten;
    this.before = before;
    this.#requestedIn = before?.snapshot.conversationId;
    this.above?.below.add(this);
    this.#keeper = new Keeper(textLimits(this.startSettings), (characters) => store.keeps(this, characters));
    this.steps = new Steps({
      content: telemetry.wantsContent,
      deltas: this.startSettings.streamDeltas !== 'off',
      keeper: this.#keeper,
      isInputKnown: start.input.isAll,
      above: above?.steps,
      before: before?.steps,
    });
    // If both would start at the same time, it starts just after the span above it.
    this.startTime = inOrder(start.startTime, (above ?? start.segment)?.startTime);
    this.openRecord = startBelow(telemetry, start, this.place, this.startTime);
    this.span = this.openRecord.span;
    this.spanContext = this.span.spanContext();
    this.context = this.openRecord.context;
    this.attributes = this.openRecord.attributes;
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
    return this.snapshot?.conversationId ?? this.conversation?.id ?? this.#requestedIn;
  }

  get conversation(): Conversation | undefined {
    return this.segment?.conversation;
  }

  get timeout(): number {
    return this.startSettings.runTimeout;
  }

  override get expiresAt(): number {
    return this.clock.local(this.snapshot?.expiresAt, Number.POSITIVE_INFINITY);
  }

  get isComplete(): boolean {
    return this.allSeen || this.steps.isComplete(this.snapshot?.usage);
  }

  /** Whether all messages that the model was given, and all that it produced, are known. */
  get knowsMessages(): boolean {
    return this.steps.knowsInput && this.steps.haveAnswers(this.snapshot?.usage);
  }

  /** Whether content is recorded, but the model may have been given messages that this process has not seen. */
  get lacksInput(): boolean {
    const { openRecord, telemetry } = this;
    const wants = telemetry.wantsContent && openRecord.mayHaveContent;
    return this.kind === 'thread' && wants && !this.steps.knowsInput;
  }

  override get lacks(): Living['lacks'] {
    if (this.below.size > 0) return 'invocations';
    const isHeard = this.span.isRecording() || this.telemetry.readsUnsampled;
    if (!isHeard) return 'nothing';
    // The agent's id may be known, although its object has not been seen.
    const lacksAgent = this.kind === 'thread' && this.agent === undefined && this.agentId !== undefined;
    const isWhole = this.isComplete && !(this.life.mayRead && (lacksAgent || this.lacksInput));
    return isWhole ? 'nothing' : 'details';
  }

  /** What it and everything below it spent. */
  get spent(): Spent {
    return addSpent({ ...this.#own, usage: this.snapshot?.usage }, this.#spentBelow);
  }

  /** What metrics count: nothing until its end is known, then all of it, including what was before a pause. */
  get whole(): WholeOperation {
    const { life, createdTime } = this;
    const { endTime } = life;
    if (endTime === undefined) return NOTHING_MEASURED;
    return { ...this.#own, seconds: createdTime === undefined ? undefined : (endTime - createdTime) / 1e3 };
  }

  /** When it began, before any pause; `undefined` if only the server's time, in whole seconds, is known. */
  get createdTime(): number | undefined {
    const { before, rebuilt, startTime } = this;
    if (before !== undefined) return before.createdTime;
    return rebuilt ? undefined : startTime;
  }

  /** The state that a second span needs to continue; `undefined` if it is over, or belongs to an invocation above. */
  get paused(): PausedInvocation | undefined {
    const { life, above, before, agent, spanContext: span, createdTime, clock } = this;
    const snapshot = this.snapshot ?? before?.snapshot;
    if (snapshot === undefined || life.endTime !== undefined || life.isDeleted || above !== undefined)
      return undefined;
    const withoutContent = snapshot.content === undefined ? snapshot : { ...snapshot, content: undefined };
    return {
      snapshot: withoutContent,
      agent,
      span,
      createdTime,
      ownClock: clock.own,
      steps: this.steps.paused,
    };
  }

  /** Whether it may belong to the conversation. If either side names no conversation, it may. */
  isOf(conversationId: string | undefined): boolean {
    const told = this.snapshot?.conversationId;
    if (conversationId === undefined || told === conversationId) return true;
    const named = this.conversation?.id;
    return named === conversationId || (told === undefined && named === undefined);
  }

  /** What the model was given: the messages of the conversation if they are known, or else those of the request. */
  get inputMessages(): readonly Message[] {
    const { inputs } = this.steps;
    return inputs.size > 0 ? [...inputs.values()] : this.input.messages;
  }

  addAttributes(attributes: Attributes): void {
    const changed: Attributes = {};
    let hasChanged = false;
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || this.attributes[name] === value) continue;
      changed[name] = value;
      hasChanged = true;
    }
    if (hasChanged) this.openRecord.add({ attributes: changed });
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
    if (this.isRecorded) return;
    if (life.endTime !== undefined) {
      if (isReported(snapshot.usage) && !isReported(this.snapshot?.usage)) this.#spendLate(snapshot.usage);
      this.settle();
      return;
    }
    const first = this.snapshot === undefined;
    this.id = snapshot.id;
    // Its content and the tool calls that it asks for are kept elsewhere, within limits.
    this.snapshot = { ...snapshot, content: undefined, pendingToolCalls: [] };
    if (snapshot.content !== undefined) this.content = this.#keeper.keep(snapshot.content, this.content);
    if (first) this.#identify(snapshot, time);
    this.segment?.touch(time);
    const { phase } = snapshot;
    if (phase === 'waiting') this.steps.wait(snapshot.pendingToolCalls, time);
    if (phase !== 'ended') {
      this.hear({ type: phase }, time);
      return;
    }
    const latest = live ? time : Math.min(time, this.#latestEnd(snapshot));
    const endTime = live ? time : this.clock.local(snapshot.endedAt, latest);
    this.end(endTime, latest, time, snapshot.failure);
  }

  /** Called when the server first reports the invocation. */
  #identify(snapshot: InvocationSnapshot, time: number): void {
    this.clock.learn(snapshot.createdAt, time);
    this.agentId ??= snapshot.agentId;
    const identity = constantAttributes(snapshot, this.attributes);
    this.addAttributes({ ...identity, ...placeAttributes(this.place) });
    rememberForEvaluation('run', snapshot.id, this.span, rememberedOf(this.attributes));
    if (this.agent?.name !== undefined) this.#rename(this.agent.name);
  }

  /** The latest end of a subagent's turn: that of the turn above, if the server says that this one ended before it. */
  #latestEnd({ endedAt = Number.POSITIVE_INFINITY }: InvocationSnapshot): number {
    const { life, snapshot } = this.above ?? {};
    const isInside = endedAt <= (snapshot?.endedAt ?? Number.NEGATIVE_INFINITY);
    return (isInside ? life?.endTime : undefined) ?? Number.POSITIVE_INFINITY;
  }

  seeStep(step: StepSnapshot, time: number, live: boolean): void {
    if (this.isRecorded) return;
    this.steps.see(step, live ? time : undefined, this.clock);
    this.segment?.touch(time);
    this.settle();
  }

  /** Called for each piece of text. The first one counts, unless the invocation waited for the program before it. */
  seeText(time: number): void {
    if (this.#sawText) return;
    this.#sawText = true;
    if (this.isRecorded || this.rebuilt || this.steps.waitingSince !== undefined) return;
    this.addAttributes({
      [ATTR.GEN_AI_REQUEST_STREAM]: true,
      [ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: Math.max(0, time - this.startTime) / 1e3,
    });
  }

  /** Called when another object reports its agent. */
  introduce(agent: Agent, attributes: Attributes): void {
    if (this.isRecorded) return;
    this.agent = agent;
    this.agentId ??= agent.id;
    this.addAttributes({ ...attributes, ...placeAttributes(this.place) });
    if (agent.name !== undefined) this.#rename(agent.name);
  }

  #rename(agentName: string): void {
    this.openRecord.rename(spanNameOf(invokeAgent, { agentName }, {}));
  }

  /**
   * Called when its end becomes known: its usage is final, but its details may still be read.
   *
   * @param time when the end became known
   */
  end(endTime: number, latest: number, time: number, failure: Failure | undefined): void {
    if (!canContinue(this.life)) return;
    this.failure = failure;
    this.hear({ type: 'ended', endTime, latest }, time);
  }

  override recordUsage(): void {
    const { snapshot } = this;
    this.#spend(isReported(snapshot?.usage) ? snapshot.usage : undefined);
  }

  #spend(usage: Usage | undefined): void {
    const { costs } = this.telemetry;
    // The usage is that of several model calls together.
    const cost = guard('pricing a run', () => costs.of({ usage, aggregate: true }, this.attributes));
    this.#own = spentBy(usage, cost, costs.wanted);
    this.conversation?.count({ time: this.startTime, spent: this.#own });
  }

  /** Counts usage that becomes known only after the end. */
  #spendLate(usage: Usage): void {
    if (this.snapshot === undefined) return;
    this.snapshot = { ...this.snapshot, usage };
    this.#spend(usage);
  }

  /** Called when it begins to wait for outputs of the program. */
  wait(calls: readonly ToolCallSnapshot[], time: number): void {
    if (!canContinue(this.life)) return;
    this.hear({ type: 'waiting' }, time);
    this.steps.wait(calls, time);
    this.segment?.touch(time);
  }

  /** Called when the server has accepted the program's output of a tool call. */
  answer({ callId, output, outcome }: Omit<ToolOutput, 'invocationId'>, time: number): void {
    const timed = this.steps.answer(callId, { output, outcome }, time);
    if (timed !== undefined) recordToolDuration(this.telemetry, timed, this.agent?.name, this.context);
  }

  forgetContent(): void {
    this.content = undefined;
    this.steps.forgetContent();
    this.#keeper.forget();
  }

  override closeIfFinished(): void {
    for (const invocation of this.below) invocation.closeIfFinished();
    super.closeIfFinished();
  }

  /** Records it with its steps and tool calls, as far as they are known. */
  override record(): void {
    const { above, segment, life, snapshot, steps } = this;
    if (life.endTime !== undefined && !isReported(snapshot?.usage)) {
      const usage = isReported(steps.usage) ? steps.usage : snapshot?.usage;
      if (usage !== undefined) this.#spendLate(usage);
    }
    const lastTime = recordedEnd(life);
    const endTime = Math.max(segment?.within(lastTime) ?? lastTime, this.startTime);
    for (const invocation of this.below) invocation.close();
    if (above !== undefined) {
      above.below.delete(this);
      above.#spentBelow = addSpent(above.#spentBelow, this.spent);
    }
    this.#owner.recordAgent(this, endTime);
    this.#owner.store.release(this);
    segment?.invocationClosed(this, endTime);
  }
}

/** Whether there are tokens. Some servers report none, or zeros, until a while after the end, or only on the steps. */
function isReported(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && !isNoUsage(usage);
}

/** The attributes that do not change after the invocation was first seen. */
function constantAttributes({ model, parameters }: InvocationSnapshot, known: Attributes): Attributes {
  if (model === undefined) return parameters;
  return {
    ...parameters,
    [ATTR.GEN_AI_REQUEST_MODEL]: known[ATTR.GEN_AI_REQUEST_MODEL] ?? model,
    [ATTR.GEN_AI_RESPONSE_MODEL]: known[ATTR.GEN_AI_PROVIDER_NAME] === NAMES_DEPLOYMENTS ? undefined : model,
  };
}
