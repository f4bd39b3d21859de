import { type Context, trace } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import { fingerprintOf } from '../../operations/tool-call-fingerprint.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { ToolRun } from '../../sdk/tool-run.ts';
import { ATTR_GEN_AI_CONVERSATION_ID, ATTR_GEN_AI_TOOL_CALL_ID } from '../../semconv/attributes.ts';
import { readUsage } from '../../telemetry/cost/usage.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { AskedCall } from '../../telemetry/spans/program-tool-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, field, stringField } from '../../util/payload.ts';
import type { ConversationApi, Placement } from '../api.ts';
import { conversationIn } from '../conversation-context.ts';
import type { Use } from '../conversation-use.ts';
import { spentBy } from '../cost-and-usage.ts';
import { ItemTimes } from '../responses/items.ts';
import { type AskingResponse, type PendingCall, ResponseToolCalls } from '../responses/tool-calls.ts';
import { activeSpan } from '../segment.ts';
import type { ConversationTracker } from '../tracker.ts';
import { countNewUserMessages, readAskedCalls, readToolMessages } from './messages.ts';

/**
 * ConversationTracker whose history the program keeps itself, and sends with every chat completion: the program
 * says which calls belong together, by `withConversation`.
 */
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

  /** Every call has its own span. */
  observe(call: Call, { body }: ApiRequest, endpoint: Endpoint): Placement {
    const id = conversationIn(call.context) ?? '';
    const { conversationSpans } = this.#telemetry.settings;
    const use: Use = { kind: 'conversation', id, context: call.context, endpoint, startTime: call.startTime };
    const opens = activeSpan(call.context) === undefined || conversationSpans === 'always';
    const segment = opens ? this.#conversations.open(use) : undefined;
    segment?.requestStarted();
    const parent = segment?.contextIn(call.context) ?? call.context;
    const content = this.#telemetry.wantsContent;
    const { streamed } = call;
    const { origin } = endpoint;
    if (this.#toolCalls.areAwaited) {
      const answering = {
        origin,
        previousResponseId: undefined,
        conversationId: id,
        time: call.startTime,
        parent,
      };
      this.#toolCalls.answered(readToolMessages(body), answering);
    }
    const userMessages = countNewUserMessages(body);
    const asking = { origin, parent: callerTraceOf(parent), startTime: call.startTime };
    return {
      parent,
      attributes: { [ATTR_GEN_AI_CONVERSATION_ID]: id },
      settled: (ended, _, span) => {
        asking.parent.span ??= trace.getSpanContext(span.context);
        segment?.requestEnded(ended.endTime);
      },
      ended: (result, endTime, cost) =>
        this.#answered(id, result, { ...asking, endTime, cost }, { userMessages, content, streamed }),
    };
  }

  #answered(
    id: string,
    result: unknown,
    {
      cost,
      ...asking
    }: Pick<AskingResponse, 'origin' | 'parent' | 'startTime' | 'endTime'> & {
      cost: number | undefined;
    },
    { userMessages, ...options }: { userMessages: number; content: boolean; streamed: boolean },
  ): void {
    // A rejected request is repeated; an abandoned stream is not.
    if (stringField(result, 'id') === undefined && arrayField(result, 'choices').length === 0) return;
    const conversation = this.#conversations.conversation('conversation', id, asking.origin);
    conversation.startedRun();
    conversation.askedWithRun(userMessages);
    conversation.spent(spentBy(this.#telemetry, readUsage(field(result, 'usage')), cost));
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
