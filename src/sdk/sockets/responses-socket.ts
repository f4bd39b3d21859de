import type { Context } from '@opentelemetry/api';
import { keepNewest } from '../../util/bounded-map.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { field, fieldsOf, objectField, type PayloadObject, stringField } from '../../util/payload.ts';
import { Call, type CallObserver } from '../call.ts';
import type { Lose, SocketClose, SocketObservation } from './socket.ts';

/** How many responses may be in progress, since a server may never answer. Further ones are not recorded. */
const MAX_OPEN = 1_000;

/** Matches events of responses, but not what the API says of `response.steer` and `.inject`, maybe after their end. */
const OF_RESPONSE = /^(error$|response\.(?!(?:steer|inject)\.))/;
const END = /^(error|response\.(completed|failed|incomplete))$/;

interface Pending {
  readonly lane: unknown;
  /** `undefined` if the response is not recorded. */
  readonly call: Call | undefined;
  readonly previousId: string | undefined;
  id?: string | undefined;
}

/**
 * Records each response over a WebSocket as a streamed call. Deltas do not name their response. In each lane,
 * which has one `stream_id`, responses come in the order of their requests. Older versions have only one
 * lane.
 */
export class ResponsesSocket implements SocketObservation {
  readonly #client: object;
  readonly #observer: CallObserver;
  /** The responses in progress. Those of one lane are in the order in which they come. */
  #pending: readonly Pending[] = [];
  /**
   * The contexts in which the program has steered responses, by response id. The server begins a successor
   * without a request, and the context of the socket may belong to another user.
   */
  readonly #steered = new Map<string, Context>();
  /** The last response that an `error` event has ended. The API may still report it as failed afterwards. */
  #failedId: string | undefined;

  constructor(client: object, observer: CallObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  sent(event: PayloadObject | undefined): Lose | undefined {
    const type = field(event, 'type');
    if (type === 'response.steer') {
      const id = stringField(event, 'previous_response_id');
      if (id !== undefined) this.#steered.set(id, activeContext());
      keepNewest(this.#steered);
    }
    if (type !== 'response.create') return undefined;
    const begun = this.#begin(field(event, 'stream_id'), event, activeContext());
    return (error) => {
      this.#remove(begun);
      begun?.call?.fail(error);
    };
  }

  received(event: unknown): void {
    const { type, stream_id } = fieldsOf(event);
    const response = objectField(event, 'response');
    const id = stringField(response, 'id');
    // Without this, the next response of the lane would end with the failure of the previous one.
    if (type === 'response.failed' && id !== undefined && id === this.#failedId) return;
    if (type === 'response.created') this.#beginSuccessor(stream_id, response);
    const pending = this.#next(stream_id);
    if (pending === undefined || typeof type !== 'string' || !OF_RESPONSE.test(type)) return;
    const { call } = pending;
    pending.id ??= id;
    call?.chunk(event);
    if (!END.test(type)) return;
    this.#remove(pending);
    if (type === 'error') {
      this.#failedId = pending.id;
      call?.apply('error', apiError(event));
    } else call?.apply('completed');
  }

  closed(close: SocketClose): void {
    for (const { call } of this.#pending)
      if (close.byProgram) call?.apply('aborted');
      else call?.apply('error', close.error);
    this.#pending = [];
  }

  /** @param isSuccessor whether the response succeeds a steered one, and so is the next one in its lane */
  #begin(lane: unknown, body: unknown, caller: Context, isSuccessor = false): Pending | undefined {
    if (this.#pending.length >= MAX_OPEN) return undefined;
    const call = isSuppressed(caller) ? undefined : new Call(this.#client, this.#observer, caller);
    const previousId = stringField(body, 'previous_response_id');
    const pending: Pending = { lane, call, previousId };
    this.#pending = isSuccessor ? [pending, ...this.#pending] : [...this.#pending, pending];
    call?.begin({ method: 'post', path: '/responses', body, stream: true });
    return pending;
  }

  #beginSuccessor(lane: unknown, created: PayloadObject | undefined): void {
    const previous = stringField(created, 'previous_response_id');
    const caller = this.#steered.get(previous ?? '');
    if (previous === undefined || caller === undefined) return;
    this.#steered.delete(previous);
    if (this.#next(lane)?.previousId !== previous) this.#begin(lane, created, caller, true);
  }

  #next(lane: unknown): Pending | undefined {
    return this.#pending.find((each) => each.lane === lane);
  }

  #remove(pending: Pending | undefined): void {
    this.#pending = this.#pending.filter((each) => each !== pending);
  }
}

/** The event has the status and headers of an HTTP response. */
function apiError(event: unknown): object {
  const { error, status, headers, code, message } = fieldsOf(event);
  return { code, message, ...fieldsOf(error), status, headers };
}
