import { type Context, trace } from '@opentelemetry/api';
import { type ApiRequest, chat, operationOf } from '../../operations/index.ts';
import { fingerprintOf } from '../../operations/tool-call-fingerprint.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { ToolRun } from '../../sdk/tool-run.ts';
import { ATTR_GEN_AI_CONVERSATION_ID, ATTR_GEN_AI_TOOL_CALL_ID } from '../../semconv/attributes.ts';
import { OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS } from '../../semconv/values.ts';
import type { Usage } from '../../telemetry/cost/usage.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { FunctionPlace } from '../../telemetry/spans/function-span.ts';
import type { AskedCall } from '../../telemetry/spans/program-tool-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, stringField } from '../../util/payload.ts';
import { type ConversationApi, type Placement, parentIn } from '../api.ts';
import { conversationIn } from '../conversation-context.ts';
import type { Use } from '../conversation-use.ts';
import { spentBy } from '../cost-and-usage.ts';
import { ItemTimes } from '../responses/items.ts';
import { type AskingResponse, type PendingCall, ResponseToolCalls } from '../responses/tool-calls.ts';
import { activeSpan, type Segment } from '../segment.ts';
import type { ConversationTracker } from '../tracker.ts';
import { countNewUserMessages, readAskedCalls, readToolMessages } from './messages.ts';

/** The calls that count as runs. */
const ANSWERS: ReadonlySet<string | undefined> = new Set(['chat', 'text_completion']);

/** Conversations that the program names by `withConversation`: calls and functions that belong to no other. */
export class Histories implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #toolCalls: ResponseToolCalls;

  constructor(telemetry: Telemetry, conversations: ConversationTracker) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#toolCalls = new ResponseToolCalls(telemetry, conversations);
  }

  /** The tool call that a function of the program is about to answer. */
  running(tool: ToolRun, origin: string, context: Context): AskedCall | undefined {
    const id = conversationIn(context);
    const pending = id === undefined ? undefined : this.#taken(tool, origin, id);
    return (
      pending && {
        attributes: { [ATTR_GEN_AI_CONVERSATION_ID]: id, [ATTR_GEN_AI_TOOL_CALL_ID]: pending.asked.call.id },
        parent: pending.response.parent?.span,
      }
    );
  }

  #taken(tool: ToolRun, origin: string, conversationId: string): PendingCall | undefined {
    if (!this.#toolCalls.areAwaited) return undefined;
    return this.#toolCalls.taken(
      tool.calls().map((call) => ({
        origin,
        id: call.id,
        repeated: { name: tool.name, fingerprint: fingerprintOf(tool.name, call.arguments) },
        conversationId,
      })),
    );
  }

  /** A function of the program stands below the conversation's span, which stays open for it. */
  placeFunction(context: Context, startTime: number): FunctionPlace | undefined {
    const id = conversationIn(context);
    if (id === undefined) return undefined;
    const segment = this.#enter({ kind: 'conversation', id, context, endpoint: undefined, startTime });
    return { parent: parentIn(segment, context), ended: (endTime) => segment?.requestEnded(endTime) };
  }

  /** Opens the conversation's span where no span is active; below one, it goes on with that of the same trace. */
  #enter(use: Use): Segment | undefined {
    const { conversationSpans } = this.#telemetry.settings;
    const opens = activeSpan(use.context) === undefined || conversationSpans === 'always';
    const segment = opens ? this.#conversations.open(use) : this.#conversations.find(use);
    segment?.requestStarted();
    return segment;
  }

  /** Every call has its own span. */
  observe(call: Call, { body, route }: ApiRequest, endpoint: Endpoint): Placement {
    const { context, startTime, streamed } = call;
    const id = conversationIn(context) ?? '';
    const operation = operationOf(route);
    const isAnswer = ANSWERS.has(operation.traits?.inference);
    const apiType = operation === chat ? OPENAI_API_TYPE_VALUE_CHAT_COMPLETIONS : undefined;
    const segment = this.#enter({ kind: 'conversation', id, context, endpoint, apiType, startTime });
    const parent = parentIn(segment, context);
    const content = this.#telemetry.wantsContent;
    const { origin } = endpoint;
    if (this.#toolCalls.areAwaited) {
      const answering = {
        origin,
        previousResponseId: undefined,
        conversationId: id,
        time: startTime,
        parent,
      };
      this.#toolCalls.answered(readToolMessages(body), answering);
    }
    const userMessages = countNewUserMessages(body);
    const asking = { origin, parent: callerTraceOf(parent), startTime };
    return {
      parent,
      attributes: { [ATTR_GEN_AI_CONVERSATION_ID]: id },
      settled: (ended, _, span) => {
        asking.parent.span ??= trace.getSpanContext(span.context);
        segment?.requestEnded(ended.endTime);
      },
      ended: (result, endTime, cost) => {
        const usage = result === undefined ? undefined : operation.usage?.(result);
        this.#spent(id, origin, usage, cost);
        if (isAnswer) this.#answered(id, result, { ...asking, endTime }, { userMessages, content, streamed });
      },
    };
  }

  #spent(id: string, origin: string, usage: Usage | undefined, cost: number | undefined): void {
    if (usage === undefined && cost === undefined) return;
    const conversation = this.#conversations.conversation('conversation', id, origin);
    conversation.spent(spentBy(this.#telemetry, usage, cost));
  }

  #answered(
    id: string,
    result: unknown,
    asking: Pick<AskingResponse, 'origin' | 'parent' | 'startTime' | 'endTime'>,
    { userMessages, ...options }: { userMessages: number; content: boolean; streamed: boolean },
  ): void {
    // A rejected request is repeated; an abandoned stream is not.
    if (stringField(result, 'id') === undefined && arrayField(result, 'choices').length === 0) return;
    const conversation = this.#conversations.conversation('conversation', id, asking.origin);
    conversation.startedRun();
    conversation.askedWithRun(userMessages);
    this.#toolCalls.asked(
      readAskedCalls(result, options),
      {
        ...asking,
        responseId: undefined,
        place: { kind: 'conversation', conversationId: id },
        vectorStoreIds: [],
      },
      new ItemTimes(),
    );
  }
}
