import type { Attributes, Context } from '@opentelemetry/api';
import { defined } from '../../operations/attributes.ts';
import { asResponse, realtimeResponse } from '../../operations/realtime.ts';
import { readResponseInput } from '../../operations/response/content.ts';
import { Call, type ReadonlyCall } from '../../sdk/call.ts';
import type { Lose, SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION } from '../../semconv/events.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import type { Content } from '../../telemetry/content/content-writer.ts';
import { callerTraceOf } from '../../telemetry/metadata.ts';
import type { Operation } from '../../telemetry/operation.ts';
import { typeOfReported } from '../../telemetry/outcomes/failure.ts';
import { placeAttributes } from '../../telemetry/place-attributes.ts';
import { PlacedCall } from '../../telemetry/placed-call.ts';
import type { Following, OpenRecord } from '../../telemetry/placement.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import {
  asObject,
  field,
  fieldsOf,
  numberField,
  objectField,
  type PayloadObject,
  stringField,
  textField,
} from '../../util/payload.ts';
import { parentIn } from '../conversation-api.ts';
import { isOutOfBand } from '../dialects/realtime.ts';
import { readItemCalls } from '../dialects/responses.ts';
import { requestTo } from '../dialects/shared-readers.ts';
import { ItemTimes } from '../tool-calls/tool-calls.ts';
import type { RealtimeSession } from './realtime-session.ts';
import { type AddedInput, UserSpeech } from './user-speech.ts';

/** The limit for responses in progress: a server may begin responses and never end them. */
const MAX_OPEN_RESPONSES = 128;

const ALREADY_ACTIVE = 'conversation_already_has_active_response';
const FAILED_TO_ANSWER = 'server_error';

/** The requested responses are in order. Those that have begun are kept by id. */
export class SessionResponses {
  readonly session: RealtimeSession;
  readonly speech: UserSpeech;
  #requested: OpenResponse[] = [];
  readonly #begun = new Map<string, OpenResponse>();
  /** Response ids, by the ids of the newest items. Kept after the end, because playback continues. */
  readonly #responseOfItem = new Map<string, string>();
  /** The ids of the newest interrupted responses, to count each only once. */
  readonly #interrupted = new Set<string>();

  constructor(session: RealtimeSession) {
    this.session = session;
    this.speech = new UserSpeech(session);
  }

  requested(event: object, caller: Context): Lose | undefined {
    // This response answers the last speech. The next one that the server begins by itself does not answer it again.
    if (!isOutOfBand(event)) this.speech.takeEnd();
    const request = this.#begin(event, caller, undefined);
    if (request === undefined) return undefined;
    this.#requested.push(request);
    return (error) => {
      this.#remove(request);
      request.call.fail(error);
    };
  }

