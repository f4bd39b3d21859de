import type { Attributes, Context } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import { asResponse, realtimeResponse } from '../../operations/realtime.ts';
import { readResponseInput } from '../../operations/response/content.ts';
import { Call } from '../../sdk/call.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import type { Content } from '../../telemetry/content/content-writer.ts';
import type { Spent } from '../../telemetry/cost/usage.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { Operation } from '../../telemetry/operation.ts';
import { errorTypeOf } from '../../telemetry/outcomes/failure.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import { PlacedCall } from '../../telemetry/placed-call.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { SpanClock } from '../../util/clock.ts';
import {
  arrayField,
  asObject,
  field,
  fieldsOf,
  type PayloadObject,
  stringField,
  textField,
} from '../../util/payload.ts';
import { isOutOfBand } from '../dialects/realtime.ts';
import { readItemCalls } from '../dialects/responses.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import { ItemTimes } from '../tool-calls/tool-facts.ts';

/** A server may begin responses and end none. */
const MAX_OPEN_RESPONSES = 128;

/** What the API says where a response is asked for while another one is made. */
const ALREADY_ACTIVE = 'conversation_already_has_active_response';
/** The type of the error if the API fails to make a response. */
const FAILED_TO_ANSWER = 'server_error';

/** What responses need of their session. */
interface ResponsesSession {
  readonly telemetry: Telemetry;
  readonly toolCalls: ToolCalls;
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  readonly model: string | undefined;
  /** What the session sets for its responses. */
  readonly defaults: object;
  /** Bytes of audio in a second of an answer. */
  readonly outputRate: number;
  readonly place: Place;
  readonly spanClock: SpanClock;
  readonly context: Context;
  /** What a response stands below that is asked for in this context. */
  parentIn(caller: Context): Context;
  /** Whether no other socket has this response. */
  claims(id: string): boolean;
  /** What was said and brought since the last response; `takes` if the next one does not answer it again. */
  said(takes: boolean): readonly unknown[];
  /** When the speech that the next response answers has ended. */
  takeSpeechEnd(): number | undefined;
  /** A response begins that answers what was said: it takes the transcripts that come later. */
  answering(heard: object[]): void;
  answered(spent: Spent): void;
}

/** The responses of a session: those asked for, in order, and those the server has begun, by id. */
export class SessionResponses {
  readonly #session: ResponsesSession;
  #requested: OpenResponse[] = [];
  readonly #begun = new Map<string, OpenResponse>();

  constructor(session: ResponsesSession) {
    this.#session = session;
  }

  /** The program asks for a response. */
  request(event: object, caller: Context): void {
    // The next response that the server begins by itself does not answer this speech again.
    if (!isOutOfBand(event)) this.#session.takeSpeechEnd();
    const request = this.#begin(event, caller, undefined);
    if (request !== undefined) this.#requested.push(request);
  }

  notSent(event: object, caller: Context, error: unknown): void {
    this.#begin(event, caller, undefined)?.call.fail(error);
  }

