import type { Context } from '@opentelemetry/api';
import { keepNewest } from '../../util/bounded-map.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import {
  field,
  fieldsOf,
  MAX_REPEATED,
  objectField,
  type PayloadObject,
  stringField,
} from '../../util/payload.ts';
import { Call, type CallObserver } from '../call.ts';
import type { SocketClose, SocketObservation } from './socket.ts';

/** A program may ask and never be answered; further responses are not recorded. */
const MAX_OPEN = 1_000;

/** Events of responses. Steering is acknowledged between them. */
const OF_RESPONSE = /^(error$|response\.(?!steer\.))/;
const END = /^(error|response\.(completed|failed|incomplete))$/;

/** A response that was asked for and has not ended. */
interface Pending {
  readonly lane: unknown;
  /** `undefined` if it is not recorded. */
  readonly call: Call | undefined;
  readonly previousId: string | undefined;
  id?: string | undefined;
  /** Kept by the SDK for the next connection. */
  waits: boolean | undefined;
}

/** What the program has steered a response with. */
interface Steering {
  /** That of `send()`. Where the answer arrives, that of the socket is active, which may be another user's. */
  readonly context: Context;
  /** Lists of items as JSON, which the program cannot change. The server gives back one that it refuses. */
  readonly inputs: string[];
}

/**
 * Responses over a WebSocket, each as the streamed call that it represents. The responses of one lane (`stream_id`; older
 * versions have one lane) come one after the other, in the order they were asked for, and their deltas name no response.
 */
export class ResponsesSocket implements SocketObservation {
  readonly #client: object;
  readonly #observer: CallObserver;
  /** Those of one lane in their order. */
  #pending: readonly Pending[] = [];
  /** By the response that the program has steered: the server may begin a successor without a request. */
  readonly #steered = new Map<unknown, Steering>();
  /** What was sent last, if it asks for a response. */
  #last: Pending | undefined;
  /** The last response that an error has ended: the API may still report it as failed. */
  #failedId: string | undefined;

  constructor(client: object, observer: CallObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  sent(event: PayloadObject | undefined, waits: boolean): void {
    this.#last = undefined;
    const type = field(event, 'type');
    if (type === 'response.create') {
      this.#last = this.#begin(field(event, 'stream_id'), event, activeContext(), waits);
    } else if (type === 'response.steer') {
      const id = stringField(event, 'previous_response_id');
      const inputs = [...(this.#steered.get(id)?.inputs ?? []), steeringInput(event)].slice(-MAX_REPEATED);
      if (id !== undefined) this.#steered.set(id, { context: activeContext(), inputs });
      keepNewest(this.#steered);
    }
  }

  reconnected(): void {
    // Without this, what has waited survives the next break, and has the answer to another request.
    for (const pending of this.#pending) pending.waits = false;
  }

  notSent(error: unknown): void {
    const failed = this.#last;
    this.#last = undefined;
    this.#remove(failed);
    failed?.call?.fail(error);
  }

  received(event: unknown): void {
    const { type, stream_id } = fieldsOf(event);
    const response = objectField(event, 'response');
    const id = stringField(response, 'id');
    // Without this, the next response of the lane ends with the failure of the one before.
    if (type === 'response.failed' && id !== undefined && id === this.#failedId) return;
    if (type === 'response.created') this.#beginSuccessor(stream_id, response);
    else if (type === 'response.steer.failed') this.#refused(field(event, 'steer'));
    const pending = this.#next(stream_id);
    if (pending === undefined || typeof type !== 'string' || !OF_RESPONSE.test(type)) return;
    const { call } = pending;
    pending.id ??= id;
    call?.chunk(event);
    if (!END.test(type)) return;
    this.#remove(pending);
    if (type === 'error') {
      this.#failedId = pending.id;
      call?.endStream('error', apiError(event));
    } else call?.endStream('completed');
  }

  connectionClosed(close: SocketClose, opened: boolean): void {
    if (!opened) return;
    // An event that waits is sent with the next connection.
    for (const pending of this.#pending) if (!pending.waits) this.#break(pending, close);
  }

  closed(close: SocketClose): void {
    for (const pending of this.#pending) this.#break(pending, close);
  }

  /** @param waits `undefined` for a successor, which comes before what waits in its lane */
  #begin(lane: unknown, body: unknown, caller: Context, waits?: boolean): Pending | undefined {
    if (this.#pending.length >= MAX_OPEN) return undefined;
    const call = isSuppressed(caller) ? undefined : new Call(this.#client, this.#observer, caller);
    const previousId = stringField(body, 'previous_response_id');
    const pending: Pending = { lane, call, previousId, waits };
    this.#pending = waits === undefined ? [pending, ...this.#pending] : [...this.#pending, pending];
    call?.begin({ method: 'post', path: '/responses', body, stream: true });
    return pending;
  }

  #refused(steer: unknown): void {
    const inputs = this.#steered.get(field(steer, 'previous_response_id'))?.inputs ?? [];
    const index = inputs.indexOf(steeringInput(steer));
    if (index >= 0) inputs.splice(index, 1);
  }

  /** The successor of a steered response begins without a request. */
  #beginSuccessor(lane: unknown, created: PayloadObject | undefined): void {
    const previous = stringField(created, 'previous_response_id');
    const steering = this.#steered.get(previous);
    if (steering === undefined) return;
    this.#steered.delete(previous);
    const input = steering.inputs.flatMap((each) => JSON.parse(each));
    if (this.#next(lane)?.previousId !== previous) this.#begin(lane, { ...created, input }, steering.context);
  }

  #break(pending: Pending, close: SocketClose): void {
    this.#remove(pending);
    if (close.byProgram) pending.call?.endStream('aborted');
    else pending.call?.endStream('error', close.error, close.isLate);
  }

  #next(lane: unknown): Pending | undefined {
    return this.#pending.find((each) => each.lane === lane);
  }

  #remove(pending: Pending | undefined): void {
    this.#pending = this.#pending.filter((each) => each !== pending);
  }
}

/** What a response is steered with, as a list of items. */
function steeringInput(steer: unknown): string {
  const input = field(steer, 'input');
  return JSON.stringify(typeof input === 'string' ? [{ role: 'user', content: input }] : (input ?? []));
}

/** The error of an event: its details, with the status and headers that a response would have had. */
function apiError(event: unknown): object {
  const { error, status, headers, code, message } = fieldsOf(event);
  return { code, message, ...fieldsOf(error), status, headers };
}
