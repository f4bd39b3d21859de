import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../../config/completion-types.ts';
import { define } from '../../operations/attributes.ts';
import { type RecordedStep, step as stepOperation } from '../../operations/step.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { isNoUsage, subtractUsage } from '../../telemetry/cost/usage.ts';
import { messageFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import { failedTool, outcomeWithoutResult, type ToolOutcome } from '../../telemetry/outcomes/tool-outcome.ts';
import { placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import { recordDeltas } from '../../telemetry/stream-deltas.ts';
import { justAfter, SPAN_ROOM_MS, Starts } from '../../util/clock.ts';
import { guard } from '../../util/guard.ts';
import { clamp } from '../operation-clock.ts';
import { isUnanswered, recordToolCall, type ToolCall } from '../tool-calls/tool-call.ts';
import type { AgentInvocation } from './agent-invocation.ts';
import type { Step, Steps } from './steps.ts';

interface Times {
  readonly startTime: number;
  readonly endTime: number;
}

export function recordInvocation(invocation: AgentInvocation, endTime: number): void {
  const { openRecord, telemetry, steps, snapshot, life, start } = invocation;
  guard('recording a status', addOutcome, invocation);
  const isWanted = openRecord.span.isRecording() || telemetry.wantsContent;
  const recordsSteps = isWanted && telemetry.settings.runSteps !== 'off';
  const recordedSteps = recordsSteps ? steps.unrecorded : [];
  const { recorded, waiting } = steps.before;
  const requested = inOrderOfSteps(steps).filter(({ snapshot: { id } }) => !recorded.has(id));
  // Before the end, functions that wait for the program are left out. They are recorded where they are answered, maybe
  // in another process.
  const calls = life.endTime === undefined ? requested.filter((call) => !isUnanswered(call)) : requested;
  const bounds = { startTime: invocation.startTime, endTime };
  // The steps' spans carry the steps' usage, so the invocation's span gets only the rest.
  const isCarried = recordsSteps && (recordedSteps.length > 0 || start.before !== undefined);
  const left = isCarried ? snapshot?.usage && subtractUsage(snapshot.usage, steps.usage) : snapshot?.usage;
  // A span after a pause carries all of it: what a server reports before the end may be a part.
  const isLeft = left !== undefined && !(isCarried && isNoUsage(left)) && invocation.paused === undefined;
  const result = {
    observed: life.endTime !== undefined,
    finishReason: snapshot?.finishReason,
    pollCount: invocation.pollCount,
    usage: isLeft ? left : undefined,
    whole: invocation.whole,
    totals: { ...invocation.spent, runs: 0, userMessages: start.input.count },
    // Functions that waited at a pause were reported with the span from before the pause.
    toolCalls: requested.filter((call) => !waiting.includes(call)).map((call) => call.snapshot),
    skippedSteps: steps.skippedSteps.size,
    skippedToolCalls: steps.skippedToolCalls,
    content: invocation.content,
    inputMessages: invocation.inputMessages,
    outputMessages: isWanted ? recordStepsAndTools(invocation, recordedSteps, calls, bounds) : [],
  };
  openRecord.end({ result, failure: invocation.failure }, endTime);
}

function addOutcome(invocation: AgentInvocation): void {
  const { snapshot, steps } = invocation;
  if (snapshot === undefined) return;
  const attributes: Attributes = { [ATTR.OPENAI_RUN_STATUS]: snapshot.status };
  if (steps.toolCalls.some(({ snapshot: { type } }) => type === 'file_search')) {
    // The API searches the stores of thread and assistant, but does not say in which it found something.
    const [store, ...others] = new Set(storesByOwner(invocation).flat());
    define(attributes, ATTR.GEN_AI_DATA_SOURCE_ID, others.length === 0 ? store : undefined);
  }
  invocation.addAttributes(attributes);
}

/** A polled run shows the functions that it waits for before its steps are read. */
function inOrderOfSteps({ unrecorded: all, toolCalls }: Steps): readonly ToolCall[] {
  const places = new Map(all.map(({ snapshot: { id } }, index) => [id, index]));
  const place = ({ stepId = '' }: ToolCall): number => places.get(stepId) ?? all.length;
  return toolCalls.toSorted((a, b) => place(a) - place(b));
}

function recordStepsAndTools(
  invocation: AgentInvocation,
  recordedSteps: readonly Step[],
  recordedCalls: readonly ToolCall[],
  bounds: Times,
): Message[] {
  const { steps, snapshot, life } = invocation;
  const history: Message[] = [...invocation.inputMessages];
  const answers = new Map(steps.outputs);
  const orphans = new Set(recordedCalls);
  const withCalls = recordedSteps.map((step) => ({
    step,
    calls: steps.toolCalls.filter(({ stepId }) => stepId === step.snapshot.id),
  }));
  const stepTimes = new RecordedTimes(withCalls, bounds);
  withCalls.forEach(({ step, calls }, index) => {
    const { messageId } = step.snapshot;
    const isLast = index === recordedSteps.length - 1;
    const reason = stepFinishReason(step.snapshot, isLast, snapshot?.finishReason);
    const outputMessages = stepOutput(step.snapshot, calls, steps.outputs, reason);
    const times = stepTimes.ofStep(index, { step, calls });
    const completedAt = invocation.clock.local(step.snapshot.endedAt, undefined);
    recordInvocationStep(invocation, step, times, {
      finishReason: reason,
      inputMessages: history.slice(),
      outputMessages,
      skippedToolCalls: Math.max(0, step.snapshot.callCount - calls.length),
    });
    for (const call of calls)
      if (orphans.delete(call))
        recordInvocationToolCall(invocation, call, stepTimes.ofToolCall(call, times, completedAt));
    history.push(...outputMessages, ...toolResponses(calls));
    if (messageId !== undefined) for (const message of outputMessages) answers.set(messageId, message);
  });
  // What is left belongs to no recorded step.
  if (orphans.size > 0) {
    const times = new RecordedTimes([], bounds);
    for (const call of orphans) recordInvocationToolCall(invocation, call, times.ofToolCall(call, bounds));
  }
  // For messages that belong to no recorded step.
  const finish_reason = snapshot?.finishReason ?? (life.endTime === undefined ? 'error' : 'stop');
  return [...answers.values()].map((message) => ({ finish_reason, ...message }));
}

function recordInvocationStep(
  invocation: AgentInvocation,
  { snapshot, firstTextTime, firstTokenTime, deltaTimes, skippedDeltas }: Step,
  { startTime, endTime }: Times,
  said: Pick<RecordedStep, 'finishReason' | 'inputMessages' | 'outputMessages' | 'skippedToolCalls'>,
): void {
  const { telemetry, endpoint, startSettings } = invocation;
  const since = (time: number | undefined): number | undefined =>
    time === undefined ? undefined : Math.max(0, time - startTime) / 1e3;
  const recorded: RecordedStep = {
    ...snapshot,
    ...said,
    model: invocation.snapshot?.model,
    provider: endpoint.provider,
    timeToFirstChunk: since(firstTextTime),
    timeToFirstToken: since(firstTokenTime),
    skippedDeltas,
  };
  const attributes = placeAttributes(invocation.place);
  const record = new OperationRecord(telemetry, {
    operation: stepOperation,
    request: recorded,
    endpoint,
    place: { parent: invocation.context, attributes },
    startTime,
    startSettings,
  });
  if (deltaTimes.length > 0) {
    const { [ATTR.OPENAI_API_TYPE]: _, ...ids } = attributes;
    const deltas = { times: deltaTimes, endTime, ids: { ...ids, [ATTR.OPENAI_STEP_ID]: snapshot.id } };
    guard('recording deltas', recordDeltas, telemetry, record, deltas);
  }
  // A model call that asked for tools has succeeded, even if the tools failed.
  const failure = snapshot.callCount === 0 ? snapshot.failure : undefined;
  record.end({ result: recorded, failure }, endTime);
}

function recordInvocationToolCall(invocation: AgentInvocation, call: ToolCall, times: Times): void {
  const { snapshot, startTime = times.startTime } = call;
  const hasWaited = invocation.steps.before.waiting.includes(call);
  recordToolCall(
    invocation.telemetry,
    {
      call: { ...snapshot, outcome: toolOutcome(invocation, call) },
      stepId: call.stepId,
      vectorStoreIds: storesOf(invocation),
      waited: hasWaited ? Math.max(0, times.startTime - startTime) / 1e3 : undefined,
      provider: invocation.endpoint.provider,
    },
    {
      parent: invocation.context,
      startSettings: invocation.startSettings,
      place: { ...invocation.place, ...(snapshot.subagentId && { subagentId: snapshot.subagentId }) },
    },
    times,
  );
}

/** Without a result, the outcome follows from how the step or run ended. */
function toolOutcome({ steps, snapshot: whole }: AgentInvocation, call: ToolCall): ToolOutcome | undefined {
  const { snapshot, stepId, endTime } = call;
  const { outcome, hasResult } = snapshot;
  if (outcome !== undefined || hasResult || endTime !== undefined) return outcome;
  const step = steps.unrecorded.find((one) => one.snapshot.id === stepId)?.snapshot;
  if (step?.status === 'failed' && step.failure !== undefined && !isUnanswered(call))
    return failedTool(step.failure);
  return outcomeWithoutResult(step?.ended ? step.status : whole?.status);
}

/** The vector stores of the first of these that has any: the run, the request, the thread, the assistant. */
function storesOf(invocation: AgentInvocation): readonly string[] {
  return storesByOwner(invocation).find((ids) => ids.length > 0) ?? [];
}

function storesByOwner(invocation: AgentInvocation): readonly (readonly string[])[] {
  const { snapshot, segment, agent } = invocation;
  return [snapshot, invocation, segment?.conversation, agent].map((owner) => owner?.vectorStoreIds ?? []);
}

function toolResponses(calls: readonly ToolCall[]): Message[] {
  const parts: MessagePart[] = calls.map(({ snapshot: { id, content } }) => ({
    type: 'tool_call_response',
    id,
    response: content?.result ?? null,
  }));
  return parts.length === 0 ? [] : [{ role: 'tool', parts }];
}

/** Finish reasons of an invocation that do not apply to a step that was completed before. */
const NOT_OF_THE_STEP: ReadonlySet<string> = new Set(['error', 'cancelled']);

/**
 * The last message has the reason of its invocation, unless the invocation failed or was cancelled after that
 * message was completed.
 */
function stepFinishReason(
  step: Step['snapshot'],
  last: boolean,
  invocationReason: string | undefined,
): string | undefined {
  if (step.type === 'tool_calls') return 'tool_calls';
  const isCut = last && invocationReason !== undefined && !NOT_OF_THE_STEP.has(invocationReason);
  if (step.status === 'completed' && !isCut) return 'stop';
  return last ? invocationReason : undefined;
}

function stepOutput(
  step: Step['snapshot'],
  calls: readonly ToolCall[],
  outputs: ReadonlyMap<string, Message>,
  reason: string | undefined,
): Message[] {
  const finish_reason = messageFinishReason(reason);
  const message = step.messageId === undefined ? undefined : outputs.get(step.messageId);
  if (message !== undefined) return [{ ...message, finish_reason }];
  const parts = calls.map(({ snapshot }) => ({
    type: 'tool_call' as const,
    id: snapshot.id,
    name: snapshot.name,
    arguments: snapshot.content?.arguments,
  }));
  return parts.length === 0 ? [] : [{ role: 'assistant', parts, finish_reason }];
}

interface StepWithCalls {
  readonly step: Step;
  readonly calls: readonly ToolCall[];
}

/**
 * Computes the times of the spans below an invocation. Each step comes after the steps before it and their tool calls.
 * The server's whole seconds cannot express this order, so spans with equal times are set some microseconds apart.
 */
class RecordedTimes {
  readonly #endTime: number;
  readonly #latest: number[] = [];
  #earliest: number;
  readonly #starts: Starts;

  constructor(steps: readonly StepWithCalls[], { startTime, endTime }: Times) {
    this.#endTime = endTime;
    this.#earliest = startTime;
    this.#starts = new Starts(startTime);
    let latest = endTime;
    for (const { calls } of steps.toReversed()) {
      this.#latest.unshift(latest);
      latest = Math.min(latest, requestedAt(calls) ?? latest) - SPAN_ROOM_MS * (1 + calls.length);
    }
  }

  /** A step, being a model call, ends when it asks the program for tools. The server completes it later. */
  ofStep(index: number, { step, calls }: StepWithCalls): Times {
    const latest = this.#latest[index] ?? this.#endTime;
    const requested = requestedAt(calls);
    const room = SPAN_ROOM_MS * (1 + calls.length);
    // This process knows exactly when it was asked for tools, while the server reports whole seconds.
    const start = clamp(
      step.startTime ?? this.#earliest,
      this.#earliest,
      Math.min((requested ?? latest) - SPAN_ROOM_MS, latest - room),
    );
    const startTime = this.#starts.next(Math.max(start, this.#starts.latest));
    const known = requested ?? step.endTime ?? latest;
    const endTime = Math.max(justAfter(startTime), Math.min(known, latest));
    this.#earliest = endTime;
    return { startTime, endTime };
  }

  /**
   * A hosted tool ran within its step. A function lasts from the request to the program until the program's output. If
   * another process submitted that, the server completed the step then.
   */
  ofToolCall(call: ToolCall, step: Times, completedAt?: number): Times {
    const latest = this.#endTime;
    const startTime = this.#starts.next(clamp(call.startTime ?? step.startTime, step.startTime, latest));
    const answeredAt = call.snapshot.hasResult ? completedAt : undefined;
    const known = call.endTime ?? (call.startTime === undefined ? step.endTime : (answeredAt ?? latest));
    const endTime = Math.max(justAfter(startTime), Math.min(known, latest));
    this.#earliest = Math.max(this.#earliest, endTime);
    return { startTime, endTime };
  }
}

function requestedAt(calls: readonly ToolCall[]): number | undefined {
  return calls.find(({ startTime }) => startTime !== undefined)?.startTime;
}
