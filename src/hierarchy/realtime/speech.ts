import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { realtimeTranscription } from '../../operations/realtime-transcription.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_SPEECH } from '../../semconv/events.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { MAX_REPEATED, numberField, stringField, textField } from '../../util/payload.ts';
import type { SessionState } from './session-state.ts';

/** A piece of speech, as far as it is known. */
interface Speech {
  readonly itemId: string | undefined;
  readonly startTime: number | undefined;
  readonly seconds: number | undefined;
}

/** What the user of a session says: when, and what it is transcribed to. */
export class SessionSpeech {
  /** When the program began to send what the server has not taken yet. */
  sendingSince: number | undefined;
  readonly #state: SessionState;
  #end: number | undefined;
  #startMs: number | undefined;
  #startTime: number | undefined;
  /** Seconds of audio sent before that. */
  #sentBefore = 0;
  /** When the program has said that the user has finished: the server does not listen for it. */
  #committing: number | undefined;
  /** When the speech of an item ended, until its transcript comes. */
  readonly #spoken = new Map<string, number>();
  readonly #answers = new SpeechAnswers();

  constructor(state: SessionState) {
    this.#state = state;
  }

  started(event: unknown, time: number): void {
    this.#startMs = numberField(event, 'audio_start_ms');
    this.#startTime = time;
  }

  stopped(event: unknown, time: number): void {
    const itemId = stringField(event, 'item_id');
    const [start, end] = [this.#startMs, numberField(event, 'audio_end_ms')];
    const isTold = start !== undefined && end !== undefined && end >= start;
    const seconds = isTold ? (end - start) / 1e3 : undefined;
    this.#ended({ itemId, startTime: this.#startTime, seconds }, time);
    this.#startMs = this.#startTime = undefined;
    this.#end = time;
  }

  /** The program says that the user has finished. */
  committing(): void {
    this.#committing = this.#state.clock.now();
  }

  /** The server takes what was sent as an item. */
  committed(event: unknown, time: number): void {
    const itemId = stringField(event, 'item_id');
    const seconds = this.#state.start.segment.counts.heardSeconds - this.#sentBefore;
    if (this.#committing !== undefined && itemId !== undefined && !this.#spoken.has(itemId))
      this.#ended({ itemId, startTime: this.sendingSince, seconds }, this.#committing);
    else this.#remember(itemId, time);
    this.#committing = undefined;
    this.#answers.committed(itemId);
    this.cleared();
  }

  /** A response begins that answers what was said. */
  answering(heard: object[]): void {
    this.#answers.begun(heard);
  }

  /** What was sent and not taken is gone. */
  cleared(): void {
    this.sendingSince = undefined;
    this.#sentBefore = this.#state.start.segment.counts.heardSeconds;
  }

  #ended({ itemId, startTime, seconds }: Speech, time: number): void {
    this.#state.conversation.countUserMessages(1);
    const attributes: Attributes = {};
    define(attributes, ATTR.OPENAI_ITEM_ID, itemId);
    define(attributes, ATTR.OPENAI_AUDIO_DURATION, seconds);
    // Times before and after the clock was set can overlap by less than a millisecond.
    if (startTime !== undefined)
      attributes[ATTR.OPENAI_REALTIME_SPEECH_TIME] = Math.max(time - startTime, 0) / 1e3;
    this.#state.start.segment.addEvent(EVENT_OPENAI_REALTIME_SPEECH, attributes, time);
    this.#remember(itemId, time);
  }

  #remember(itemId: string | undefined, time: number): void {
    if (itemId === undefined || this.#spoken.has(itemId)) return;
    this.#spoken.set(itemId, time);
    keepNewest(this.#spoken);
  }

  transcribed(event: unknown, time: number): void {
    const { telemetry, claims } = this.#state.start;
    const itemId = stringField(event, 'item_id');
    const startTime = this.#spoken.get(itemId ?? '') ?? time;
    this.#spoken.delete(itemId ?? '');
    const transcript = textField(event, 'transcript');
    const heard = this.#answers.take(itemId);
    if (telemetry.wantsContent && transcript !== undefined) {
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: transcript }] };
      if (heard === undefined) this.#state.say(item);
      else heard.push(item);
    }
    if (itemId !== undefined && !claims(`transcript of ${itemId}`)) return;
    recordTranscription(this.#state, { event, itemId, startTime, endTime: time });
  }

  /** When the speech that the next response answers has ended. */
  takeEnd(): number | undefined {
    const time = this.#end;
    this.#end = undefined;
    return time;
  }
}

/** What each response that answers the user has heard so far. A transcript often comes after its response has begun, or even ended. */
class SpeechAnswers {
  /** Items that no response answers yet. */
  #unanswered: string[] = [];
  /** What the responses have heard, by items whose transcripts have not come. Later ones than the end are ignored. */
  readonly #heard = new Map<string, object[]>();

  committed(itemId: string | undefined): void {
    if (itemId !== undefined && this.#unanswered.length < MAX_REPEATED) this.#unanswered.push(itemId);
  }

  begun(heard: object[]): void {
    for (const itemId of this.#unanswered) this.#heard.set(itemId, heard);
    this.#unanswered = [];
    // A session without transcription never takes them.
    keepNewest(this.#heard);
  }

  /** What the response that answers the item has heard; `undefined` if none has begun. */
  take(itemId: string | undefined): object[] | undefined {
    const heard = this.#heard.get(itemId ?? '');
    if (itemId === undefined) return undefined;
    this.#heard.delete(itemId);
    if (heard === undefined) this.#unanswered = this.#unanswered.filter((id) => id !== itemId);
    return heard;
  }
}

interface Transcribed {
  readonly event: unknown;
  readonly itemId: string | undefined;
  /** When the speech ended. */
  readonly startTime: number;
  readonly endTime: number;
}

/** Records the transcript of what the user has said, once it has come or failed. */
function recordTranscription(
  { start, facts, place, conversation }: SessionState,
  { event, itemId, startTime, endTime }: Transcribed,
): void {
  const { telemetry, endpoint, segment } = start;
  const request: ApiRequest = {
    ...matchRoute('POST', '/realtime'),
    method: 'POST',
    body: { model: facts.transcriptionModel },
    streamed: false,
    deployment: undefined,
  };
  const record = new OperationRecord(telemetry, {
    operation: realtimeTranscription,
    request,
    endpoint,
    startTime,
    place: {
      parent: segment.context,
      attributes: {
        ...placeAttributes(place),
        ...(itemId !== undefined && { [ATTR.OPENAI_ITEM_ID]: itemId }),
      },
    },
  });
  record.end({ result: event }, endTime);
  conversation.spent(record.spent);
}
