import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import {
  ATTR_OPENAI_AUDIO_DURATION,
  ATTR_OPENAI_ITEM_ID,
  ATTR_OPENAI_REALTIME_SPEECH_TIME,
} from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_SPEECH } from '../../semconv/events.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { keepNewest } from '../../util/keep-newest.ts';
import { numberField, stringField, textField } from '../../util/payload.ts';
import type { SocketSegment } from './segment.ts';
import type { SessionPlace } from './session.ts';
import { SpeechAnswers } from './speech-answers.ts';
import { recordTranscription } from './transcription.ts';

interface SpeechStart {
  readonly telemetry: Telemetry;
  readonly segment: SocketSegment;
  readonly place: SessionPlace;
  /** The user has said something. */
  readonly spoke: () => void;
  readonly spent: (spent: Spent) => void;
  /** Whether no other socket has told this. */
  readonly claims: (id: string) => boolean;
  /** Takes what was said as an item, if content is recorded. */
  readonly say: (item: object) => void;
}

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
  readonly #start: SpeechStart;
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

  constructor(start: SpeechStart) {
    this.#start = start;
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
    this.#committing = this.#start.place.clock.now();
  }

  /** The server takes what was sent as an item. */
  committed(event: unknown, time: number): void {
    const itemId = stringField(event, 'item_id');
    const seconds = this.#start.segment.counts.heardSeconds - this.#sentBefore;
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
    this.#sentBefore = this.#start.segment.counts.heardSeconds;
  }

  #ended({ itemId, startTime, seconds }: Speech, time: number): void {
    this.#start.spoke();
    const attributes: Attributes = {};
    define(attributes, ATTR_OPENAI_ITEM_ID, itemId);
    define(attributes, ATTR_OPENAI_AUDIO_DURATION, seconds);
    // Times before and after the clock was set can overlap by less than a millisecond.
    if (startTime !== undefined)
      attributes[ATTR_OPENAI_REALTIME_SPEECH_TIME] = Math.max(time - startTime, 0) / 1e3;
    this.#start.segment.addEvent(EVENT_OPENAI_REALTIME_SPEECH, attributes, time);
    this.#remember(itemId, time);
  }

  #remember(itemId: string | undefined, time: number): void {
    if (itemId === undefined || this.#spoken.has(itemId)) return;
    this.#spoken.set(itemId, time);
    keepNewest(this.#spoken);
  }

  transcribed(event: unknown, time: number, model: string | undefined): void {
    const { telemetry, place, spent, claims, say } = this.#start;
    const itemId = stringField(event, 'item_id');
    const startTime = this.#spoken.get(itemId ?? '') ?? time;
    this.#spoken.delete(itemId ?? '');
    const transcript = textField(event, 'transcript');
    const heard = this.#answers.take(itemId);
    if (telemetry.wantsContent && transcript !== undefined) {
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: transcript }] };
      if (heard === undefined) say(item);
      else heard.push(item);
    }
    if (itemId !== undefined && !claims(`transcript of ${itemId}`)) return;
    recordTranscription(telemetry, place, { event, itemId, model, startTime, endTime: time, spent });
  }

  /** When the speech that the next response answers has ended. */
  takeEnd(): number | undefined {
    const time = this.#end;
    this.#end = undefined;
    return time;
  }
}
