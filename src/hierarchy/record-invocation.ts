import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Message, MessagePart } from '../config/completion-types.ts';
import type { RequestedToolCall } from '../operations/index.ts';
import { messageFinishReason } from '../telemetry/content/messages.ts';
import { isNoUsage, subtractUsage } from '../telemetry/cost/usage.ts';
import { endInvocationSpan } from '../telemetry/spans/invocation-span.ts';
import { recordStep } from '../telemetry/spans/step-span.ts';
import { recordToolCall } from '../telemetry/spans/tool-span.ts';
import { costOfUsage } from './cost-and-usage.ts';
import type { Invocation } from './invocation.ts';
import type { StepSnapshot, ToolCallContent } from './model.ts';
import { inputMessagesOf } from './run-input.ts';
import { clamp } from './server-clock.ts';
import type { Step } from './steps.ts';
import type { ToolCall } from './tool-call.ts';

/**
 * Records a closed invocation: its steps, its tool calls, and then its own span.
 *
 * @param pauses whether it may go on later: the functions that the program has not answered belong to the next span then
 */
export function recordInvocation(invocation: Invocation, endTime: number, pauses: boolean): void {
  const { span, telemetry, steps, snapshot } = invocation;
  const recorded = span.isRecording() || telemetry.wantsContent;
  const drawsSteps = recorded && telemetry.settings.runSteps !== 'off';
  const drawn = drawsSteps ? steps.all : [];
  const calls = callsToDraw(invocation, pauses);
  const outputs = drawStepsAndTools(invocation, drawn, calls, endTime);
  const usage = snapshot?.usage;
  const hasCarriers = drawn.length > 0 || invocation.resumed !== undefined;
  const unclaimedUsage = usage === undefined || !hasCarriers ? usage : subtractUsage(usage, steps.usage);
  const left =
    unclaimedUsage === undefined || (hasCarriers && isNoUsage(unclaimedUsage)) ? undefined : unclaimedUsage;
  endInvocationSpan(telemetry, span, {
    attributes: invocation.attributes,
    startTime: invocation.startTime,
    endTime,
    observed: invocation.life.endTime !== undefined,
    finishReason: snapshot?.finishReason,
    failure: invocation.failure,
    pollCount: invocation.pollCount,
    usage: left,
    cost: costOfUsage(telemetry, left, invocation.attributes),
    totals: { ...invocation.spent, runs: 0, userMessages: invocation.asked.count },
    toolCalls: steps.toolCalls.map(requestedToolCall),
    skippedSteps: steps.skippedSteps,
    skippedToolCalls: steps.skippedToolCalls,
    systemInstructions: invocation.content?.systemInstructions ?? [],
    toolDefinitions: invocation.content?.toolDefinitions ?? [],
    inputMessages: inputMessagesOf(invocation),
    outputMessages: outputs,
  });
}

function callsToDraw({ steps, resumed }: Invocation, pauses: boolean): readonly ToolCall[] {
  const left = new Set(pauses ? steps.unanswered.map(({ snapshot }) => snapshot.id) : []);
  return steps.toolCalls.filter(
    ({ snapshot: { id } }) => !left.has(id) && resumed?.drawnCalls.has(id) !== true,
  );
}

/** @returns the output messages of the invocation */
function drawStepsAndTools(
  invocation: Invocation,
  drawn: readonly Step[],
  drawnCalls: readonly ToolCall[],
  endTime: number,
): Message[] {
  const { steps, snapshot } = invocation;
  const heard: Message[] = [...inputMessagesOf(invocation)];
  const shown = new Set<string>();
  const answers: Message[] = [];
  let earliest = invocation.startTime;
  drawn.forEach((step, index) => {
    const calls = steps.toolCalls.filter(({ stepId }) => stepId === step.snapshot.id);
    const reason = stepFinishReason(step.snapshot, index === drawn.length - 1, snapshot?.finishReason);
    const outputMessages = stepOutput(step.snapshot, calls, steps.outputs, reason);
    const times = stepTimes(step, calls, earliest, endTime);
    const { toolCalls, skippedToolCalls } = step.snapshot;
    const skipped = toolCalls.length + skippedToolCalls - calls.length;
    drawStep(invocation, step, times, { reason, inputMessages: heard.slice(), outputMessages, skipped });
    earliest = times.endTime;
    for (const call of calls) {
      if (drawnCalls.includes(call))
        earliest = Math.max(earliest, drawToolCall(invocation, call, times, endTime));
    }
    heard.push(...outputMessages, ...toolResponses(calls));
    if (step.snapshot.messageId !== undefined) {
      shown.add(step.snapshot.messageId);
      answers.push(...outputMessages);
    }
  });
  if (invocation.span.isRecording() || invocation.telemetry.wantsContent) {
    const orphans = drawnCalls.filter(({ stepId }) => !drawn.some(({ snapshot: { id } }) => id === stepId));
    const whole = { startTime: invocation.startTime, endTime };
    for (const call of orphans) drawToolCall(invocation, call, whole, endTime);
  }
  return [...answers, ...unclaimed(invocation, shown)];
}

interface Times {
  readonly startTime: number;
  readonly endTime: number;
}

/**
 * The times of a step. Steps follow each other and the tools they asked for, which the server's whole seconds cannot
 * express. As a model call, a step that asks the program for tools ends when it asks; the server completes it later.
 */
