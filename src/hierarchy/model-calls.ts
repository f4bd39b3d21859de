import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { type ApiRequest, chat, operationOf } from '../operations/index.ts';
import { countNewMessages } from '../operations/response/items.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import { isToolRunner } from '../sdk/resources.ts';
import { OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS } from '../semconv/values.ts';
import type { Spent } from '../telemetry/cost/usage.ts';
import { type CallerTrace, callerTraceOf } from '../telemetry/metadata.ts';
import { REFUSED_TOOL, UNANSWERED_TOOL } from '../telemetry/outcomes/tool-outcome.ts';
import type { Place } from '../telemetry/place-attributes.ts';
import type { OpenRecord, Placement, StreamedAnswer } from '../telemetry/placement.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import { inOrder } from '../util/clock.ts';
import { beginIn, finishIn } from '../util/open-traces.ts';
import { arrayField, field, stringField } from '../util/payload.ts';
import { type ConversationApi, enterConversation, parentIn, placeInNamed } from './conversation-api.ts';
import { activeSpan } from './conversations/conversation.ts';
import { conversationIn } from './conversations/conversation-id.ts';
import { contextInConversation } from './conversations/own-trace.ts';
import type { ModelDialect, RequestedCall } from './dialect.ts';
import { completions } from './dialects/completions.ts';
import { NONE } from './dialects/shared-readers.ts';
import { lastMessages } from './tool-calls/last-messages.ts';
import { type AnsweredCalls, ItemTimes } from './tool-calls/tool-calls.ts';
import type { ConversationTracker } from './tracker.ts';

/** Little is kept of a model call's request until the answer has ended, because a stream may take long. */
export interface ModelCallStart {
  readonly endpoint: Endpoint;
  readonly conversationId: string | undefined;
  readonly parent: Context;
  /** The start time of the call's span. Hosted tools never start before it. */
  readonly startTime: number;
  readonly counts: boolean;
  readonly handedOn?: boolean | undefined;
  readonly model?: string | undefined;
  /** The tool calls that the request answers. Not set if another process sent the request. */
  readonly answered?: AnsweredCalls | undefined;
  /** Set for a background response: the ids of the hosted tool calls that were recorded at a pause. */
  readonly recorded?: Set<string> | undefined;
}

/** The tool calls whose results a request brings. */
export function answeredBy(
  { toolCalls }: ConversationTracker,
  dialect: ModelDialect,
  call: ReadonlyCall,
  request: Pick<ReadonlyCall, 'context'> & {
    readonly origin: string;
    readonly previousResponseId?: string | undefined;
  },
  conversationId: string | undefined,
): AnsweredCalls | undefined {
  if (!toolCalls.areAwaited) return undefined;
  // The SDK's tool runner has run every function but those that it refused. Only these are still pending.
  const results = dialect.results(call.body, isToolRunner(call) ? REFUSED_TOOL : undefined);
  return toolCalls.answer(results, { ...request, conversationId });
}

export class ModelCall {
  /**
   * The context with the parent of the call's span. An active span alone decides the trace. Otherwise, a
   * request that answers tool calls joins the trace of the response that requested them, and keeps that trace
   * open until the call ends.
   */
  readonly parent: Context;
  readonly start: Omit<ModelCallStart, 'parent' | 'answered'>;
  readonly #answered: AnsweredCalls | undefined;
  readonly #joined: SpanContext | undefined;
  readonly #tracker: ConversationTracker;
  readonly #dialect: ModelDialect;
  readonly #caller: CallerTrace;
  readonly times: ItemTimes = new ItemTimes();
  readonly #vectorStoreIds: readonly string[];
  readonly #userMessages: number;
  /** The last messages of the request, if they are short. Not kept for a background response, which may take long. */
  readonly #lastMessages: unknown;
  /** Whether spans or metrics record the tool calls that the answer requests. */
  #isRecorded = false;

