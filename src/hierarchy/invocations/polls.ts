import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { stringField } from '../../util/payload.ts';
import {
  type ConversationApi,
  conversationAttributes,
  enterWithCall,
  type Placement,
  parentIn,
  startIn,
} from '../api.ts';
import { activeSpan } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { OperationClock } from '../operation-clock.ts';
import type { Shelf } from '../store.ts';
import type { ConversationTracker } from '../tracker.ts';
import {
  type ContinuationTraits,
  ContinuedCall,
  type ContinuedStart,
  requestAbout,
} from './continued-call.ts';

/** The statuses of objects that the SDK goes on polling. Files have their own: `uploaded`, and on Azure others. */
const UNDER_WAY: ReadonlySet<string | undefined> = new Set([
  'in_progress',
  'queued',
  'uploaded',
  'pending',
  'running',
]);

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
 * last. Polls of a run are folded into the span of the run instead.
 */
export class Polls implements ConversationApi {
  readonly #tracker: ConversationTracker;
  /** The loops in progress. If there are too many, the least recently used one is closed. */
  readonly #open: Shelf<ContinuedCall>;

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
    this.#open = tracker.store.shelf({ evicted: (loop) => loop.close() });
  }

  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const { origin } = endpoint;
    const key = pollKey(call, request);
    const loop = this.#open.get(origin, key);
    if (loop?.isAborted) loop.close();
    else if (loop !== undefined) return requestAbout(loop, this.#tracker, call, request.route);
    const id = conversationIn(call.context);
    const segment = id === undefined ? undefined : enterWithCall(this.#tracker, call, { id, endpoint });
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

  #goesOn(key: string, call: Call, start: Omit<ContinuedStart, 'closed'>): boolean {
    const { origin } = start.endpoint;
    const isOver = call.outcome !== 'value' || POLL_LOOP.stateOf(start.result) === 'over';
    if (isOver || this.#open.get(origin, key) !== undefined) return false;
    const closed = (): void => this.#open.delete(origin, key);
    const loop = new ContinuedCall(POLL_LOOP, { ...start, signal: call.signal, closed }, this.#tracker);
    this.#open.set(origin, key, loop);
    this.#tracker.keep(loop);
    return true;
  }
}

/** Identifies a poll loop at a server by its trace and by what it polls. */
function pollKey({ context }: Call, { route, values }: ApiRequest): string {
  return [activeSpan(context)?.spanContext().traceId, route.template, ...values].join(' ');
}
