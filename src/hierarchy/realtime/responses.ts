import type { Context } from '@opentelemetry/api';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { errorTypeOf } from '../../telemetry/error.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  arrayField,
  field,
  fieldsOf,
  numberField,
  type PayloadObject,
  stringField,
} from '../../util/payload.ts';
import { readItemCalls } from '../tool-calls/item-calls.ts';
import { OpenResponse } from './open-response.ts';
import type { RealtimeSession } from './session.ts';

/** A server may begin responses and end none. */
const MAX_OPEN_RESPONSES = 128;

/** What the API says where a response is asked for while another one is made. */
const ALREADY_ACTIVE = 'conversation_already_has_active_response';

/** An error that does not say what it is about, and the request that waited when it came. */
interface UnattributedError {
  readonly request: OpenResponse;
  readonly error: PayloadObject;
  readonly time: number;
}

/** The responses of a session: those asked for, in order, and those the server has begun, by id. */
export class SessionResponses {
  readonly #telemetry: Telemetry;
  readonly #session: RealtimeSession;
  #requested: OpenResponse[] = [];
  readonly #begun = new Map<string, OpenResponse>();
  #last: OpenResponse | undefined;
  #unattributed: UnattributedError | undefined;

  constructor(telemetry: Telemetry, session: RealtimeSession) {
    this.#telemetry = telemetry;
    this.#session = session;
  }