  /** The answers do not say which request they answer; their order does. */
  created(told: unknown): void {
    const session = this.#session;
    const id = stringField(told, 'id');
    if (id === undefined || this.#begun.has(id) || !session.claims(id)) return;
    const response = this.#takeRequested(told) ?? this.#begin({}, session.context, session.takeSpeechEnd());
    if (response === undefined) return;
    if (!response.isOutOfBand) session.answering(response.heard);
    response.id = id;
    this.#begun.set(id, response);
    response.see({ type: 'response.created', response: told });
  }

  audio(id: string | undefined, bytes: number): void {
    this.#begun.get(id ?? '')?.audio(bytes);
  }

  piece(id: string | undefined, piece: object, isText: boolean): void {
    this.#begun.get(id ?? '')?.piece(piece, isText);
  }

  item(event: unknown, time: number): void {
    const response = this.#begun.get(stringField(event, 'response_id') ?? '');
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
    const request = this.#rejected(details);
    if (request === undefined) return;
    this.#remove(request);
    const code = errorTypeOf(error, ERROR_TYPE_VALUE_OTHER);
    request.call.endStream('error', { ...details, code });
  }

  limits(headers: Readonly<Record<string, string>>): void {
    for (const { call } of this.#begun.values()) call.headers = headers;
  }

  /**
   * Ends what is open, because the connection is.
   *
   * @returns the end of the last one
   */
  end(close: SocketClose | undefined): number {
    let last = 0;
    for (const { call } of [...this.#requested.splice(0), ...this.#begun.values()]) {
      if (close === undefined) call.close('interrupted');
      else if (close.byProgram) call.endStream('aborted');
      else call.endStream('error', close.error);
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

  /** The request that an error is about. Few programs name their events, but the parameter or the type may tell. */
  #rejected({ event_id, type, code, param }: PayloadObject): OpenResponse | undefined {
    if (event_id) return this.#requested.find(({ eventId }) => eventId === event_id);
    if (code === ALREADY_ACTIVE) return this.#requested.at(-1);
    if (type === FAILED_TO_ANSWER && !param) return this.#waiting;
    const isOfResponse = typeof param === 'string' && /^response(?:[.[]|$)/.test(param);
    return isOfResponse ? this.#requested.find(({ eventId }) => eventId === undefined) : undefined;
  }

  #begin(event: object, caller: Context, startTime: number | undefined): OpenResponse | undefined {
    if (this.#requested.length + this.#begun.size >= MAX_OPEN_RESPONSES) return undefined;
    const session = this.#session;
    const given = field(field(event, 'response'), 'input');
    const input = given ?? (session.telemetry.wantsContent ? session.said(!isOutOfBand(event)) : undefined);
    const response: OpenResponse = new OpenResponse(session, { ...event, input }, session.parentIn(caller), {
      startTime,
      ended: (result, endTime, spent) => {
        session.answered(spent);
        this.#requestTools(response, result, endTime);
      },
    });
    return response;
  }

  /** @param completed when the requested functions were complete; `undefined` for the rest, when the response is done */
  #requestTools(open: OpenResponse, result: unknown, endTime: number, completed?: number): void {
    const { id: responseId, parent, call, itemTimes } = open;
    const { telemetry, endpoint, toolCalls, place } = this.#session;
    const calls = readItemCalls(result, { content: telemetry.wantsContent });
    const requested = calls.filter(
      ({ asksProgram, itemId }) => (asksProgram ? itemTimes.of(itemId)?.endTime : undefined) === completed,
    );
    if (requested.length === 0) return;
    const response = {
      origin: endpoint.origin,
      responseId,
      parent: callerTraceOf(parent),
      place,
      vectorStoreIds: [],
      startTime: call.startTime,
      endTime,
    };
    toolCalls.requested(requested, response, itemTimes);
  }
}

/** Audio is counted and not kept. */
const AUDIO_DELTA = Object.freeze({ type: 'response.output_audio.delta' });

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
  readonly #model: string | undefined;
  #bytes = 0;
  #firstAudio: number | undefined;
  #firstText: number | undefined;

  constructor(
    session: ResponsesSession,
    event: object,
    parent: Context,
    start: {
      readonly startTime: number | undefined;
      /** Called after its span has ended. */
      readonly ended: (result: unknown, endTime: number, spent: Spent) => void;
    },
  ) {
    const { telemetry, client, endpoint, model, defaults, place } = session;
    this.#model = model;
    this.parent = parent;
    this.eventId = textField(event, 'event_id');
    this.isOutOfBand = isOutOfBand(event);
    const input = field(event, 'input');
    const request: ApiRequest = {
      ...matchRoute('POST', '/realtime'),
      method: 'POST',
      body: {
        ...withDefaults(field(event, 'response'), { model, ...defaults }),
        ...(input === undefined ? {} : { input }),
      },
      streamed: true,
      deployment: endpoint.deployment,
    };
    const operation = hearing(this.heard, arrayField(event, 'input'));
    const begin = ({ startTime }: Call): PlacedCall =>
      new PlacedCall(telemetry, {
        operation,
        request,
        endpoint,
        startTime,
        place: {
          parent,
          attributes: placeAttributes(place),
          onEnd: (call, result, record) => {
            record.add({ attributes: this.#times(session.outputRate) });
            return () => start.ended(result, call.endTime, record.spent);
          },
        },
      });
    const { startTime } = start;
    this.call = new Call(client, { start: begin }, parent, { startTime, clock: session.spanClock });
    this.call.begin({ method: 'post', path: '/realtime', stream: true });
  }

  audio(bytes: number): void {
    this.#bytes += bytes;
    this.#firstAudio ??= this.call.now();
    this.call.chunk(AUDIO_DELTA);
  }

  /** A piece of text, of what is said, or of the arguments of a function. */
  piece(piece: object, isText: boolean): void {
    if (isText) this.#firstText ??= this.call.now();
    this.call.chunk(piece);
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

/** @param heard what was told after the start, which belongs before the input */
function hearing(heard: readonly unknown[], input: readonly unknown[]): Operation {
  const { content } = realtimeResponse;
  const output = (result: unknown): Content => {
    const told = content?.output?.(result);
    return heard.length === 0
      ? { ...told }
      : { ...told, inputMessages: readResponseInput([...heard, ...input]) };
  };
  return { ...realtimeResponse, content: { ...content, output } };
}

function withDefaults(response: unknown, defaults: object): object {
  const asked: Record<string, unknown> = { ...asObject(response) };
  for (const [name, value] of Object.entries(defaults)) asked[name] ??= value;
  return asked;
}
