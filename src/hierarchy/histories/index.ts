import type { Context } from '@opentelemetry/api';
import { type ApiRequest, chat, operationOf } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS } from '../../semconv/values.ts';
import type { FunctionPlace } from '../../telemetry/spans/function-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, field, stringField } from '../../util/payload.ts';
import {
  type ConversationApi,
  conversationAttributes,
  enterConversation,
  type Placement,
  parentIn,
  spendIn,
  startIn,
} from '../api.ts';
import type { Segment, Use } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { contextInConversation } from '../conversations/own-trace.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { LoopCall } from './loop-call.ts';
import { countNewUserMessages } from './messages.ts';

/** The calls that count as runs. */
const ANSWERS: ReadonlySet<string | undefined> = new Set(['chat', 'text_completion']);

interface Answered {
  readonly id: string;
  readonly origin: string;
  readonly userMessages: number;
  readonly startTime: number;
}

/** Conversations that the program names by `withConversation`: calls and functions that belong to no other. */
export class Histories implements ConversationApi {
  readonly #tracker: ConversationTracker;
  readonly #toolCalls: ToolCalls;

  constructor(tracker: ConversationTracker, toolCalls: ToolCalls) {
    this.#tracker = tracker;
    this.#toolCalls = toolCalls;
  }

  /**
   * A function of the program stands below the conversation's span, which stays open for it.
   *
   * @param isLoop it is a loop of the SDK, which stands in the trace of its calls
   */
  placeFunction(caller: Context, startTime: number, isLoop: boolean): FunctionPlace | undefined {
    const id = conversationIn(caller);
    if (id === undefined) return undefined;
    const context = isLoop ? contextInConversation(caller, this.#tracker, 'conversation', id, '') : caller;
    const segment = this.#enter({ id, context, endpoint: undefined, startTime });
    return {
      parent: parentIn(segment, context),
      startTime: startIn(segment, { startTime }),
      ended: (endTime) => segment?.requestEnded(endTime),
    };
  }

  #enter(use: Omit<Use, 'kind'>): Segment | undefined {
    const segment = enterConversation(this.#tracker, use);
    segment?.requestStarted();
    return segment;
  }

  /** Every call has its own span. */
  place(call: Call, { body, route }: ApiRequest, endpoint: Endpoint): Placement {
    const id = conversationIn(call.context) ?? '';
    const { origin } = endpoint;
    call.context = contextInConversation(call.context, this.#tracker, 'conversation', id, origin);
    const { context, startTime } = call;
    const operation = operationOf(route);
    const isAnswer = ANSWERS.has(operation.traits?.inference);
    const apiType = operation === chat ? OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS : undefined;
    const segment = this.#enter({ id, context, endpoint, apiType, startTime });
    const above = parentIn(segment, context);
    const start = { call, body, origin, conversationId: id, above };
    const loop = new LoopCall(this.#tracker.telemetry, this.#toolCalls, start);
    const userMessages = countNewUserMessages(body);
    return {
      parent: loop.parent,
      startTime: startIn(segment, call),
      attributes: conversationAttributes(id),
      onFact: (_, __, record, answer) => loop.completed(answer, call.now(), record),
      onEnd: (ended, result, record) => {
        loop.settled(ended, record);
        segment?.requestEnded(ended.endTime);
        return () => {
          spendIn(this.#tracker, id, origin, record.spent, startTime);
          if (isAnswer) this.#answered({ id, origin, userMessages, startTime }, result);
          loop.ended(result, ended.endTime);
        };
      },
    };
  }

  #answered({ id, origin, userMessages, startTime }: Answered, result: unknown): void {
    // A rejected request is repeated; an abandoned stream is not.
    if (stringField(result, 'id') === undefined && arrayField(result, 'choices').length === 0) return;
    const conversation = this.#tracker.conversation('conversation', id, origin);
    conversation.startedRun(startTime);
    conversation.countUserMessages(userMessages);
  }
}

/** Chat completions that belong to no conversation, with the functions that they ask the program for. */
export class Completions implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #toolCalls: ToolCalls;

  constructor(telemetry: Telemetry, toolCalls: ToolCalls) {
    this.#telemetry = telemetry;
    this.#toolCalls = toolCalls;
  }

  place(call: Call, { body }: ApiRequest, { origin }: Endpoint): Placement {
    // What others wait for must not decide which calls are recorded.
    const hasTools = field(body, 'tools') !== undefined;
    const start = { call, body, origin, conversationId: undefined, above: call.context };
    const loop = new LoopCall(this.#telemetry, this.#toolCalls, start);
    return {
      parent: loop.parent,
      onFact: hasTools ? (_, __, record, answer) => loop.completed(answer, call.now(), record) : undefined,
      onEnd: (ended, result, record) => {
        loop.settled(ended, record);
        return () => loop.ended(hasTools ? result : undefined, ended.endTime);
      },
    };
  }
}
