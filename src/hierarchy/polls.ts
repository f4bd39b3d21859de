import type { ApiRequest } from '../operations/index.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { Placement } from '../telemetry/placement.ts';
import { field } from '../util/payload.ts';
import { type ConversationApi, placeInNamed } from './conversation-api.ts';
import { activeSpan } from './conversations/conversation.ts';
import { type ContinuationTraits, ContinuedCall } from './invocations/continued-call.ts';
import { OperationClock } from './operation-clock.ts';
import type { Shelf } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

/** The statuses of objects that the SDK keeps polling. Files have their own: `uploaded`, and on Azure others. */
const IN_PROGRESS: readonly unknown[] = ['in_progress', 'queued', 'uploaded', 'pending', 'running'];

/** A loop without a poll for this long is over. */
const POLL_TIMEOUT_MS = 60_000;

const POLL_LOOP: ContinuationTraits = {
  timeout: POLL_TIMEOUT_MS,
  stateOf: (result) => (IN_PROGRESS.includes(field(result, 'status')) ? 'open' : 'over'),
  endsWithoutResult: true,
  attributes: (requests) => ({ [ATTR.OPENAI_POLL_COUNT]: requests }),
};

/**
 * Folds the requests of the SDK's poll helpers, such as `vectorStores.files.poll`, into one span from the first to the
 * last. Polls of a run are folded into the span of the run instead.
 */
export class Polls implements ConversationApi {
  readonly #tracker: ConversationTracker;
  readonly #open: Shelf<ContinuedCall>;

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
    this.#open = tracker.store.shelf({ evicted: (loop) => loop.close() });
  }

  place(call: ReadonlyCall, request: ApiRequest, endpoint: Endpoint): Placement {
    const { origin } = endpoint;
    const key = pollKey(call, request);
    const loop = this.#open.get(origin, key);
    if (loop !== undefined) return loop.fold(call, request.route);
    const { segment, place } = placeInNamed(this.#tracker, call, endpoint);
    return {
      ...place,
      onEnd: (ended, result, record) => {
        const isOver = ended.outcome !== 'value' || POLL_LOOP.stateOf(result) === 'over';
        const continues = !isOver && this.#open.get(origin, key) === undefined;
        if (continues) {
          const closed = (): void => this.#open.delete(origin, key);
          const when = { startTime: ended.endTime, clock: new OperationClock(ended.ownClock) };
          const start = { id: undefined, endpoint, record, segment, closed, ...when };
          const continued = new ContinuedCall(POLL_LOOP, start, this.#tracker);
          continued.see(result, ended.endTime);
          this.#open.set(origin, key, continued);
          this.#tracker.keepInvocation(continued);
        }
        segment?.requestEnded(ended.endTime);
        return continues ? { kept: true } : undefined;
      },
    };
  }
}

function pollKey({ context }: ReadonlyCall, { route, values }: ApiRequest): string {
  return [activeSpan(context)?.spanContext().traceId, route.template, ...values].join(' ');
}
