import { type Context, trace } from '@opentelemetry/api';
import { type Call, isToolRunner } from '../../sdk/call.ts';
import { type CallerTrace, callerTraceOf } from '../../telemetry/metadata.ts';
import type { StreamedAnswer } from '../../telemetry/placement.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { REFUSED_TOOL } from '../../telemetry/tool-outcome.ts';
import { arrayField } from '../../util/payload.ts';
import type { OpenRecord } from '../api.ts';
import { JoinedTrace } from '../conversations/joined-trace.ts';
import { ItemTimes } from '../item-times.ts';
import type { ItemCall } from '../tool-calls/item-calls.ts';
import { lastMessages } from '../tool-calls/last-messages.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import { finishedPart, readRequestedCalls, readToolMessages } from './messages.ts';

interface LoopCallStart {
  readonly call: Call;
  readonly body: unknown;
  readonly origin: string;
  readonly conversationId: string | undefined;
  /** Where the call stands as far as spans of the program or of a conversation say. */
  readonly above: Context;
}

/** A chat completion as part of a loop: it brings the results of calls that the one before it asked for, and may ask for others. */
export class LoopCall {
  readonly #telemetry: Telemetry;
  readonly #toolCalls: ToolCalls;
  readonly #trace: JoinedTrace;
  readonly #origin: string;
  readonly #conversationId: string | undefined;
  readonly #startTime: number;
  readonly #caller: CallerTrace;
  /** What the model answers, if it is short. */
  readonly #lastMessages: unknown;
  /** Whether spans or metrics record the tool calls that it requests. */
  #isRecorded = false;
  /** The keys of the tool calls that were registered before the stream ended. */
  #taken: Set<string> | undefined;

  constructor(telemetry: Telemetry, toolCalls: ToolCalls, start: LoopCallStart) {
    const { call, body, origin, conversationId, above: parent } = start;
    const { startTime: time } = call;
    this.#telemetry = telemetry;
    this.#toolCalls = toolCalls;
    this.#origin = origin;
    this.#conversationId = conversationId;
    this.#startTime = time;
    this.#lastMessages = lastMessages(arrayField(body, 'messages'));
    const answering = { origin, conversationId, time, parent };
    // The functions that a runner of the SDK has run are awaited no longer.
    const outcome = isToolRunner(call) ? REFUSED_TOOL : undefined;
    const answered = toolCalls.areAwaited
      ? toolCalls.answer(readToolMessages(body, outcome), answering)
      : undefined;
    this.#trace = new JoinedTrace(parent, answered);
    this.#caller = callerTraceOf(this.#trace.parent);
  }

  get parent(): Context {
    return this.#trace.parent;
  }

  settled(call: Call, { context }: OpenRecord): void {
    this.#trace.settled(call);
    this.#recordsBelow(context);
  }

  /** Called when a chunk completes a choice. The stream may go on with other tool calls. */
  completed(answer: StreamedAnswer | undefined, time: number, { context }: OpenRecord): void {
    if (answer === undefined) return;
    this.#recordsBelow(context);
    this.#toolCalls.openStreams.set(this, () => {
      this.#taken ??= new Set();
      this.#requested(finishedPart(answer.result()), time);
    });
  }

  #recordsBelow(context: Context): void {
    this.#caller.span ??= trace.getSpanContext(context);
    this.#isRecorded = trace.getSpan(context)?.isRecording() === true || this.#telemetry.metrics.wanted;
  }

  ended(result: unknown, endTime: number): void {
    if (this.#toolCalls.openStreams.size > 0) this.#toolCalls.openStreams.delete(this);
    this.#requested(result, endTime);
    this.#trace.ended();
  }

  #requested(result: unknown, endTime: number): void {
    // Unrecorded calls are pending, too: otherwise, a result would find only those of another user.
    const told = readRequestedCalls(result, this.#isRecorded && this.#telemetry.wantsContent);
    const taken = this.#taken;
    const calls = taken === undefined ? told : told.filter((call) => !taken.has(toolCallKey(call)));
    for (const call of calls) taken?.add(toolCallKey(call));
    if (calls.length === 0) return;
    const place = { kind: 'conversation', conversationId: this.#conversationId } as const;
    const response = {
      origin: this.#origin,
      responseId: undefined,
      parent: this.#caller,
      place,
      vectorStoreIds: [],
      startTime: this.#startTime,
      endTime,
      lastMessages: this.#lastMessages,
    };
    this.#toolCalls.requested(calls, response, new ItemTimes());
  }
}

/** Includes the arguments, because some servers send the last of them after the finish reason. */
function toolCallKey({ call, fingerprint }: ItemCall): string {
  return `${call.id} ${fingerprint()}`;
}
