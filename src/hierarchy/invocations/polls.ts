import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { stringField } from '../../util/payload.ts';
import {
  type ConversationApi,
  conversationAttributes,
  enterConversation,
  type Placement,
  parentIn,
  startIn,
} from '../api.ts';
import { activeSpan, type Segment } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { contextInConversation } from '../conversations/own-trace.ts';
import { OperationClock } from '../operation-clock.ts';
import type { ConversationTracker } from '../tracker.ts';
import {
  type ContinuationTraits,
  ContinuedCall,
  type ContinuedStart,
  requestAbout,
} from './continued-call.ts';

/** Of what the SDK polls; files of OpenAI and Azure have words of their own. */
const UNDER_WAY: ReadonlySet<string | undefined> = new Set([
  'in_progress',
  'queued',
  'uploaded',
  'pending',
  'running',
]);

/** The number of concurrent loops that are folded into one span each. Beyond it, each poll has its own span. */
const MAX_LOOPS = 1_000;

/** A poll loop without a poll for this long is over. */
const POLL_TIMEOUT_MS = 60_000;

const POLL_LOOP: ContinuationTraits = {
  timeout: POLL_TIMEOUT_MS,
  stateOf: (result) => (UNDER_WAY.has(stringField(result, 'status')) ? 'open' : 'over'),
  endsWithoutResult: true,
  attributes: (requests) => ({ [ATTR.OPENAI_POLL_COUNT]: requests }),
};

/**
 * Folds the requests of the SDK's poll helpers, such as `vectorStores.files.poll`, into one span from the first to the
 * last. Those of runs are folded into the run.
 */
export class Polls implements ConversationApi {
  readonly #tracker: ConversationTracker;
  readonly #open = new Map<string, ContinuedCall>();

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
  }

  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const key = pollKey(call, request, endpoint.origin);
    const loop = this.#open.get(key);
    if (loop?.isAborted) loop.close();
    else if (loop !== undefined) return requestAbout(loop, this.#tracker, call, request.route);
    const id = conversationIn(call.context);
    const segment = id === undefined ? undefined : this.#enter(id, call, endpoint);
    return {
      parent: parentIn(segment, call.context),
      startTime: startIn(segment, call),
      attributes: conversationAttributes(id),
      onEnd: (ended, result, record) => {
        const goesOn = this.#goesOn(key, ended, {
          id: undefined,
          endpoint,
          record,
          result,
          startTime: ended.endTime,
          clock: new OperationClock(ended.ownClock),
          segment,
        });
        segment?.requestEnded(ended.endTime);
        return goesOn ? 'kept' : undefined;
      },
    };
  }

  /** The part of the conversation that the program has named. */
  #enter(id: string, call: Call, endpoint: Endpoint): Segment | undefined {
    const tracker = this.#tracker;
    call.context = contextInConversation(call.context, tracker, 'conversation', id, endpoint.origin);
    const { context, startTime } = call;
    const segment = enterConversation(tracker, { id, context, endpoint, startTime });
    segment?.requestStarted();
    return segment;
  }

  #goesOn(key: string, call: Call, start: Omit<ContinuedStart, 'closed'>): boolean {
    const { size } = this.#open;
    const isOver = call.outcome !== 'value' || POLL_LOOP.stateOf(start.result) === 'over';
    if (isOver || this.#open.has(key) || size >= MAX_LOOPS) return false;
    const closed = (): void => void this.#open.delete(key);
    const loop = new ContinuedCall(POLL_LOOP, { ...start, signal: call.signal, closed }, this.#tracker);
    this.#open.set(key, loop);
    this.#tracker.keep(loop);
    return true;
  }
}

/** Identifies a poll loop: what is polled, where, and in which trace. */
function pollKey({ context }: Call, { route, values }: ApiRequest, origin: string): string {
  return [activeSpan(context)?.spanContext().traceId, origin, route.template, ...values].join(' ');
}
