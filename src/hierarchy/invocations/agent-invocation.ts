import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { define } from '../../operations/attributes.ts';
import type { AgentContent } from '../../operations/create-agent.ts';
import { type InvocationEnd, invokeAgent } from '../../operations/invoke-agent.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { Keeper, textLimits } from '../../telemetry/content/kept-content.ts';
import { findCost, NAMES_DEPLOYMENTS, sellerFacts } from '../../telemetry/cost/costs.ts';
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
import { type ConversationKind, type Place, placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord, spanNameOf } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { inOrder, SPAN_ROOM_MS } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { activeSpan, type InputMessages, type Segment } from '../conversations/conversation.ts';
import type { Agent, AgentSettings, InvocationSnapshot, ToolCallSnapshot, ToolOutput } from '../dialect.ts';
import type { OperationClock } from '../operation-clock.ts';
import { recordToolDuration } from '../tool-calls/tool-call.ts';
import { Invocation, type InvocationOwner } from './invocation.ts';
import { canContinue, endTimeOf, type Living } from './state-machine.ts';
import { Steps, type StepsBefore } from './steps.ts';

export interface InvocationStart {
  readonly kind: ConversationKind;
  readonly conversationId: string | undefined;
  readonly endpoint: Endpoint;
  /** What the request, or the object that shows the invocation first, says about its agent. */
  readonly reported: AgentSettings;
  readonly attributes?: Attributes;
  /** By default, the unanswered messages of the conversation. */
  readonly input?: InputMessages | undefined;
  readonly context: Context;
  /** The span of the request that created the invocation, to link to. */
  readonly creator?: SpanContext | undefined;
  readonly startTime: number;
  /** When the request that found the invocation was sent. Not set if the request starts it. */
  readonly sentAt?: number;
  readonly above?: AgentInvocation | undefined;
  readonly subagentId?: string | undefined;
  readonly clock: OperationClock;
  /** Whether the start time comes from the server, in whole seconds: too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  readonly before?: PausedInvocation | undefined;
}

interface PlacedStart extends InvocationStart {
  readonly segment: Segment | undefined;
  readonly agent: Agent | undefined;
  input: InputMessages;
}

/** When the server accepted a request for an invocation. Earlier lists cannot contain that invocation. */
export interface Acceptance {
  /** By the clock of the invocation. */
  readonly time: number;
  /** The earliest time at which the invocation can have been created, by the server's clock; `undefined` if unknown. */
  readonly notBefore: number | undefined;
}

/** The state of a paused invocation, which a second span continues. It has no content. */
export interface PausedInvocation extends StepsBefore {
  readonly snapshot: InvocationSnapshot;
  readonly span: SpanContext;
  /** When the invocation began; `undefined` if only the server's time, in whole seconds, is known. */
  readonly createdTime: number | undefined;
  /** The clock of these times, as the milliseconds that it adds to the monotonic clock. */
  readonly ownClock: number;
}

/** Converts a paused invocation's times to another clock: the wall clock may have been set meanwhile. */
export function pausedBy(clock: OperationClock, paused: PausedInvocation): PausedInvocation {
  const moved = (then: number | undefined): number | undefined => then && clock.from(then, paused.ownClock);
  const waiting = paused.waiting.map((asked) => ({
    ...asked,
    startTime: moved(asked.startTime),
    sentTime: moved(asked.sentTime),
  }));
  return { ...paused, createdTime: moved(paused.createdTime), waiting };
}

/**
 * One run or turn. Everything known about it is collected here and recorded only when it closes, so that each
 * token counts once.
 */
export class AgentInvocation extends Invocation {
  /** Without the caller's context, and without content that the server reports again. */
  readonly start: Omit<PlacedStart, 'context' | 'reported'>;
  readonly telemetry: Telemetry;
  readonly startSettings: Settings;
  readonly timeout: number;
  readonly startTime: number;
  /** When it began, before any pause; `undefined` if only the server's time, in whole seconds, is known. */
  readonly createdTime: number | undefined;
  readonly openRecord: OperationRecord<Pick<Place, 'agentName'>, InvocationEnd>;
  readonly spanContext: SpanContext;
  readonly context: Context;
  readonly steps: Steps;
  readonly below: Set<AgentInvocation> = new Set();
  /** How many invocations of subagents have ever worked for it. */
  countBelow = 0;
  agent: Agent | undefined;
  agentId: string | undefined;
  readonly vectorStoreIds: readonly string[] | undefined;
  /** Its instructions and tools: those of the request until the server reports the invocation. */
  content: AgentContent | undefined;
  snapshot: InvocationSnapshot | undefined;
  failure: Failure | undefined;
  pollCount = 0;
  allSeen = false;
  /** Keeps it until it is recorded. Set for an API with sessions. */
  session: { readonly id: string; forget(invocation: AgentInvocation): void } | undefined;
  /** Set once the request that started it was accepted, if only a later event or list identifies it. */
  acceptance: Acceptance | undefined;
  #sawText = false;
  #sawToken = false;
  #madeKeeper: Keeper | undefined;
  /** Makes the keeper when content is first wanted: a provider may be registered after the start. */
  readonly #keeper = (): Keeper | undefined => {
    if (this.#madeKeeper === undefined && this.telemetry.wantsContent) {
      this.#madeKeeper = new Keeper(textLimits(this.startSettings), (size) =>
        this.owner.store.keeps(this, this.start.input.messages, size),
      );
    }
    return this.#madeKeeper;
  };
  #spentBelow: Spent = NOTHING_SPENT;
  #lastEndBelow = 0;
  #own: Spent = NOTHING_SPENT;

  constructor({ context, reported, ...start }: PlacedStart, owner: InvocationOwner) {
    const { segment, above, before, agent } = start;
    super({ ...start, id: before?.snapshot.id }, owner);
    const { telemetry } = owner;
    const { settings } = telemetry;
    this.start = start;
    this.telemetry = telemetry;
    this.startSettings = settings;
    this.timeout = settings.runTimeout;
    this.agent = agent;
    // Until a subagent's own agent is known, `agent.id` is the id of the subagent.
    this.agentId = above === undefined ? (agent?.id ?? reported.agentId) : reported.agentId;
    this.vectorStoreIds = reported.vectorStoreIds;
    this.content = reported.content;
    if (start.input.messages.length > 0) owner.store.keeps(this, start.input.messages);
    if (above !== undefined) {
      above.below.add(this);
      above.countBelow++;
    }
    this.steps = new Steps({
      deltas: settings.streamDeltas !== 'off',
      keeper: this.#keeper,
      isInputKnown: start.input.isAll,
      above: above?.steps,
      before,
    });
    // If the span above seems to start at the same time or slightly later, the invocation starts just after
    // it.
    const parent = above ?? segment;
    this.startTime = inOrder(start.startTime, parent?.startTime);
    this.createdTime = before ? before.createdTime : start.rebuilt ? undefined : this.startTime;
    const { place } = this;
    const attributes: Attributes = { ...placeAttributes(place), ...reported.parameters };
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, reported.model ?? agent?.model);
    const caller = activeSpan(context)?.spanContext();
    // Within a segment, a run or turn links to the caller's span, unless that is the span above the segment.
    const isBounded = segment === undefined || segment.parentSpanId === caller?.spanId || above !== undefined;
    const links = isBounded || caller === undefined ? [] : [{ context: caller }];
    const { creator = before?.span } = start;
    if (creator !== undefined) links.push({ context: creator });
    this.openRecord = new OperationRecord(telemetry, {
      operation: invokeAgent,
      request: { agentName: place.agentName },
      endpoint: start.endpoint,
      place: {
        parent: parent?.contextIn(context) ?? context,
        links,
        attributes: Object.assign(attributes, start.attributes),
      },
      startTime: this.startTime,
    });
    this.spanContext = this.openRecord.span.spanContext();
    this.context = this.openRecord.context;
  }

  get place(): Place {
    const { kind, subagentId } = this.start;
    return {
      kind,
      conversationId: this.conversationId,
      invocationId: this.snapshot?.id,
      agentId: this.agentId,
      agentName: this.agent?.name,
      subagentId,
    };
  }

  get conversationId(): string | undefined {
    const { snapshot = this.start.before?.snapshot, segment, session } = this;
    return snapshot?.conversationId ?? segment?.conversation?.id ?? session?.id;
  }

  override get expiresAt(): number {
    return this.clock.local(this.snapshot?.expiresAt, Number.POSITIVE_INFINITY);
  }

  get isComplete(): boolean {
    return this.allSeen || this.steps.isComplete(this.snapshot?.usage);
  }

  get knowsMessages(): boolean {
    return !this.lacksInput && this.steps.haveAnswers(this.snapshot?.usage);
  }

  /** Whether content is recorded, but the model may have been given messages that this process has not seen. */
  get lacksInput(): boolean {
    return this.telemetry.wantsContent && this.openRecord.mayHaveContent && !this.steps.knowsInput;
  }

  override get lacks(): Living['lacks'] {
    if (this.below.size > 0) return 'invocations';
    if (!this.openRecord.span.isRecording() && !this.telemetry.readsUnsampled) return 'nothing';
    if (!this.isComplete) return 'details';
    // The agent's id may be known, although its object has not been seen.
    const lacksAgent = this.agent === undefined && this.agentId !== undefined;
    const mayRead = this.life.mayRead && this.start.kind === 'thread';
    return mayRead && (lacksAgent || this.lacksInput) ? 'details' : 'nothing';
  }

  get spent(): Spent {
    return addSpent({ ...this.#own, usage: this.snapshot?.usage }, this.#spentBelow);
  }

  /** What metrics count: nothing until its end is known, then all of it, including what was before a pause. */
  get whole(): WholeOperation {
    const { createdTime } = this;
    const { endTime } = this.life;
    const isTimed = endTime !== undefined && createdTime !== undefined;
    return { ...this.#own, seconds: isTimed ? (endTime - createdTime) / 1e3 : undefined };
  }

  /** The state that a second span can continue; `undefined` if there is nothing to continue. */
  get paused(): PausedInvocation | undefined {
    const { life, spanContext: span, createdTime, clock } = this;
    const { above, before } = this.start;
    const snapshot = this.snapshot ?? before?.snapshot;
    if (snapshot === undefined || life.endTime !== undefined || life.isDeleted || above !== undefined)
      return undefined;
    return { snapshot, span, createdTime, ownClock: clock.own, ...this.steps.paused };
  }

  /** Whether it may belong to the conversation. If either side names no conversation, it may. */
  isOf(conversationId: string | undefined): boolean {
    const reported = this.snapshot?.conversationId;
    if (conversationId === undefined || reported === conversationId) return true;
    const named = this.segment?.conversation?.id;
    return named === conversationId || (reported === undefined && named === undefined);
  }

  get inputMessages(): readonly Message[] {
    const { inputs } = this.steps;
    return inputs.size > 0 ? [...inputs.values()] : this.start.input.messages;
  }

  addAttributes(attributes: Attributes): void {
    const { attributes: known } = this.openRecord;
    const changed: Attributes = {};
    for (const name in attributes)
      if (known[name] !== attributes[name]) define(changed, name, attributes[name]);
    this.openRecord.add({ attributes: changed });
  }

  joins(session: AgentInvocation['session']): void {
    this.session = session;
    this.#describe();
  }

  contextIn(context: Context): Context {
    return LinkedContext.withSpan(context, this.openRecord.span);
  }

  /**
   * Takes a snapshot. After the end, it can only add a missing usage.
   *
   * @param live whether a stream reported it as it happened, so that `time` is the time of the change
   */
  see(snapshot: InvocationSnapshot, time: number, live: boolean): void {
    if (this.isClosed) return;
    if (this.life.endTime !== undefined) {
      // Some servers report the usage only some time after the end.
      if (this.snapshot !== undefined && isReported(snapshot.usage) && !isReported(this.snapshot.usage))
        this.snapshot = { ...this.snapshot, usage: snapshot.usage };
      this.settle();
      return;
    }
    const isFirst = this.snapshot === undefined;
    this.id = snapshot.id;
    // Its content and the tool calls that it asks for are kept elsewhere, within limits.
    this.snapshot = { ...snapshot, content: undefined, pendingToolCalls: undefined };
    if (snapshot.content !== undefined) this.content = this.#keeper()?.keep(snapshot.content, this.content);
    if (isFirst) this.#identify(snapshot, time);
    this.segment?.touch(time);
    if (snapshot.phase === 'waiting') this.wait(snapshot.pendingToolCalls ?? [], time);
    else if (snapshot.phase === 'open') this.apply({ type: 'open' }, time);
    else {
      const latest = live ? time : Math.min(time, this.#latestEnd(snapshot));
      const endTime = live ? time : this.clock.local(snapshot.endedAt, latest);
      this.end(endTime, latest, time, snapshot.failure);
    }
  }

  #identify({ id, agentId, createdAt, model, parameters = {} }: InvocationSnapshot, time: number): void {
    const { attributes: known, span } = this.openRecord;
    this.clock.learn(createdAt, time);
    this.agentId ??= agentId;
    this.addAttributes(parameters);
    if (model !== undefined)
      this.addAttributes({
        [ATTR.GEN_AI_REQUEST_MODEL]: known[ATTR.GEN_AI_REQUEST_MODEL] ?? model,
        [ATTR.GEN_AI_RESPONSE_MODEL]:
          known[ATTR.GEN_AI_PROVIDER_NAME] === NAMES_DEPLOYMENTS ? undefined : model,
      });
    this.#describe();
    rememberForEvaluation('run', id, span, rememberedOf(known));
  }

  /** A subagent's turn ends no later than the turn above it, unless the server's times say otherwise. */
  #latestEnd({ endedAt = Number.NEGATIVE_INFINITY }: InvocationSnapshot): number {
    const { life, snapshot } = this.start.above ?? {};
    const isInside = endedAt <= (snapshot?.endedAt ?? Number.NEGATIVE_INFINITY);
    return (isInside ? life?.endTime : undefined) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Called for each piece of text. The first one is not timed if the start time is coarse, or if the
   * invocation has waited for the program.
   */
  seeText(time: number, isToken: boolean): void {
    if (this.#sawToken || (this.#sawText && !isToken)) return;
    const isFirst = !this.#sawText;
    this.#sawText = true;
    this.#sawToken = isToken;
    if (this.isClosed || this.start.rebuilt || this.steps.waitingSince !== undefined) return;
    const seconds = Math.max(0, time - this.startTime) / 1e3;
    if (isFirst)
      this.addAttributes({
        [ATTR.GEN_AI_REQUEST_STREAM]: true,
        [ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: seconds,
      });
    if (isToken) this.addAttributes({ [ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN]: seconds });
  }

  introduce(agent: Agent): void {
    if (this.isClosed) return;
    this.agent = agent;
    this.agentId ??= agent.id;
    this.#describe();
  }

  #describe(): void {
    const { place } = this;
    this.addAttributes(placeAttributes(place));
    if (place.agentName !== undefined) this.openRecord.rename(spanNameOf(invokeAgent, place, {}));
  }

  /** @param time when the end became known */
  end(endTime: number, latest: number, time: number, failure: Failure | undefined): void {
    if (!canContinue(this.life)) return;
    this.failure = failure;
    if (isReported(this.snapshot?.usage)) this.#spend();
    this.apply({ type: 'ended', endTime, latest }, time);
  }

  /** Counts what it has spent, once that is known. Some servers report its usage only later, or only on its steps. */
  #spend(): void {
    if (this.#own !== NOTHING_SPENT) return;
    const { snapshot, steps } = this;
    const { settings } = this.telemetry;
    let usage = snapshot?.usage;
    if (!isReported(usage) && isReported(steps.usage)) {
      usage = steps.usage;
      if (snapshot !== undefined) this.snapshot = { ...snapshot, usage };
    }
    // The usage is that of several model calls together.
    const spending = { ...sellerFacts(this.endpoint), usage, aggregate: true };
    const cost = guard('pricing a run', () => findCost(settings, spending, this.openRecord.attributes));
    this.#own = spentBy(usage, cost, settings);
    this.segment?.conversation?.count({ spent: this.#own });
  }

  wait(calls: readonly ToolCallSnapshot[], time: number): void {
    if (!canContinue(this.life)) return;
    this.apply({ type: 'waiting' }, time);
    this.steps.wait(calls, time);
    this.segment?.touch(time);
  }

  answer(output: ToolOutput, time: number | undefined): void {
    const call = this.steps.answer(output, time);
    if (call !== undefined) recordToolDuration(this.telemetry, call, this.agent?.name, this.context);
  }

  forgetContent(): void {
    this.content = undefined;
    this.start.input = { ...this.start.input, messages: [] };
    this.steps.forgetContent();
    this.#madeKeeper?.forget();
  }

  override closeIfFinished(): void {
    for (const invocation of this.below) invocation.closeIfFinished();
    super.closeIfFinished();
  }

  override finish(): number {
    const { segment, life } = this;
    const { above } = this.start;
    if (life.endTime !== undefined) this.#spend();
    for (const invocation of this.below) invocation.close();
    // A server's whole seconds, or an end that was not seen, may leave no time for the steps and tool calls. A
    // subagent's turn gets no more time than the turn above, if that has ended.
    const below = this.steps.unrecorded.length + this.steps.toolCalls.length;
    const mayExtend = below > 0 && above?.life.endTime === undefined;
    const room = mayExtend ? SPAN_ROOM_MS * (1 + below) : 0;
    const lastTime = life.endTime ?? Math.max(endTimeOf(life), this.#lastEndBelow) + room;
    const endTime = Math.max(segment?.within(lastTime) ?? lastTime, this.startTime + room);
    if (above !== undefined) {
      above.#lastEndBelow = Math.max(above.#lastEndBelow, endTime);
      above.below.delete(this);
      above.#spentBelow = addSpent(above.#spentBelow, this.spent);
    }
    return endTime;
  }
}

/** Whether there are tokens: some servers report zeros at first. */
function isReported(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && !isNoUsage(usage);
}
