import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { NAMES_DEPLOYMENTS } from '../../telemetry/cost/costs.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../telemetry/cost/spent.ts';
import type { Usage } from '../../telemetry/cost/usage.ts';
import type { Failure } from '../../telemetry/error.ts';
import { rememberedOf, rememberForEvaluation } from '../../telemetry/evaluated-spans.ts';
import { textLimits } from '../../telemetry/kept-text.ts';
import { Keeper } from '../../telemetry/kept-values.ts';
import { bareContext } from '../../telemetry/metadata.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import {
  invocationSpanName,
  type StartedInvocation,
  startInvocationSpan,
} from '../../telemetry/spans/invocation-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { inOrder } from '../../util/microseconds.ts';
import {
  activeSpan,
  type Conversation,
  type InputMessages,
  type Segment,
  timeWithin,
} from '../conversations/conversation.ts';
import type { Send } from '../dialect.ts';
import type {
  Agent,
  ConversationKind,
  InvocationContent,
  InvocationSnapshot,
  StepSnapshot,
  ToolCallSnapshot,
} from '../model.ts';
import { OperationClock } from '../operation-clock.ts';
import type { Store } from '../store.ts';
import { isReported, recordSpent, spentAtOnce } from './cost-and-usage.ts';
import type { Retrievable } from './life.ts';
import { Life } from './life.ts';
import type { PausedInvocation } from './paused-invocation.ts';
import { Steps } from './steps.ts';

/**
 * Reads the missing details of an ended invocation, or only whether one has ended.
 *
 * @throws the SDK's error
 */
export type ReadDetails = (invocation: Invocation, what: 'end' | 'details', send: Send) => Promise<void>;

/** The initial state of an invocation. */
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
  /** The content of the creating request, if content is recorded. It remains if the invocation is never seen. */
  readonly content: InvocationContent | undefined;
  readonly context: Context;
  /** The span that created it in another process. */
  readonly creator?: SpanContext | undefined;
  readonly startTime: number;
  /** The invocation that it works for: the turn of a subagent is a child of that turn. */
  readonly above?: Invocation | undefined;
  readonly subagentId?: string | undefined;
  /** That of the request; by default that of the invocation above. */
  readonly clock?: OperationClock | undefined;
  /** Set if it goes on after a pause, of which an earlier span tells. */
  readonly resumed?: PausedInvocation;
  /** Its start is in the server's whole seconds, too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  /** Called when it has closed, to forget it. */
  readonly forgotten?: ((invocation: Invocation) => void) | undefined;
}

/** Who opens invocations and records them. */
export interface InvocationOwner {
  readonly telemetry: Telemetry;
  readonly store: Store;
  /** Called when one closes, to record it. */
  closed(invocation: Invocation, endTime: number): void;
}

/** Starts the span below the invocation it works for, or else in its conversation, with a link to a deeper caller. */
export function startInvocation(
  telemetry: Telemetry,
  start: InvocationStart,
  place: Place,
): StartedInvocation & { readonly startTime: number } {
  const { segment, above, endpoint, attributes, context } = start;
  const caller = activeSpan(context)?.spanContext();
  const bounded = segment === undefined || segment.parentSpanId === caller?.spanId || above !== undefined;
  const linked = [bounded ? undefined : caller, start.creator];
  // Just after the span above it, where both would start at once.
  const startTime = inOrder(start.startTime, (above ?? segment)?.startTime);
  const started = startInvocationSpan(telemetry, {
    place,
    endpoint,
    attributes,
    parent: (above ?? segment)?.contextIn(context) ?? context,
    links: linked.flatMap((other) => (other === undefined ? [] : [{ context: other }])),
    startTime,
  });
  return { ...started, startTime };
}

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
      owner.store.keeps(this, characters),
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
      [ATTR.GEN_AI_REQUEST_STREAM]: true,
      [ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: Math.max(0, time - this.startTime) / 1e3,
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
    this.#owner.store.release(this);
    this.segment?.invocationClosed(this, endTime);
  }
}

