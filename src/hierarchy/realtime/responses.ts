import type { Attributes, Context } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import { asResponse, realtimeResponse } from '../../operations/realtime-response.ts';
import { readResponseInput } from '../../operations/response/content.ts';
import { Call } from '../../sdk/call.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import type { Content } from '../../telemetry/content/content-record.ts';
import type { Spent } from '../../telemetry/cost/usage.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { Operation } from '../../telemetry/operation.ts';
import { errorTypeOf } from '../../telemetry/outcomes/failure.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { PlacedCall } from '../../telemetry/placed-call.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  arrayField,
  asObject,
  countField,
  field,
  fieldsOf,
  numberField,
  type PayloadObject,
  stringField,
  textField,
} from '../../util/payload.ts';
import { readItemCalls } from '../dialects/responses.ts';
import { ItemTimes } from '../item-times.ts';
import type { SessionState } from './session-state.ts';
import type { SessionSpeech } from './speech.ts';

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
  readonly #state: SessionState;
  readonly #speech: SessionSpeech;
  #requested: OpenResponse[] = [];
  readonly #begun = new Map<string, OpenResponse>();
  #last: OpenResponse | undefined;
  #unattributed: UnattributedError | undefined;

  constructor(state: SessionState, speech: SessionSpeech) {
    this.#state = state;
    this.#speech = speech;
  }

  /** The program asks for a response. */
  request(event: object, caller: Context): void {
    // The next response that the server begins by itself does not answer this speech again.
    if (!isOutOfBand(event)) {
      this.#speech.takeEnd();
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
    if (id === undefined || this.#begun.has(id) || !this.#state.start.claims(id)) return;
    const response =
      this.#takeRequested(field(event, 'response')) ??
      this.#begin({}, this.#state.start.segment.context, this.#speech.takeEnd());
    if (response === undefined) return;
    if (!response.isOutOfBand) this.#speech.answering(response.heard);
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

  /** @returns when the response ended; `undefined` for one that is not open */
  done(event: unknown): number | undefined {
    const id = stringField(field(event, 'response'), 'id');
    const response = this.#begun.get(id ?? '');
    if (id === undefined || response === undefined) return undefined;
    this.#begun.delete(id);
    response.see(event);
    response.call.endStream('completed');
    return response.call.endTime;
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
    const state = this.#state;
    const { telemetry, segment } = state.start;
    const given = field(field(event, 'response'), 'input');
    const input = given ?? (telemetry.wantsContent ? state.said(!isOutOfBand(event)) : undefined);
    const response: OpenResponse = new OpenResponse(state, {
      body: { ...event, input },
      isOutOfBand: isOutOfBand(event),
      parent: segment.parentIn(caller),
      startTime,
      ended: (result, endTime, spent) => {
        state.conversation.startedRun();
        state.conversation.spent(spent);
        this.#requestTools(response, result, endTime);
      },
    });
    return response;
  }

  /** @param completed when the requested functions were complete; `undefined` for the rest, when the response is done */
  #requestTools(open: OpenResponse, result: unknown, endTime: number, completed?: number): void {
    const { id: responseId, parent, call, itemTimes } = open;
    const { telemetry, endpoint, toolCalls } = this.#state.start;
    const calls = readItemCalls(result, { content: telemetry.wantsContent });
    const requested = calls.filter(
      ({ asksProgram, itemId }) => (asksProgram ? itemTimes.of(itemId)?.endTime : undefined) === completed,
    );
    if (requested.length === 0) return;
    const response = {
      origin: endpoint.origin,
      responseId,
      parent: callerTraceOf(parent),
      place: this.#state.place,
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

/** Audio is counted and not kept. */
const AUDIO_DELTA = Object.freeze({ type: 'response.output_audio.delta' });
/** Pieces of an answer's text, in both versions of the API, and of what is said. */
const TEXT_DELTAS: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.text.delta',
  'response.output_audio_transcript.delta',
  'response.audio_transcript.delta',
]);

interface ResponseStart {
  readonly body: object;
  readonly parent: Context;
  readonly startTime: number | undefined;
  readonly isOutOfBand: boolean;
  /** Called after its span has ended. */
  readonly ended: (result: unknown, endTime: number, spent: Spent) => void;
}

/** A response of a session that was asked for, or that the server has begun, and has not ended. */
class OpenResponse {
  readonly parent: Context;
  readonly call: Call;
  /** Of the event that asked for it, as the program names it. */
  readonly eventId: string | undefined;
  readonly isOutOfBand: boolean;
  /** Transcripts of what it answers that came after its start. */
  readonly heard: object[] = [];
  readonly itemTimes: ItemTimes = new ItemTimes();
  id: string | undefined;
  readonly #telemetry: Telemetry;
  readonly #model: string | undefined;
  readonly #input: readonly unknown[];
  #bytes = 0;
  #firstAudio: number | undefined;
  #firstText: number | undefined;

  constructor(state: SessionState, { body, parent, startTime, isOutOfBand, ended }: ResponseStart) {
    const { telemetry, client, endpoint } = state.start;
    const { model } = state;
    this.#telemetry = telemetry;
    this.#model = model;
    this.parent = parent;
    this.eventId = textField(body, 'event_id');
    this.isOutOfBand = isOutOfBand;
    this.#input = arrayField(body, 'input');
    const request: ApiRequest = {
      ...matchRoute('POST', '/realtime'),
      method: 'POST',
      body: {
        ...withDefaults(field(body, 'response'), { model, ...state.defaults.current }),
        ...inputOf(body),
      },
      streamed: true,
      deployment: endpoint.deployment,
    };
    const begin = ({ startTime: begun }: Call): PlacedCall =>
      new PlacedCall(telemetry, {
        operation: hearing(() => (this.heard.length === 0 ? undefined : [...this.heard, ...this.#input])),
        request,
        endpoint,
        startTime: begun,
        place: {
          parent,
          attributes: placeAttributes(state.place),
          onEnd: (call, result, record) => {
            record.add({ attributes: this.#times(state.facts.outputRate) });
            return () => ended(result, call.endTime, record.spent);
          },
        },
      });
    const clock = state.clock.current;
    this.call = new Call(client, { start: begin }, parent, { startTime, clock });
    this.call.begin({ method: 'post', path: '/realtime', stream: true });
  }

  audio(delta: unknown): void {
    if (typeof delta === 'string') this.#bytes += delta.length * 0.75;
    this.#firstAudio ??= this.call.now();
    this.call.chunk(AUDIO_DELTA);
  }

  /** A piece of text, of what is said, or of the arguments of a function. */
  text(type: string, event: unknown): void {
    const isText = TEXT_DELTAS.has(type);
    if (isText) this.#firstText ??= this.call.now();
    const { wantsContent } = this.#telemetry;
    this.call.chunk(isText && wantsContent ? textDelta(event) : { type });
  }

  /** An event of its life: created, an item, done. */
  see(event: unknown): void {
    const response = field(event, 'response');
    const seen =
      response === undefined
        ? event
        : { type: field(event, 'type'), response: asResponse(response, this.#model) };
    this.call.hiddenChunk(seen);
  }

  #times(outputRate: number): Attributes {
    const { startTime } = this.call;
    const attributes: Attributes = {};
    if (this.#bytes > 0) attributes[ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION] = this.#bytes / outputRate;
    if (this.#firstAudio !== undefined)
      attributes[ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO] = (this.#firstAudio - startTime) / 1e3;
    if (this.#firstText !== undefined)
      attributes[ATTR.OPENAI_REALTIME_TIME_TO_FIRST_TEXT] = (this.#firstText - startTime) / 1e3;
    return attributes;
  }
}

/** @param heard the whole input, if more of it was told after the start */
function hearing(heard: () => readonly unknown[] | undefined): Operation {
  const { content } = realtimeResponse;
  const output = (result: unknown): Content => {
    const late = heard();
    const told = content?.output?.(result);
    return late === undefined ? { ...told } : { ...told, inputMessages: readResponseInput(late) };
  };
  return { ...realtimeResponse, content: { ...content, output } };
}

function withDefaults(response: unknown, defaults: object): object {
  const asked: Record<string, unknown> = { ...asObject(response) };
  for (const [name, value] of Object.entries(defaults)) asked[name] ??= value;
  return asked;
}

function inputOf(body: object): object {
  const input = field(body, 'input');
  return input === undefined ? {} : { input };
}

function textDelta(event: unknown): object {
  return {
    type: 'response.output_text.delta',
    output_index: countField(event, 'output_index'),
    content_index: countField(event, 'content_index'),
    delta: textField(event, 'delta'),
  };
}
