import type { Message } from '../../config/completion-types.ts';
import type { Keeper } from '../../telemetry/content/kept-content.ts';
import { addUsage, isNoUsage, NO_USAGE, type Usage } from '../../telemetry/cost/usage.ts';
import { MAX_READ, MAX_REPEATED } from '../../util/payload.ts';
import type { MessageSnapshot, StepSnapshot, ToolCallSnapshot, ToolOutput } from '../dialect.ts';
import type { OperationClock } from '../operation-clock.ts';
import { hasDocuments, isUnanswered, type ToolCall } from '../tool-calls/tool-call.ts';

export interface Step {
  /** Without its tool calls, which have entries of their own. */
  snapshot: StepSnapshot;
  startTime: number | undefined;
  endTime: number | undefined;
  firstTextTime: number | undefined;
  firstTokenTime: number | undefined;
  /** When each of the first pieces of text came. Empty if pieces are not recorded. */
  readonly deltaTimes: number[];
  skippedDeltas: number;
}

type Answer = Omit<ToolOutput, 'invocationId'>;

/** What was recorded before a pause, for a second span to continue. */
export interface StepsBefore {
  /** The ids of steps and tool calls that already have spans, with the usage on each step's span. */
  readonly recorded: ReadonlyMap<string, Usage | undefined>;
  /** The functions that the program has not answered, without content. */
  readonly waiting: readonly ToolCall[];
}

const NOTHING_BEFORE: StepsBefore = { recorded: new Map(), waiting: [] };

interface StepsOptions {
  readonly deltas: boolean;
  /** Returns `undefined` if content is not recorded. */
  readonly keeper: () => Keeper | undefined;
  readonly isInputKnown?: boolean | undefined;
  readonly above?: Steps | undefined;
  readonly before?: StepsBefore | undefined;
}

export class Steps {
  readonly #options: StepsOptions;
  readonly #steps = new Map<string, Step>();
  readonly #toolCalls = new Map<string, ToolCall>();
  readonly #callsAbove: Map<string, ToolCall> | undefined;
  readonly before: StepsBefore;
  /** The messages that the invocation produced or was given, by id. Empty if content is not recorded. */
  readonly outputs: Map<string, Message> = new Map();
  readonly inputs: Map<string, Message> = new Map();
  /** The ids of steps, and of tool calls outside of steps, that were not kept because there were too many. */
  readonly skippedSteps: Set<string> = new Set();
  readonly #skippedCalls = new Set<string>();
  waitingSince: number | undefined;

  constructor(options: StepsOptions) {
    this.#options = options;
    if (options.above !== undefined) this.#callsAbove = options.above.#toolCalls;
    this.before = options.before ?? NOTHING_BEFORE;
    for (const call of this.before.waiting) this.#toolCalls.set(call.snapshot.id, call);
  }