function stepTimes(step: Step, calls: readonly ToolCall[], earliest: number, latest: number): Times {
  const asked = calls.find((call) => call.startTime !== undefined)?.startTime;
  // This process knows when it was asked. The server tells whole seconds.
  const startTime = clamp(
    withKnownValues(step.startTime) ?? earliest,
    earliest,
    Math.min(asked ?? latest, latest),
  );
  return { startTime, endTime: clamp(asked ?? withKnownValues(step.endTime) ?? latest, startTime, latest) };
}

function drawStep(
  invocation: Invocation,
  { snapshot, firstTextTime, deltaTimes, skippedDeltas }: Step,
  times: Times,
  said: {
    reason: string | undefined;
    inputMessages: readonly Message[];
    outputMessages: readonly Message[];
    skipped: number;
  },
): void {
  const { id, type, status, usage, failure, messageId } = snapshot;
  recordStep(
    invocation.telemetry,
    {
      id,
      type,
      status,
      usage,
      failure,
      messageId,
      model: invocation.snapshot?.model,
      finishReason: said.reason,
      startTime: times.startTime,
      endTime: times.endTime,
      timeToFirstChunk:
        firstTextTime === undefined ? undefined : Math.max(0, firstTextTime - times.startTime) / 1e3,
      deltaTimes,
      skippedDeltas,
      skippedToolCalls: Math.max(0, said.skipped),
      inputMessages: said.inputMessages,
      outputMessages: said.outputMessages,
    },
    { parent: invocation.contextIn(ROOT_CONTEXT), place: invocation.place, endpoint: invocation.endpoint },
  );
}

/**
 * Records a tool call. A hosted tool ran within its step, a function from the request to the program until its output.
 *
 * @returns its end time
 */
function drawToolCall(invocation: Invocation, call: ToolCall, step: Times, latest: number): number {
  const startTime = clamp(call.startTime ?? step.startTime, step.startTime, latest);
  const endTime = clamp(
    call.endTime ?? (call.startTime === undefined ? step.endTime : latest),
    startTime,
    latest,
  );
  const { snapshot } = call;
  recordToolCall(
    invocation.telemetry,
    {
      call: { ...snapshot, content: withOutput(snapshot.content, call.output) },
      stepId: call.stepId,
      vectorStoreIds: storesOf(invocation),
      itemId: snapshot.itemId,
      failure: call.failure ?? snapshot.failure,
      waited: call.askedAt === undefined ? undefined : Math.max(0, startTime - call.askedAt) / 1e3,
      startTime,
      endTime,
    },
    {
      parent: invocation.contextIn(ROOT_CONTEXT),
      origin: invocation.endpoint.origin,
      place: { ...invocation.place, ...(snapshot.subagentId && { subagentId: snapshot.subagentId }) },
    },
  );
  return endTime;
}

/** The vector stores of the run, the request, the thread or the assistant, the first that has any. */
function storesOf({ snapshot, requestedStores, conversation, agent }: Invocation): readonly string[] {
  const stores = [
    snapshot?.vectorStoreIds,
    requestedStores,
    conversation?.vectorStoreIds,
    agent?.vectorStoreIds,
  ];
  return stores.find((ids) => ids !== undefined && ids.length > 0) ?? [];
}

/** A step that was seen before its tool's output has it only from the request that brought it. */
function withOutput(content: ToolCallContent | undefined, output: unknown): ToolCallContent | undefined {
  return content === undefined ? undefined : { ...content, result: content.result ?? output };
}

function requestedToolCall({ snapshot: { id, name, type, content }, output }: ToolCall): RequestedToolCall {
  const own = withOutput(content, output);
  return { id, name, type, ...(own === undefined ? {} : { content: own }) };
}

function toolResponses(calls: readonly ToolCall[]): Message[] {
  const parts: MessagePart[] = calls.map(({ snapshot, output }) => ({
    type: 'tool_call_response',
    id: snapshot.id,
    response: snapshot.content?.result ?? output ?? null,
  }));
  return parts.length === 0 ? [] : [{ role: 'tool', parts }];
}

/** Messages of the invocation that no drawn step stands for. What was not seen to its end did not stop by itself. */
function unclaimed({ steps, snapshot, life }: Invocation, shown: ReadonlySet<string>): Message[] {
  const reason = snapshot?.finishReason ?? (life.endTime === undefined ? 'error' : 'stop');
  return [...steps.outputs]
    .filter(([id]) => !shown.has(id))
    .map(([, message]) => ({ ...message, finish_reason: reason }));
}

/** A server whose clock was never learnt gives no time. */
function withKnownValues(time: number | undefined): number | undefined {
  return time === undefined || Number.isNaN(time) ? undefined : time;
}

/** The finish reason of a step: `tool_calls`, or for the last message that of its invocation. */
function stepFinishReason(
  step: StepSnapshot,
  last: boolean,
  invocationReason: string | undefined,
): string | undefined {
  if (step.type === 'tool_calls') return 'tool_calls';
  if (last && invocationReason !== undefined) return invocationReason;
  return step.status === 'completed' ? 'stop' : undefined;
}

/** The output of a step's model call: its message or its tool calls. */
function stepOutput(
  step: StepSnapshot,
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
