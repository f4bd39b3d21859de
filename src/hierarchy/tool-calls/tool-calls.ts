import {
  type Attributes,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { fingerprintOf } from '../../operations/tool-calls.ts';
import type { ToolRun } from '../../sdk/helper-observer.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { type CallerTrace, contextOf } from '../../telemetry/metadata.ts';
import type { Place } from '../../telemetry/place-attributes.ts';
import type { LocalPlace } from '../../telemetry/program-operation.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { justAfter, MAX_DIFFERENCE_MS, Starts } from '../../util/clock.ts';
import { beginIn, finishIn } from '../../util/open-traces.ts';
import { field, MAX_READ, objectField, stringField } from '../../util/payload.ts';
import { activeSpan } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import type { CallFacts, RequestedCall, ToolCallSnapshot, ToolResult } from '../dialect.ts';
import { clamp, OperationClock } from '../operation-clock.ts';
import type { ContentHolder, Store } from '../store.ts';
import { fingerprintOfMessages, lastMessages, once } from './last-messages.ts';
import {
  type AnsweredToolCall,
  hasUniqueId,
  type PendingCall,
  PendingToolCalls,
} from './pending-tool-calls.ts';
import { recordToolCall } from './tool-call.ts';

interface RequestingResponse {
  readonly endpoint: Endpoint;
  readonly responseId: string | undefined;
  /** Each answer has its own. Not set for an answer to another process. */
  readonly times: ItemTimes | undefined;
  /** The span of the response if it is a root, or else its parent. */
  readonly parent: CallerTrace | undefined;
  readonly place: Place;
  readonly vectorStoreIds: readonly string[];
  readonly startTime: number;
  readonly endTime: number;
}

export interface AnsweredCalls {
  /** The span of the requesting response if it is a root, or else its parent. */
  readonly caller: SpanContext | undefined;
  /**
   * Records the calls, once the request has its place: the program has answered them, whatever becomes of the request.
   *
   * @param parent the context in which calls to other processes are recorded
   */
  sent(time: number, parent: Context): void;
  /** Called when the API has accepted the request. If it fails, its tool calls stay pending for a request that repeats it. */
  accepted(): void;
}

interface UnansweredCall extends ContentHolder {
  call: ToolCallSnapshot;
  readonly startTime: number;
  /** The program may take long to answer, and the wall clock may be set meanwhile. */
  readonly clock: OperationClock;
  readonly response: RequestingResponse;
  /** Set once an answer was handled. The call stays pending until the API has accepted that answer. */
  isRecorded: boolean;
}

type Answering = Pick<AnsweredToolCall, 'origin' | 'previousResponseId' | 'conversationId'> & {
  readonly context: Context;
};

/**
 * Records the tool calls of responses and chat completions. The span of a hosted tool lies within the time of
 * the answer. The span of a function lasts from the answer that requests it to the request that answers it.
 * All APIs share one instance.
 */
export class ToolCalls {
  readonly #telemetry: Telemetry;
  readonly #store: Store;
  /** The calls that the program has not answered yet. A call that is never answered is never recorded. */
  readonly #pending = new PendingToolCalls<UnansweredCall>((call) => this.#forget(call));
  /** Open streams that have requested tool calls. The calls are registered when a request looks for one. */
  readonly openStreams: Map<object, () => void> = new Map();

  constructor(telemetry: Telemetry, store: Store) {
    this.#telemetry = telemetry;
    this.#store = store;
    store.add(this.#pending);
  }

  /** Whether any tool call may be unanswered. If not, no request has to be searched for results. */
  get areAwaited(): boolean {
    return !this.#pending.isEmpty || this.openStreams.size > 0;
  }

  /** @param lastMessages the last messages that the response replies to */
  requested(calls: readonly RequestedCall[], response: RequestingResponse, lastMessages?: unknown): void {
    const starts = new Starts(response.startTime);
    for (const { call, asksProgram } of calls) {
      if (asksProgram) continue;
      const { startTime, endTime } = response;
      const seen = response.times?.of(call.itemId);
      const start = starts.next(clamp(seen?.startTime ?? startTime, startTime, endTime));
      const end = Math.max(justAfter(start), Math.min(seen?.endTime ?? endTime, endTime));
      this.#record(call, response, { startTime: start, endTime: end });
    }
    // `@openai/agents` has spans for the calls that its model requests, but not for approvals of hosted MCP calls.
    const isKept = ({ call }: RequestedCall): boolean =>
      call.type === 'mcp' || response.parent?.showsCall?.(call) !== true;
    this.#keep(calls.filter(isKept), response, lastMessages);
  }

  /** The process that answers calls records them, even if another process has requested the response. */
  seen(
    calls: readonly RequestedCall[],
    seen: Pick<RequestingResponse, 'endpoint' | 'responseId' | 'place' | 'endTime'>,
  ): void {
    const { endTime: startTime } = seen;
    this.#keep(calls, { ...seen, times: undefined, parent: undefined, vectorStoreIds: [], startTime });
  }

  #keep(calls: readonly RequestedCall[], response: RequestingResponse, lastMessages?: unknown): void {
    const store = this.#store;
    const { responseId, times, place, parent } = response;
    const { origin } = response.endpoint;
    const { conversationId } = place;
    const kept = calls.filter(({ asksProgram }) => asksProgram);
    if (kept.length === 0) return;
    const isAmbiguous = kept.some(({ call }) => !hasUniqueId(call));
    const question = isAmbiguous ? fingerprintOfMessages(lastMessages) : undefined;
    const traceId = validTraceId(parent?.span);
    const requester = times?.identity ?? responseId;
    const common = { origin, responseId, requester, conversationId, traceId, question };
    // A call may wait for a day, and hosted tools have been recorded.
    const light = { ...response, times: undefined, vectorStoreIds: [] };
    let startTime = response.endTime;
    for (const { call, fingerprint } of kept) {
      const { id, name, content } = call;
      const alias = call.type === 'local_shell' ? call.itemId : undefined;
      const request = { ...common, id, alias, name, fingerprint: fingerprint() };
      // An answer may report a call before its end, and again at its end.
      if (this.#pending.has(request)) continue;
      const pending: UnansweredCall = {
        call,
        response: light,
        startTime,
        clock: new OperationClock(),
        isRecorded: false,
        forgetContent: () => {
          pending.call = { ...pending.call, content: undefined };
        },
      };
      this.#pending.add(request, pending);
      beginIn(parent?.span);
      if (content !== undefined) store.keeps(pending, content);
      startTime = justAfter(startTime);
    }
    store.expireLater();
  }

  /** A request that answers calls of several traces joins none of the traces. */
  answer(results: readonly ToolResult[], { context, ...request }: Answering): AnsweredCalls {
    const traceId = validTraceId(trace.getSpanContext(context));
    const answered: { readonly call: PendingCall<UnansweredCall>; readonly result: ToolResult }[] = [];
    if (results.length > 0) this.#registerStreams();
    for (const result of results) {
      const { id, repeated, question } = result;
      const call = this.#pending.find({ ...request, id, repeated, traceId, question });
      if (call !== undefined) answered.push({ call, result });
    }
    const callers = answered.map(({ call }) => call.open.response.parent?.span);
    const last = callers.at(-1);
    const oneTrace =
      validTraceId(last) !== undefined && callers.every((span) => span?.traceId === last?.traceId);
    return {
      caller: oneTrace ? last : undefined,
      sent: (time, parent) => {
        for (const { call, result } of answered) this.#answered(call.open, result, time, parent);
      },
      accepted: () => {
        for (const { call } of answered) this.#pending.close(call);
      },
    };
  }

  #answered(pending: UnansweredCall, result: ToolResult, time: number, parent: Context): void {
    const { call, response } = pending;
    const { content } = call;
    this.#forget(pending);
    if (pending.isRecorded) return;
    pending.isRecorded = true;
    const outcome = result.outcome();
    // An approved call is recorded later: it is an item of the next response.
    if (call.type === 'mcp' && outcome === undefined) return;
    const answered = { ...call, outcome, content: content && { ...content, result: result.output() } };
    // If the clock was set since, the start is moved to the clock of the request with the answer.
    const difference = time - pending.clock.now();
    const moved = Math.abs(difference) < MAX_DIFFERENCE_MS ? 0 : difference;
    // A call is never answered before it is requested.
    const startTime = Math.min(pending.startTime + moved, time);
    const times = { startTime, endTime: Math.max(time, justAfter(startTime)) };
    this.#record(answered, response, times, parent);
  }

  /**
   * Where to record a function that the program runs for a pending tool call. The call is not recorded again when a
   * request answers it.
   */
  running(tool: ToolRun, origin: string, context: Context): LocalPlace | undefined {
    if (!this.areAwaited) return undefined;
    this.#registerStreams();
    const conversationId = conversationIn(context);
    const traceId = validTraceId(trace.getSpanContext(context));
    const question = once(() => fingerprintOfMessages(lastMessages(tool.history())));
    for (const { id, arguments: given } of tool.calls()) {
      const repeated = (): CallFacts => ({ name: tool.name, fingerprint: fingerprintOf(tool.name, given) });
      const found = this.#pending.find({ origin, id, repeated, conversationId, traceId, question });
      if (found === undefined) continue;
      const caller = found.open.response.parent?.span;
      this.#forget(found.open);
      this.#pending.close(found);
      const attributes: Attributes = { [ATTR.GEN_AI_TOOL_CALL_ID]: id };
      define(attributes, ATTR.GEN_AI_CONVERSATION_ID, conversationId);
      const isBelow = conversationId !== undefined || activeSpan(context) === undefined;
      const parent = isBelow && caller !== undefined ? trace.setSpanContext(context, caller) : context;
      return { parent, attributes };
    }
    return undefined;
  }

  #registerStreams(): void {
    for (const [stream, register] of this.openStreams) {
      this.openStreams.delete(stream);
      register();
    }
  }

  #forget(pending: UnansweredCall): void {
    if (!pending.isRecorded) finishIn(pending.response.parent?.span);
    pending.forgetContent();
    this.#store.release(pending);
  }

  /** @param answering the context of the request that answers the call, if the program ran the tool */
  #record(
    call: ToolCallSnapshot,
    { endpoint, responseId, vectorStoreIds, place, parent }: RequestingResponse,
    times: { readonly startTime: number; readonly endTime: number },
    answering?: Context,
  ): void {
    const timedHere = answering !== undefined;
    const agentName = parent?.agentName;
    const recorded = { call, responseId, vectorStoreIds, timedHere, agentName, provider: endpoint.provider };
    const within = parent === undefined ? (answering ?? ROOT_CONTEXT) : contextOf(parent);
    recordToolCall(this.#telemetry, recorded, { parent: within, place }, times);
  }
}

/** The trace id, if it is valid. All untraced calls have the same invalid id, whoever their user is. */
function validTraceId(span: SpanContext | undefined): string | undefined {
  return span !== undefined && isSpanContextValid(span) ? span.traceId : undefined;
}

export class ItemTimes {
  /** Created lazily: most responses are not streamed. */
  #times: Map<string, { startTime: number; endTime: number | undefined }> | undefined;
  #identity: object | undefined;

  /** Identifies the answer. Keeping it does not keep the times. */
  get identity(): object {
    this.#identity ??= {};
    return this.#identity;
  }

  add(event: unknown, time: number): void {
    const type = field(event, 'type');
    if (type !== 'response.output_item.added' && type !== 'response.output_item.done') return;
    const id = stringField(objectField(event, 'item'), 'id');
    if (id === undefined) return;
    this.#times ??= new Map();
    const known = this.#times.get(id);
    if (known === undefined) {
      if (this.#times.size < MAX_READ) this.#times.set(id, { startTime: time, endTime: undefined });
    } else if (type === 'response.output_item.done') known.endTime ??= time;
  }

  of(id: string | undefined): { startTime: number; endTime: number | undefined } | undefined {
    return id === undefined ? undefined : this.#times?.get(id);
  }
}