  /** The steps without a span, by creation time. Within a second they keep the order of a list, or of arrival. */
  get unrecorded(): readonly Step[] {
    return [...this.#steps.values()]
      .filter(({ snapshot: { id } }) => !this.before.recorded.has(id))
      .sort((a, b) => (a.snapshot.createdAt ?? 0) - (b.snapshot.createdAt ?? 0));
  }

  get toolCalls(): readonly ToolCall[] {
    return [...this.#toolCalls.values()];
  }

  get paused(): StepsBefore {
    const { toolCalls } = this;
    const recorded = new Map(this.before.recorded);
    for (const { snapshot } of this.unrecorded) recorded.set(snapshot.id, snapshot.usage);
    for (const call of toolCalls) if (!isUnanswered(call)) recorded.set(call.snapshot.id, undefined);
    const waiting = toolCalls
      .filter(isUnanswered)
      .map((call) => ({ ...call, snapshot: { ...call.snapshot, content: undefined } }));
    return { recorded, waiting };
  }

  get knowsInput(): boolean {
    return this.#options.isInputKnown === true || this.inputs.size > 0;
  }

  get usage(): Usage {
    return sumOf([
      ...this.before.recorded.values(),
      ...this.unrecorded.map(({ snapshot }) => snapshot.usage),
    ]);
  }

  get skippedToolCalls(): number {
    let listed = 0;
    let kept = 0;
    for (const { snapshot } of this.#steps.values()) listed += snapshot.callCount;
    for (const { stepId } of this.#toolCalls.values()) if (stepId !== undefined) kept++;
    return Math.max(0, listed - kept) + this.#skippedCalls.size;
  }

  /** @param liveTime the arrival time in a stream; otherwise the server's times apply */
  see(snapshot: StepSnapshot, liveTime: number | undefined, clock: OperationClock): void {
    const { id, toolCalls, ended } = snapshot;
    const known = this.#steps.get(id);
    if (known === undefined && this.#steps.size >= MAX_READ) {
      skip(this.skippedSteps, id);
      return;
    }
    const step: Step = known ?? {
      snapshot,
      startTime: liveTime,
      endTime: undefined,
      firstTextTime: undefined,
      firstTokenTime: undefined,
      deltaTimes: [],
      skippedDeltas: 0,
    };
    // A list shows the steps in order, even if a stream has reported a later one before.
    if (liveTime === undefined) this.#steps.delete(id);
    this.#steps.set(id, step);
    for (const call of toolCalls) this.#toolCall(call).stepId = id;
    // The snapshot may come from a list that is older than what a stream has reported.
    if (!step.snapshot.ended || ended)
      step.snapshot = { ...snapshot, toolCalls: [], usage: snapshot.usage ?? step.snapshot.usage };
    step.startTime ??= clock.local(snapshot.createdAt, undefined);
    if (ended) step.endTime ??= liveTime ?? clock.local(snapshot.endedAt, undefined);
  }

  seeDelta(id: string, time: number, isToken: boolean): void {
    const step = this.#steps.get(id) ?? this.#stepOfMessage(id);
    if (step === undefined) return;
    step.firstTextTime ??= time;
    if (isToken) step.firstTokenTime ??= time;
    if (!this.#options.deltas) return;
    if (step.deltaTimes.length < MAX_REPEATED) step.deltaTimes.push(time);
    else step.skippedDeltas++;
  }

  seeMessage({ id, content, isInput }: MessageSnapshot): void {
    if (content === undefined) return;
    const keeper = this.#options.keeper();
    if (keeper === undefined) return;
    const messages = isInput ? this.inputs : this.outputs;
    const known = messages.get(id);
    if (known !== undefined || messages.size < MAX_READ) messages.set(id, keeper.keep(content, known));
  }

  /** Called for each tool call that is not part of a step. Only a stream reports the times of its start and end. */
  seeToolCall(snapshot: ToolCallSnapshot, beganAt?: number, endedAt?: number): void {
    if (this.#toolCalls.size >= MAX_REPEATED && !this.#toolCalls.has(snapshot.id)) {
      skip(this.#skippedCalls, snapshot.id);
      return;
    }
    const call = this.#toolCall(snapshot);
    call.startTime ??= beganAt;
    call.endTime ??= endedAt;
  }

  /** Called when the invocation begins to wait for the program's tools. The model call that asked for them is over. */
  wait(calls: readonly ToolCallSnapshot[], time: number): void {
    this.waitingSince = time;
    for (const call of calls) {
      const toolCall = this.#toolCall(call);
      if (toolCall.startTime !== undefined) continue;
      toolCall.startTime = time;
      const step = toolCall.stepId === undefined ? undefined : this.#steps.get(toolCall.stepId);
      if (step !== undefined) step.endTime ??= time;
    }
  }

  sent(callId: string, time: number): void {
    const toolCall = this.#toolCalls.get(callId);
    if (toolCall !== undefined) toolCall.sentTime ??= time;
  }

  /**
   * @param time when the program answered; `undefined` if this process did not see that
   * @returns the tool call, if it ended now
   */
  answer({ callId, output, outcome }: Answer, time: number | undefined): ToolCall | undefined {
    const toolCall = this.#toolCalls.get(callId);
    if (toolCall === undefined) return undefined;
    const { snapshot } = toolCall;
    const { content: before } = snapshot;
    const content = this.#options.keeper()?.keep({ ...before, result: before?.result ?? output }, before);
    toolCall.snapshot = { ...snapshot, content, hasResult: true, outcome: outcome ?? snapshot.outcome };
    if (time === undefined || toolCall.endTime !== undefined) return undefined;
    toolCall.startTime ??= this.waitingSince;
    toolCall.endTime = toolCall.sentTime ?? time;
    return toolCall;
  }

  /** Drops the content of everything that was seen. A later stream or list may bring it again. */
  forgetContent(): void {
    for (const call of this.#toolCalls.values()) call.snapshot = { ...call.snapshot, content: undefined };
    this.inputs.clear();
    this.outputs.clear();
  }

  /** Whether all steps, messages and search results are known. The usage shows whether steps are missing. */
  isComplete(whole: Usage | undefined): boolean {
    if (this.#options.keeper() === undefined) return this.#areAllSeen(whole);
    return this.haveAnswers(whole) && this.toolCalls.every(hasDocuments);
  }

  haveAnswers(whole: Usage | undefined): boolean {
    if (!this.#areAllSeen(whole)) return false;
    const ids = [...this.#steps.values()].map(({ snapshot }) => snapshot.messageId);
    return ids.every((id) => id === undefined || this.outputs.has(id));
  }

  /** All steps have been seen if their usage adds up to that of the invocation. */
  #areAllSeen(whole: Usage | undefined): boolean {
    const steps = [...this.#steps.values()];
    // Some servers report zeros, which do not show whether steps are missing.
    if (whole === undefined || isNoUsage(whole)) return false;
    if (steps.length === 0 || !steps.every(({ snapshot }) => snapshot.ended)) return false;
    const seen = sumOf(steps.map(({ snapshot }) => snapshot.usage));
    return whole.inputTokens <= seen.inputTokens && whole.outputTokens <= seen.outputTokens;
  }

  #toolCall(snapshot: ToolCallSnapshot): ToolCall {
    const { id } = snapshot;
    const keeper = this.#options.keeper();
    const known = this.#toolCalls.get(id) ?? this.#callsAbove?.get(id);
    if (known !== undefined) {
      // A session may ask for a subagent's function before the subagent's turn is known. The call then moves
      // to that turn, because it may have only one span.
      if (this.#callsAbove?.delete(id)) this.#toolCalls.set(id, known);
      // A list without the `include` for search results contains less content than is known.
      const { content } = hasDocuments(known) && !hasDocuments({ snapshot }) ? known.snapshot : snapshot;
      const before = known.snapshot.content;
      // A step may have been read before it contained the output that the program submitted.
      const whole = content && { ...content, result: content.result ?? before?.result };
      const kept = content === before ? before : keeper?.keep(whole, before);
      known.snapshot = { ...known.snapshot, ...snapshot, content: kept };
      return known;
    }
    const hasRoom = this.#toolCalls.size < MAX_READ;
    const made: ToolCall = {
      snapshot: { ...snapshot, content: hasRoom ? keeper?.keep(snapshot.content) : undefined },
      stepId: undefined,
      startTime: undefined,
      endTime: undefined,
    };
    if (hasRoom) this.#toolCalls.set(id, made);
    return made;
  }

  #stepOfMessage(messageId: string): Step | undefined {
    for (const step of this.#steps.values()) if (step.snapshot.messageId === messageId) return step;
    return undefined;
  }
}

/** Notes the id of something that is not kept, up to a limit. Several lists may contain it. */
function skip(ids: Set<string>, id: string): void {
  if (ids.size < MAX_READ) ids.add(id);
}

function sumOf(usages: readonly (Usage | undefined)[]): Usage {
  let sum = NO_USAGE;
  for (const usage of usages) if (usage !== undefined) sum = sum === NO_USAGE ? usage : addUsage(sum, usage);
  return sum;
}
