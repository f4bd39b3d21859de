import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { field } from '../../util/payload.ts';
import type { ConversationApi, Placement } from '../api.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import { LoopCall } from './loop-call.ts';

/** Chat completions that belong to no conversation, with the functions that they ask the program for. */
export class Completions implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #toolCalls: ToolCalls;

  constructor(telemetry: Telemetry, toolCalls: ToolCalls) {
    this.#telemetry = telemetry;
    this.#toolCalls = toolCalls;
  }

  observe(call: Call, { body }: ApiRequest, { origin }: Endpoint): Placement {
    // What others wait for must not decide which calls are recorded.
    const hasTools = field(body, 'tools') !== undefined;
    const start = { call, body, origin, conversationId: undefined, above: call.context };
    const loop = new LoopCall(this.#telemetry, this.#toolCalls, start);
    return {
      parent: loop.parent,
      completed:
        hasTools && call.streamed ? (answer, span) => loop.completed(answer, call.now(), span) : undefined,
      settled: (ended, _, span) => {
        loop.settled(ended, span);
        return false;
      },
      ended: (result, endTime) => loop.ended(hasTools ? result : undefined, endTime),
    };
  }
}
