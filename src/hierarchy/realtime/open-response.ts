import type { Attributes, Context } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { asResponse, realtimeResponse } from '../../operations/realtime-response.ts';
import { readResponseInput } from '../../operations/response/messages.ts';
import { Call } from '../../sdk/call.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import {
  ATTR_OPENAI_REALTIME_OUTPUT_AUDIO_DURATION,
  ATTR_OPENAI_REALTIME_TIME_TO_FIRST_AUDIO,
  ATTR_OPENAI_REALTIME_TIME_TO_FIRST_TEXT,
} from '../../semconv/attributes.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import type { Operation } from '../../telemetry/operation.ts';
import type { Place } from '../../telemetry/place.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { CallSpan } from '../../telemetry/spans/call-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, asObject, countField, field, textField } from '../../util/payload.ts';
import { ItemTimes } from '../item-times.ts';
import type { SessionPlace } from './session.ts';

/** Audio is counted and not kept. */
const AUDIO_DELTA = Object.freeze({ type: 'response.output_audio.delta' });
/** Pieces of an answer's text, in both versions of the API, and of what is said. */
const TEXT_DELTAS: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.text.delta',
  'response.output_audio_transcript.delta',
  'response.audio_transcript.delta',
]);

export interface ResponseStart {
  readonly body: object;
  readonly parent: Context;
  readonly startTime: number | undefined;
  readonly model: string | undefined;
  readonly place: Place;
  readonly isOutOfBand: boolean;
  /** Called after its span has ended. */
  readonly ended: (result: unknown, endTime: number, spent: Spent) => void;
}

/** A response of a session that was asked for, or that the server has begun, and has not ended. */
export class OpenResponse {
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

  constructor(telemetry: Telemetry, session: SessionPlace, start: ResponseStart) {
    const { body, parent, startTime, model, place, isOutOfBand, ended } = start;
    this.#telemetry = telemetry;
    this.#model = model;
    this.parent = parent;
    this.eventId = textField(body, 'event_id');
    this.isOutOfBand = isOutOfBand;
    this.#input = arrayField(body, 'input');
    const request: ApiRequest = {
      ...matchRoute('POST', '/realtime'),
      method: 'POST',
      body: { ...withDefaults(field(body, 'response'), { model, ...session.defaults }), ...inputOf(body) },
      streamed: true,
      deployment: session.endpoint.deployment,
    };
    const begin = (call: Call): CallSpan =>
      new CallSpan(telemetry, call, {
        operation: hearing(() => (this.heard.length === 0 ? undefined : [...this.heard, ...this.#input])),
        request,
        endpoint: session.endpoint,
        place: {
          parent,
          attributes: placeAttributes(place),
          finishing: (span) => span.setAttributes(this.#times(session)),
          ended,
        },
      });
    const clock = session.clock.current;
    this.call = new Call(session.client, { start: begin }, parent, { startTime, clock });
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

  #times({ outputRate }: SessionPlace): Attributes {
    const { startTime } = this.call;
    const attributes: Attributes = {};
    if (this.#bytes > 0) attributes[ATTR_OPENAI_REALTIME_OUTPUT_AUDIO_DURATION] = this.#bytes / outputRate;
    if (this.#firstAudio !== undefined)
      attributes[ATTR_OPENAI_REALTIME_TIME_TO_FIRST_AUDIO] = (this.#firstAudio - startTime) / 1e3;
    if (this.#firstText !== undefined)
      attributes[ATTR_OPENAI_REALTIME_TIME_TO_FIRST_TEXT] = (this.#firstText - startTime) / 1e3;
    return attributes;
  }
}

/** @param heard the whole input, if more of it was told after the start */
function hearing(heard: () => readonly unknown[] | undefined): Operation {
  const lateInput = (): Message[] | undefined => {
    const input = heard();
    return input && readResponseInput(input);
  };
  return { ...realtimeResponse, content: { ...realtimeResponse.content, lateInput } };
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
