import type { Context } from '@opentelemetry/api';
import { activeContext } from '../../util/active-context.ts';
import { keepNewest } from '../../util/keep-newest.ts';
import { field, fieldsOf, objectField, type PayloadObject, stringField } from '../../util/payload.ts';
import { Call, type CallObserver } from '../call.ts';
import { isSuppressed } from '../suppression.ts';
import type { SocketClose, SocketObservation } from './socket.ts';

/** A program may ask and never be answered; further responses are not recorded. */
const MAX_OPEN = 1_000;

const ENDS: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** A response that was asked for and has not ended. */
interface Pending {
  /** `undefined` if it is not recorded. */
  readonly call: Call | undefined;
  readonly previousId: string | undefined;
  /** Kept by the SDK for the next connection. */
  waits: boolean;
}

/** What the program has steered a response with. */
interface Steering {
  /** That of `send()`. Where the answer arrives, that of the socket is active, which may be another user's. */
  readonly context: Context;
  readonly input: unknown;
}

/**
 * Responses over a WebSocket, each as the streamed call that it stands for. The responses of one lane (`stream_id`; older
 * versions have one lane) come one after the other, in the order they were asked for, and their deltas name no response.
 */
export class ResponsesSocket implements SocketObservation {
  readonly #client: object;
  readonly #observer: CallObserver;
  readonly #lanes = new Map<unknown, Pending[]>();
  /** By the response that the program has steered: the server may begin a successor without a request. */
  readonly #steered = new Map<unknown, Steering>();
  #open = 0;
  /** What was sent last, if it asks for a response. */
  #last: Pending | undefined;

  constructor(client: object, observer: CallObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  sent(event: PayloadObject | undefined, waits: boolean): void {
    this.#last = undefined;
    const type = field(event, 'type');
    if (type === 'response.create') {
      this.#last = this.#begin(field(event, 'stream_id'), event, activeContext(), 'push');
      if (this.#last !== undefined) this.#last.waits = waits;
    } else if (type === 'response.steer') {
      const id = stringField(event, 'previous_response_id');
      if (id !== undefined) this.#steered.set(id, { context: activeContext(), input: field(event, 'input') });
      keepNewest(this.#steered);
    }
  }

  notSent(error: unknown): void {
    const failed = this.#last;
    this.#last = undefined;
    if (failed === undefined) return;
    this.#remove(failed);
    failed.call?.fail(error);
  }

  received(event: unknown): void {
    const { type, stream_id } = fieldsOf(event);
    if (type === 'response.created') this.#beginSuccessor(stream_id, event);
    const pending = this.#lanes.get(stream_id)?.[0];
    if (pending === undefined || typeof type !== 'string' || !isOfResponse(type)) return;
    const { call } = pending;
    call?.chunk(event);
    if (!ENDS.has(type)) return;
    this.#remove(pending);
    if (type === 'error') call?.endStream('error', apiError(event));
    else call?.endStream('completed');
  }

  connectionClosed(close: SocketClose, opened: boolean): void {
    if (!opened) return;
    for (const pending of this.#all()) {
      // An event that waits is sent with the next connection.
      if (!pending.waits) this.#break(pending, close);
      pending.waits = false;
    }
  }

  closed(close: SocketClose): void {
    for (const pending of this.#all()) this.#break(pending, close);
  }

  #begin(lane: unknown, body: unknown, caller: Context, place: 'push' | 'unshift'): Pending | undefined {
    if (this.#open >= MAX_OPEN) return undefined;
    const call = isSuppressed(caller) ? undefined : new Call(this.#client, this.#observer, caller);
    const pending: Pending = { call, previousId: stringField(body, 'previous_response_id'), waits: false };
    const lined = this.#lanes.get(lane);
    if (lined === undefined) this.#lanes.set(lane, [pending]);
    else lined[place](pending);
    this.#open++;
    call?.begin({ method: 'post', path: '/responses', body, stream: true });
    return pending;
  }

  /** The successor of a steered response begins without a request, and before what waits in its lane. */
  #beginSuccessor(lane: unknown, event: unknown): void {
    const created = objectField(event, 'response');
    const previous = stringField(created, 'previous_response_id');
    const steering = this.#steered.get(previous);
    if (steering === undefined) return;
    this.#steered.delete(previous);
    if (this.#lanes.get(lane)?.[0]?.previousId !== previous)
      this.#begin(lane, { ...created, input: steering.input }, steering.context, 'unshift');
  }

  #break(pending: Pending, close: SocketClose): void {
    this.#remove(pending);
    if (close.byProgram) pending.call?.endStream('aborted');
    else pending.call?.endStream('error', close.error, close.isLate);
  }

  #remove(pending: Pending): void {
    for (const [lane, waiting] of this.#lanes) {
      const index = waiting.indexOf(pending);
      if (index < 0) continue;
      waiting.splice(index, 1);
      this.#open--;
      if (waiting.length === 0) this.#lanes.delete(lane);
      return;
    }
  }

  #all(): Pending[] {
    return [...this.#lanes.values()].flat();
  }
}

/** Steering is acknowledged between the events of responses. */
function isOfResponse(type: string): boolean {
  return type === 'error' || (type.startsWith('response.') && !type.startsWith('response.steer.'));
}

/** The error of an event: its details, with the status and headers that a response would have had. */
function apiError(event: unknown): object {
  const { error, status, headers, code, message } = fieldsOf(event);
  return { code, message, ...fieldsOf(error), status, headers };
}