  /** The program asks for a response. */
  request(event: object, caller: Context): void {
    // The next response that the server begins by itself does not answer this speech again.
    if (!isOutOfBand(event)) {
      this.#session.takeEndOfSpeech();
      this.settleError();
    }
    this.#last = this.#begin(event, caller, undefined);
    if (this.#last !== undefined) this.#requested.push(this.#last);
  }

  notSent(error: unknown): void {
    const failed = this.#last;
    this.#last = undefined;
    if (failed === undefined || this.#requested.at(-1) !== failed) return;
    this.#requested.pop();
    failed.call.fail(error);
  }

  sentOther(): void {
    this.#last = undefined;
  }

  /** The answers do not say which request they answer; their order does. */
  created(event: unknown): void {
    const id = stringField(field(event, 'response'), 'id');
    if (id === undefined || this.#begun.has(id) || !this.#session.claims(id)) return;
    const response =
      this.#takeRequested(field(event, 'response')) ??
      this.#begin({}, this.#session.place.context, this.#session.takeEndOfSpeech());
    if (response === undefined) return;
    if (!response.isOutOfBand) this.#session.answering(response);
    response.id = id;
    this.#begun.set(id, response);
    response.see(event);
  }

  audio(event: unknown): void {
    this.#of(event)?.audio(field(event, 'delta'));
  }

  text(type: string, event: unknown): void {
    this.#of(event)?.text(type, event);
  }

  item(event: unknown, time: number): void {
    const response = this.#of(event);
    if (response === undefined) return;
    const id = stringField(field(event, 'item'), 'id');
    const isKnown = response.itemTimes.of(id)?.endTime !== undefined;
    response.itemTimes.add(event, time);
    response.see(event);
    // Without this, a function that is complete twice at one reading of the clock would have two calls.
    if (isKnown) return;
    // The program may run a function, and answer, before the response is done.
    this.#requestTools(response, { output: [field(event, 'item')] }, time, time);
  }

  /** The arguments of a function are complete. A program that runs it now may answer before its item is done. */
  called(event: unknown, time: number): void {
    const { item_id: id, ...call } = fieldsOf(event);
    const type = 'response.output_item.done';
    if (call.name) this.item({ ...call, type, item: { ...call, id, type: 'function_call' } }, time);
  }

  done(event: unknown): void {
    const id = stringField(field(event, 'response'), 'id');
    const response = this.#begun.get(id ?? '');
    if (id === undefined || response === undefined) return;
    this.#begun.delete(id);
    response.see(event);
    response.call.endStream('completed');
    this.#session.answered(field(event, 'response'), id, response.call.endTime);
  }

  /** The API rejects something that the program has sent. */
  failed(error: unknown): void {
    const details = fieldsOf(error);
    const failed = this.#rejected(details);
    const request = this.#waiting;
    if (failed !== undefined) this.#reject(failed, details);
    else if (request !== undefined && !details.event_id && !details.param)
      this.#unattributed = { request, error: details, time: request.call.now() };
  }

  /**
   * Called when the next response is due, or none any more. The API answers one request at a time: if the one before still
   * waits, the error that came meanwhile was about that.
   */
  settleError(): void {
    const unattributed = this.#unattributed;
    this.#unattributed = undefined;
    if (unattributed === undefined) return;
    const { request, error, time } = unattributed;
    if (!this.#requested.includes(request)) return;
    request.call.headersTime = time;
    this.#reject(request, error);
  }

  #reject(failed: OpenResponse, error: PayloadObject): void {
    this.#remove(failed);
    const code = errorTypeOf(error, ERROR_TYPE_VALUE_OTHER);
    failed.call.endStream('error', { ...error, code }, true);
  }

  limits(event: unknown): void {
    const headers: Record<string, string> = {};
    for (const limit of arrayField(event, 'rate_limits')) {
      const name = stringField(limit, 'name');
      if (name !== 'requests' && name !== 'tokens') continue;
      headers[`x-ratelimit-limit-${name}`] = String(numberField(limit, 'limit'));
      headers[`x-ratelimit-remaining-${name}`] = String(numberField(limit, 'remaining'));
      headers[`x-ratelimit-reset-${name}`] = `${numberField(limit, 'reset_seconds')}s`;
    }
    for (const { call } of this.#begun.values()) call.headers = headers;
  }

  /**
   * Ends what is open, because the connection is.
   *
   * @returns the end of the last one
   */
  end(close: SocketClose | undefined): number {
    this.settleError();
    let last = 0;
    for (const { call } of [...this.#requested.splice(0), ...this.#begun.values()]) {
      if (close === undefined) call.close('interrupted');
      else if (close.byProgram) call.endStream('aborted');
      else call.endStream('error', close.error, close.isLate);
      last = Math.max(last, call.endTime);
    }
    this.#begun.clear();
    return last;
  }

  /** The request that a response answers. One within the conversation answers no request for one outside of it. */
  #takeRequested(response: unknown): OpenResponse | undefined {
    const isWithin = stringField(response, 'conversation_id') !== undefined;
    const answered = isWithin ? this.#waiting : this.#requested[0];
    this.#remove(answered);
    return answered;
  }

  /** The oldest request for a response within the conversation. */
  get #waiting(): OpenResponse | undefined {
    return this.#requested.find((each) => !each.isOutOfBand);
  }

  #remove(request: OpenResponse | undefined): void {
    this.#requested = this.#requested.filter((each) => each !== request);
  }

  /** The request that an error is about. Few programs name their events, but the parameter may tell. */
  #rejected({ event_id, code, param }: PayloadObject): OpenResponse | undefined {
    if (event_id) return this.#requested.find(({ eventId }) => eventId === event_id);
    if (code === ALREADY_ACTIVE) return this.#requested.at(-1);
    const isOfResponse = typeof param === 'string' && /^response(?:[.[]|$)/.test(param);
    return isOfResponse ? this.#requested.find(({ eventId }) => eventId === undefined) : undefined;
  }

  #of(event: unknown): OpenResponse | undefined {
    const id = field(event, 'response_id');
    return typeof id === 'string' ? this.#begun.get(id) : undefined;
  }

  #begin(event: object, caller: Context, startTime: number | undefined): OpenResponse | undefined {
    if (this.#requested.length + this.#begun.size >= MAX_OPEN_RESPONSES) return undefined;
    const { place } = this.#session;
    const given = field(field(event, 'response'), 'input');
    const { wantsContent } = this.#telemetry;
    const input = given ?? (wantsContent ? place.said(!isOutOfBand(event)) : undefined);
    const parent = place.parentIn(caller);
    const response: OpenResponse = new OpenResponse(this.#telemetry, place, {
      body: { ...event, input },
      isOutOfBand: isOutOfBand(event),
      parent,
      startTime,
      model: place.model,
      place: place.of(),
      ended: (result, endTime, spent) => {
        this.#session.spent(spent);
        this.#requestTools(response, result, endTime);
      },
    });
    return response;
  }

  /** @param completed when the requested functions were complete; `undefined` for the rest, when the response is done */
  #requestTools(open: OpenResponse, result: unknown, endTime: number, completed?: number): void {
    const { id: responseId, parent, call, itemTimes } = open;
    const { place, toolCalls } = this.#session;
    const calls = readItemCalls(result, { content: this.#telemetry.wantsContent });
    const requested = calls.filter(
      ({ asksProgram, itemId }) => (asksProgram ? itemTimes.of(itemId)?.endTime : undefined) === completed,
    );
    if (requested.length === 0) return;
    const response = {
      origin: place.endpoint.origin,
      responseId,
      parent: callerTraceOf(parent),
      place: place.of(),
      vectorStoreIds: [],
      startTime: call.startTime,
      endTime,
    };
    toolCalls.requested(requested, response, itemTimes);
  }
}

/** Whether a response is asked for outside of the session's conversation, which goes on as if there were none. */
function isOutOfBand(event: object): boolean {
  return field(field(event, 'response'), 'conversation') === 'none';
}