/** Called when an invocation is first seen. */
export function identifyInvocation(invocation: Invocation, snapshot: InvocationSnapshot, time: number): void {
  invocation.clock.learn(snapshot.createdAt, invocation.acceptedAt ?? time);
  invocation.agentId ??= snapshot.agentId;
  const identity = constantAttributes(snapshot, invocation.attributes);
  invocation.addAttributes({ ...identity, ...placeAttributes(invocation.place) });
  rememberForEvaluation('run', snapshot.id, invocation.span, rememberedOf(invocation.attributes));
  const name = invocation.agent?.name;
  if (name !== undefined) invocation.span.updateName(invocationSpanName(name));
}

/** When an invocation began, before any pause; `undefined` if only the server knows, in whole seconds. */
export function createdTimeOf({ resumed, rebuilt, startTime }: Invocation): number | undefined {
  if (resumed !== undefined) return resumed.createdTime;
  return rebuilt ? undefined : startTime;
}

/** The seconds from there to its end, if both are known. */
export function durationOf(invocation: Invocation): number | undefined {
  const began = createdTimeOf(invocation);
  const { endTime } = invocation.life;
  return began === undefined || endTime === undefined ? undefined : (endTime - began) / 1e3;
}

/** Called when another object tells the agent of an invocation. */
export function introduceAgent(invocation: Invocation, agent: Agent, attributes: Attributes): void {
  if (invocation.life.state === 'closed') return;
  invocation.agent = agent;
  invocation.agentId ??= agent.id;
  invocation.addAttributes({ ...attributes, ...placeAttributes(invocation.place) });
  if (agent.name !== undefined) invocation.span.updateName(invocationSpanName(agent.name));
}

/** The attributes that are fixed once an invocation was first seen. */
function constantAttributes({ model, parameters }: InvocationSnapshot, known: Attributes): Attributes {
  if (model === undefined) return parameters;
  return {
    ...parameters,
    [ATTR.GEN_AI_REQUEST_MODEL]: known[ATTR.GEN_AI_REQUEST_MODEL] ?? model,
    [ATTR.GEN_AI_RESPONSE_MODEL]: known[ATTR.GEN_AI_PROVIDER_NAME] === NAMES_DEPLOYMENTS ? undefined : model,
  };
}

/** What it is given, and the calls that it asks for, are kept elsewhere, as far as there is room. */
export function withoutCalls(snapshot: InvocationSnapshot): InvocationSnapshot {
  const { content, pendingToolCalls } = snapshot;
  return content === undefined && pendingToolCalls.length === 0
    ? snapshot
    : { ...snapshot, content: undefined, pendingToolCalls: [] };
}

/** Whether an invocation can be one of the conversation: of any where no conversation is named, or it has none yet. */
export function isOf(invocation: Invocation, conversationId: string | undefined): boolean {
  if (conversationId === undefined) return true;
  const told = invocation.snapshot?.conversationId;
  if (told === conversationId) return true;
  const named = invocation.conversation?.id;
  return named === conversationId || (told === undefined && named === undefined);
}

/** What the model was given, as far as this process knows: the messages of the conversation, or only those it answers. */
export function inputMessagesOf({ steps, input }: Invocation): readonly Message[] {
  return steps.inputs.size > 0 ? [...steps.inputs.values()] : input.messages;
}

/** Whether everything is known that a background read could add. */
export function isWhole(invocation: Invocation): boolean {
  return invocation.complete && !lacksAgent(invocation) && !lacksInput(invocation);
}

/** Whether the agent's id is known, but its object has not been seen. */
function lacksAgent({ kind, agent, agentId }: Invocation): boolean {
  return kind === 'thread' && agent === undefined && agentId !== undefined;
}

/** Whether the model may have been given messages that this process has not seen. */
export function lacksInput({ kind, telemetry, steps }: Invocation): boolean {
  return kind === 'thread' && telemetry.wantsContent && !steps.knowsInput;
}

/** What an ended invocation spends when it closes, if it has told no tokens: the usage of its steps. */
function usageAtClose({ life, snapshot, steps }: Invocation): Usage | undefined {
  if (life.endTime === undefined || isReported(snapshot?.usage)) return undefined;
  const { usage } = steps;
  return isReported(usage) ? usage : snapshot?.usage;
}
