import { ROOT_CONTEXT } from '@opentelemetry/api';
import { endInvocationSpan } from '../telemetry/invocation-span.ts';
import type { Message, MessagePart } from '../telemetry/messages.ts';
import { recordStep } from '../telemetry/step-span.ts';
import { recordToolCall } from '../telemetry/tool-span.ts';
import { isNoUsage, subtractUsage } from '../telemetry/usage.ts';
import type { Invocation } from './invocation.ts';
import type { ToolCallContent } from './model.ts';
import { type Step, stepFinishReason, stepOutput, type ToolCall } from './steps.ts';
import { clamp } from './timing.ts';

/** Draws an invocation that is over: its steps, its tool calls, and last the invocation itself. */
export function recordInvocation(invocation: Invocation, endTime: number): void {
  const { span, telemetry, steps, snapshot } = invocation;
  const drawsSteps = span.isRecording() && telemetry.settings.runSteps !== 'off';
  const drawn = drawsSteps ? steps.all : [];
  const outputs = drawStepsAndTools(invocation, drawn, endTime);
  const usage = snapshot?.usage;
  const left = usage === undefined || drawn.length === 0 ? usage : subtractUsage(usage, steps.usage);
  endInvocationSpan(telemetry, span, {
    endTime,
    observed: invocation.ended !== undefined,
    status: snapshot?.status,
    finishReason: snapshot?.finishReason,
    failure: invocation.failure,
    pollCount: invocation.pollCount,
    usage: left === undefined || (drawn.length > 0 && isNoUsage(left)) ? undefined : left,
    totals: { usage, runs: 0, userMessages: invocation.asked.count },
    systemInstructions: snapshot?.content?.systemInstructions ?? [],
    toolDefinitions: snapshot?.content?.toolDefinitions ?? [],
    inputMessages: invocation.asked.messages,
    outputMessages: outputs,
  });
}

/** @returns the messages that the invocation gave */
function drawStepsAndTools(invocation: Invocation, drawn: readonly Step[], endTime: number): Message[] {
  const { steps, snapshot } = invocation;
  const heard: Message[] = [...invocation.asked.messages];
  const shown = new Set<string>();
  const answers: Message[] = [];
  drawn.forEach((step, index) => {
    const calls = steps.toolCalls.filter(({ stepId }) => stepId === step.snapshot.id);
    const reason = stepFinishReason(step.snapshot, index === drawn.length - 1, snapshot?.finishReason);
    const outputMessages = stepOutput(step.snapshot, calls, steps.outputs, reason);
    const bounds = drawStep(invocation, step, endTime, reason, heard.slice(), outputMessages);
    for (const call of calls) drawToolCall(invocation, call, bounds, endTime);
    heard.push(...outputMessages, ...toolResponses(calls));
    if (step.snapshot.messageId !== undefined) {
      shown.add(step.snapshot.messageId);
      answers.push(...outputMessages);
    }
  });
  if (drawn.length > 0 || invocation.span.isRecording()) {
    const orphans = steps.toolCalls.filter(
      ({ stepId }) => !drawn.some(({ snapshot: { id } }) => id === stepId),
    );
    const whole = { startTime: invocation.startTime, endTime };
    for (const call of orphans) drawToolCall(invocation, call, whole, endTime);
  }
  return [...answers, ...unclaimed(invocation, shown)];
}

interface Bounds {
  readonly startTime: number;
  readonly endTime: number;
}

function drawStep(
  invocation: Invocation,
  step: Step,
  endTime: number,
  finishReason: string | undefined,
  inputMessages: readonly Message[],
  outputMessages: readonly Message[],
): Bounds {
  const { snapshot, firstTextTime } = step;
  const start = clamp(known(step.startTime) ?? invocation.startTime, invocation.startTime, endTime);
  const end = clamp(known(step.endTime) ?? endTime, start, endTime);
  recordStep(
    invocation.telemetry,
    {
      id: snapshot.id,
      type: snapshot.type,
      status: snapshot.status,
      model: invocation.snapshot?.model,
      usage: snapshot.usage,
      failure: snapshot.failure,
      finishReason,
      messageId: snapshot.messageId,
      startTime: start,
      endTime: end,
      timeToFirstChunk: firstTextTime === undefined ? undefined : Math.max(0, firstTextTime - start) / 1e3,
      inputMessages,
      outputMessages,
    },
    { parent: invocation.contextIn(ROOT_CONTEXT), place: invocation.place, endpoint: invocation.endpoint },
  );
  return { startTime: start, endTime: end };
}

/** A hosted tool ran within its step; a function from when the program was asked to when it answered. */
function drawToolCall(invocation: Invocation, call: ToolCall, step: Bounds, endTime: number): void {
  const start = clamp(call.startTime ?? step.startTime, invocation.startTime, endTime);
  const end = clamp(call.endTime ?? (call.startTime === undefined ? step.endTime : endTime), start, endTime);
  const { snapshot } = call;
  recordToolCall(
    invocation.telemetry,
    {
      call: { ...snapshot, content: withOutput(snapshot.content, call.output) },
      stepId: call.stepId,
      vectorStoreIds: invocation.snapshot?.vectorStoreIds ?? [],
      failure: undefined,
      startTime: start,
      endTime: end,
    },
    { parent: invocation.contextIn(ROOT_CONTEXT), place: invocation.place },
  );
}

/** A step that was seen before its tool's output has it only from the request that brought it. */
function withOutput(content: ToolCallContent | undefined, output: unknown): ToolCallContent | undefined {
  return content === undefined ? undefined : { ...content, result: content.result ?? output };
}

function toolResponses(calls: readonly ToolCall[]): Message[] {
  const parts: MessagePart[] = calls.map(({ snapshot, output }) => ({
    type: 'tool_call_response',
    id: snapshot.id,
    response: snapshot.content?.result ?? output ?? null,
  }));
  return parts.length === 0 ? [] : [{ role: 'tool', parts }];
}

/** Messages of the invocation that no drawn step stands for. */
function unclaimed({ steps, snapshot }: Invocation, shown: ReadonlySet<string>): Message[] {
  return [...steps.outputs]
    .filter(([id]) => !shown.has(id))
    .map(([, message]) => ({ ...message, finish_reason: snapshot?.finishReason ?? 'stop' }));
}

/** A server whose clock was never learnt gives no time. */
function known(time: number | undefined): number | undefined {
  return time === undefined || Number.isNaN(time) ? undefined : time;
}