  /** The server does not say which request a response answers. It answers them in order. */
  created(reported: unknown): void {
    const id = stringField(reported, 'id');
    if (id === undefined || this.#begun.has(id) || !this.session.claims(id)) return;
    const response =
      this.#takeRequested(reported) ?? this.#begin({}, this.session.context, this.speech.takeEnd());
    if (response === undefined) return;
    response.id = id;
    this.#begun.set(id, response);
    response.see({ type: 'response.created', response: reported });
  }

  /** @param bytes of audio in the piece */
  piece(id: string | undefined, piece: object, bytes: number, isText: boolean): void {
    this.session.counts.spokenSeconds += bytes / this.session.facts.outputRate;
    this.#begun.get(id ?? '')?.piece(piece, bytes, isText);
  }

  item(event: unknown): void {
    const { time } = this.session;
    const responseId = stringField(event, 'response_id');
    this.#belongs(field(event, 'item'), responseId);
    const response = this.#begun.get(responseId ?? '');
    if (response === undefined) return;
    response.itemTimes.add(event, time);
    response.see(event);
    // The program may run a function, and answer, before the response is done.
    if (field(event, 'type') === 'response.output_item.done')
      response.requestTools({ output: [field(event, 'item')] }, time, true);
  }

  /** If the server has cancelled the response because the user spoke, it counts as interrupted. */
  done(event: unknown): void {
    const reported = field(event, 'response');
    const id = stringField(reported, 'id');
    const response = this.#begun.get(id ?? '');
    if (id === undefined || response === undefined) return;
    this.#begun.delete(id);
    response.see(event);
    response.call.apply('completed');
    const reason = field(objectField(reported, 'status_details'), 'reason');
    const isCancelled = field(reported, 'status') === 'cancelled' && reason === 'turn_detected';
    const attributes = { [ATTR.GEN_AI_RESPONSE_ID]: id };
    if (isCancelled && this.#isNewlyInterrupted(id))
      this.session.record?.addEvent(EVENT_OPENAI_REALTIME_INTERRUPTION, attributes, response.call.endTime);
  }

  /**
   * The program says how much of an item was heard before an interruption. Audio arrives faster than it is played, so
   * this may come after the end of the response, or after the server has reported the same interruption.
   */
  truncated(event: object): void {
    const itemId = stringField(event, 'item_id');
    const responseId = this.#responseOfItem.get(itemId ?? '');
    const heard = numberField(event, 'audio_end_ms');
    if (responseId === undefined) this.session.counts.interruptions++;
    else this.#isNewlyInterrupted(responseId);
    const attributes = defined({
      [ATTR.GEN_AI_RESPONSE_ID]: responseId,
      [ATTR.OPENAI_ITEM_ID]: itemId,
      [ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION]: heard && heard / 1e3,
    });
    this.session.record?.addEvent(EVENT_OPENAI_REALTIME_INTERRUPTION, attributes, this.session.time);
  }

  #belongs(item: unknown, responseId: string | undefined): void {
    const id = stringField(item, 'id');
    if (id === undefined || responseId === undefined) return;
    this.#responseOfItem.set(id, responseId);
    keepNewest(this.#responseOfItem);
  }

  #isNewlyInterrupted(responseId: string): boolean {
    if (this.#interrupted.has(responseId)) return false;
    this.#interrupted.add(responseId);
    keepNewest(this.#interrupted);
    this.session.counts.interruptions++;
    return true;
  }

  /** Fails the request that the error is about. */
  failed(error: unknown): void {
    const details = fieldsOf(error);
    const request = this.#rejected(details);
    if (request === undefined) return;
    this.#remove(request);
    const code = typeOfReported(error, ERROR_TYPE_VALUE_OTHER);
    request.call.apply('error', { ...details, code });
  }

  limits(headers: Readonly<Record<string, string>>): void {
    for (const { call } of this.#begun.values()) call.learnHeaders(headers);
  }

  /**
   * Ends the responses in progress, because the connection has ended.
   *
   * @returns the end time of the last of them; 0 if there are none
   */
  end(close: SocketClose | undefined): number {
    let last = 0;
    for (const { call } of [...this.#requested.splice(0), ...this.#begun.values()]) {
      if (close === undefined) call.apply('interrupted');
      else if (close.byProgram) call.apply('aborted');
      else call.apply('error', close.error);
      last = Math.max(last, call.endTime);
    }
    this.#begun.clear();
    return last;
  }

  /** Removes and returns the answered request. A response in the conversation answers none outside it. */
  #takeRequested(response: unknown): OpenResponse | undefined {
    const conversation = field(response, 'conversation_id');
    const outside = conversation === null ? this.#requested.find((each) => each.isOutOfBand) : undefined;
    const answered = typeof conversation === 'string' ? this.#waiting : (outside ?? this.#requested[0]);
    this.#remove(answered);
    return answered;
  }

  get #waiting(): OpenResponse | undefined {
    return this.#requested.find((each) => !each.isOutOfBand);
  }

  #remove(request: OpenResponse | undefined): void {
    this.#requested = this.#requested.filter((each) => each !== request);
  }

  /**
   * The request that an error is about. Few programs give ids to events, but the error's code, type or
   * parameter may identify the request.
   */
  #rejected({ event_id, type, code, param }: PayloadObject): OpenResponse | undefined {
    if (event_id) return this.#requested.find(({ eventId }) => eventId === event_id);
    if (code === ALREADY_ACTIVE) return this.#requested.at(-1);
    if (type === FAILED_TO_ANSWER && !param) return this.#waiting;
    const isOfResponse = typeof param === 'string' && /^response(?:[.[]|$)/.test(param);
    return isOfResponse ? this.#requested.find(({ eventId }) => eventId === undefined) : undefined;
  }

  #begin(event: object, caller: Context, startTime: number | undefined): OpenResponse | undefined {
    if (this.#requested.length + this.#begun.size >= MAX_OPEN_RESPONSES) return undefined;
    const hasInput = (field(field(event, 'response'), 'input') ?? undefined) !== undefined;
    const said = hasInput ? [] : this.speech.said(!isOutOfBand(event));
    return new OpenResponse(this.session, event, said, caller, startTime);
  }
}

class OpenResponse {
  readonly call: Call;
  readonly eventId: string | undefined;
  readonly isOutOfBand: boolean;
  readonly itemTimes: ItemTimes = new ItemTimes();
  id: string | undefined;
  readonly #session: RealtimeSession;
  readonly #parent: Context;
  readonly #model: string | undefined;
  #bytes = 0;
  #firstAudio: number | undefined;
  #firstText: number | undefined;

  constructor(
    session: RealtimeSession,
    event: object,
    said: readonly AddedInput[],
    caller: Context,
    startTime: number | undefined,
  ) {
    const { telemetry, start, endpoint, model, place } = session;
    this.#session = session;
    this.#model = model;
    this.eventId = textField(event, 'event_id');
    this.isOutOfBand = isOutOfBand(event);
    const parent = parentIn(session, caller);
    this.#parent = parent;
    const input = said.map(({ item }) => item);
    const body = withDefaults(field(event, 'response'), { model, ...session.defaults.current, input });
    const request = requestTo('/realtime', body, { streamed: true, deployment: endpoint.deployment });
    const operation = input.includes(undefined) ? answeringLate(said) : realtimeResponse;
    const onEnd = (call: ReadonlyCall, result: unknown, record: OpenRecord): Following => {
      // The program may send its request before the server reports the session.
      record.add({ attributes: { ...placeAttributes(session.place), ...this.#times() } });
      const after = (): void => {
        session.conversation.count({ runs: this.id === undefined ? 0 : 1, spent: record.spent });
        this.requestTools(result, call.endTime);
      };
      return { after };
    };
    const begin = (call: ReadonlyCall): PlacedCall =>
      new PlacedCall(telemetry, {
        operation,
        request,
        endpoint,
        startTime: call.startTime,
        place: { parent, attributes: placeAttributes(place), onEnd },
      });
    const times = { startTime, clock: session.clock.current };
    this.call = new Call(start.socket.client, { start: begin }, parent, times);
    this.call.begin({ method: 'post', path: '/realtime', stream: true });
  }

  piece(piece: object, bytes: number, isText: boolean): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#firstAudio ??= this.call.now();
    if (isText) this.#firstText ??= this.call.now();
    this.call.chunk(piece);
  }

  see(event: unknown): void {
    const response = field(event, 'response');
    const seen =
      response === undefined
        ? event
        : { type: field(event, 'type'), response: asResponse(response, this.#model) };
    this.call.hiddenChunk(seen);
  }

  /** @param isEarly whether the response continues. Hosted tools are then recorded later */
  requestTools(result: unknown, endTime: number, isEarly = false): void {
    const { content, endpoint, start, place } = this.#session;
    const calls = readItemCalls(result, { content }).filter(({ asksProgram }) => asksProgram || !isEarly);
    if (calls.length === 0) return;
    // The program sends a result without the call, so the arguments need not be hashed.
    const requested = calls.map((call) => ({ ...call, fingerprint: () => undefined }));
    const response = {
      endpoint,
      responseId: this.id,
      times: this.itemTimes,
      parent: callerTraceOf(this.#parent),
      place,
      vectorStoreIds: [],
      startTime: this.call.startTime,
      endTime,
    };
    start.tracker.toolCalls.requested(requested, response);
  }

  #times(): Attributes {
    const { startTime } = this.call;
    const { outputRate } = this.#session.facts;
    const since = (time: number | undefined): number | undefined => time && (time - startTime) / 1e3;
    return defined({
      [ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION]: this.#bytes > 0 ? this.#bytes / outputRate : undefined,
      [ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO]: since(this.#firstAudio),
      [ATTR.OPENAI_REALTIME_TIME_TO_FIRST_TEXT]: since(this.#firstText),
    });
  }
}

/** If a transcript is missing when a response begins, what the response answers is read again when it ends. */
function answeringLate(said: readonly AddedInput[]): Operation {
  const { content } = realtimeResponse;
  const output = (result: unknown): Content => ({
    ...content?.output?.(result),
    inputMessages: readResponseInput(said.map(({ item }) => item)),
  });
  return { ...realtimeResponse, content: { ...content, output } };
}

function withDefaults(response: unknown, defaults: object): object {
  const asked: Record<string, unknown> = { ...asObject(response) };
  for (const [name, value] of Object.entries(defaults)) asked[name] ??= value;
  return asked;
}