  constructor(
    tracker: ConversationTracker,
    dialect: ModelDialect,
    body: unknown,
    { parent, answered, ...start }: ModelCallStart,
  ) {
    this.start = start;
    this.#tracker = tracker;
    this.#dialect = dialect;
    this.#answered = answered;
    answered?.sent(start.startTime, parent);
    this.#joined = activeSpan(parent) === undefined ? answered?.caller : undefined;
    this.parent = this.#joined === undefined ? parent : trace.setSpanContext(parent, this.#joined);
    beginIn(this.#joined);
    this.#caller = callerTraceOf(this.parent);
    this.#vectorStoreIds = dialect.vectorStoreIds?.(body) ?? NONE;
    const input = dialect.input(body);
    const mayCount = start.conversationId !== undefined || dialect.conversationOf !== undefined;
    this.#userMessages = mayCount ? countNewMessages(input) : 0;
    this.#lastMessages = field(body, 'background') === true ? undefined : lastMessages(input);
  }

  /** Called when an event completes the answer or one of its choices. The stream may continue with other tool calls. */
  completed(answer: StreamedAnswer, time: number, record: OpenRecord): void {
    this.#answered?.accepted();
    this.recordsBelow(record);
    const register = (): void =>
      this.#request(this.#dialect.finished(answer.result()), time, ({ asksProgram }) => asksProgram);
    this.#tracker.toolCalls.openStreams.set(this, register);
  }

  /** If the call's span is a root, its tool calls are recorded below it. */
  recordsBelow({ context }: OpenRecord): void {
    this.#caller.span ??= trace.getSpanContext(context);
    const { metrics } = this.#tracker.telemetry;
    this.#isRecorded = trace.getSpan(context)?.isRecording() === true || metrics.wanted;
  }

  settled({ failed }: ReadonlyCall, record: OpenRecord): void {
    if (!failed) this.#answered?.accepted();
    this.recordsBelow(record);
  }

  /** @param isPaused whether another span may continue the answer, and record what has not ended yet */
  ended(result: unknown, endTime: number, spent: Spent, isPaused = false): void {
    if (this.#tracker.toolCalls.openStreams.size > 0) this.#tracker.toolCalls.openStreams.delete(this);
    this.#request(result, endTime, isPaused ? hasEnded : undefined);
    this.#count(result, spent);
    finishIn(this.#joined);
  }

  /** A rejected request does not count as a run. An abandoned stream does. */
  #count(result: unknown, spent: Spent): void {
    const { endpoint, counts, handedOn } = this.start;
    const id = this.#conversationOf(result);
    if (id === undefined) return;
    const hasId = stringField(result, 'id') !== undefined;
    const isAnswer = counts && (hasId || arrayField(result, 'choices').length > 0);
    const [runs, userMessages] = isAnswer ? [1, this.#userMessages] : [0, 0];
    const counted = handedOn ? { userMessages } : { runs, userMessages, spent };
    const conversation = this.#tracker.conversation('conversation', id, endpoint.origin);
    conversation.count(counted);
    if (isAnswer) conversation.takeUnanswered();
  }

  #conversationOf(result: unknown): string | undefined {
    return this.#dialect.conversationOf?.(result) ?? this.start.conversationId;
  }

  #request(result: unknown, endTime: number, isWanted?: (each: RequestedCall) => boolean): void {
    // Unrecorded calls are kept as pending, too. Otherwise, a result could match another user's call.
    const content = this.#isRecorded && this.#tracker.telemetry.wantsContent;
    const reported = this.#dialect.calls(result, { content });
    if (reported.length === 0) return;
    const { endpoint, startTime, recorded } = this.start;
    const isNew = (each: RequestedCall): boolean => recorded?.has(each.call.id) !== true;
    const calls = reported.filter((each) => isNew(each) && isWanted?.(each) !== false);
    for (const { call } of calls) recorded?.add(call.id);
    const place: Place = { kind: 'conversation', conversationId: this.#conversationOf(result) };
    const response = {
      endpoint,
      responseId: this.#dialect.idOf?.(result),
      times: this.times,
      parent: this.#caller,
      place,
      vectorStoreIds: this.#vectorStoreIds,
      startTime,
      endTime,
    };
    this.#tracker.toolCalls.requested(calls, response, this.#lastMessages);
  }
}

/** Whether the API has run the call to its end. */
function hasEnded({ asksProgram, call }: RequestedCall): boolean {
  return !asksProgram && call.outcome !== UNANSWERED_TOOL;
}

/** Operations in which a model answers a prompt; only these count as runs. */
const ANSWERS: ReadonlySet<string | undefined> = new Set(['chat', 'text_completion']);

/**
 * Handles chat completions and the functions that they request from the program. It also handles all calls and
 * functions inside `withConversation` that no other handler does.
 */
export class Completions implements ConversationApi {
  readonly #tracker: ConversationTracker;

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
  }

  place(call: ReadonlyCall, { body, route }: ApiRequest, endpoint: Endpoint): Placement {
    const operation = operationOf(route);
    const apiType = operation === chat ? OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS : undefined;
    const { context } = call;
    const answering = { origin: endpoint.origin, context };
    const answered = answeredBy(this.#tracker, completions, call, answering, conversationIn(context));
    const { id, segment, place } = placeInNamed(this.#tracker, call, endpoint, {
      apiType,
      continued: answered?.caller,
    });
    const model = new ModelCall(this.#tracker, completions, body, {
      endpoint,
      conversationId: id,
      parent: place.parent,
      startTime: call.startTime,
      counts: ANSWERS.has(operation.traits?.inference),
      answered,
    });
    // Only this request decides: other users' tool calls must not affect what is recorded.
    const mayAsk = id !== undefined || field(body, 'tools') !== undefined;
    return {
      ...place,
      parent: model.parent,
      onFact: mayAsk
        ? (_, __, record, answer) => answer && model.completed(answer, call.now(), record)
        : undefined,
      onEnd: (ended, result, record) => {
        model.settled(ended, record);
        segment?.requestEnded(ended.endTime);
        return { after: () => model.ended(mayAsk ? result : undefined, ended.endTime, record.spent) };
      },
    };
  }

  /**
   * Places a function of the program below the span of its conversation, which stays open while the function runs.
   *
   * @param isLoop whether it is a loop of the SDK, which belongs in the trace of its calls
   */
  placeFunction(caller: Context, startTime: number, isLoop: boolean): LocalPlace | undefined {
    const id = conversationIn(caller);
    if (id === undefined) return undefined;
    const context = isLoop ? contextInConversation(caller, this.#tracker, 'conversation', id, '') : caller;
    const segment = enterConversation(this.#tracker, { id, context, endpoint: undefined, startTime });
    segment?.requestStarted();
    return {
      parent: parentIn(segment, context),
      startTime: inOrder(startTime, segment?.startTime),
      onEnd: ({ endTime }) => {
        segment?.requestEnded(endTime);
        return undefined;
      },
    };
  }
}
