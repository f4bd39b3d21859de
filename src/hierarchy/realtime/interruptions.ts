import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION } from '../../semconv/events.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import type { LastingClock } from '../../util/clock.ts';
import { arrayField, field, first, numberField, objectField, stringField } from '../../util/payload.ts';
import type { SocketSegment } from './segment.ts';

/**
 * The answers that the user interrupts. The server tells it of one that is still being made. Audio arrives faster than it is
 * played, so the program may tell it later, or of the same one again: with how much was heard.
 */
export class SessionInterruptions {
  readonly #segment: SocketSegment;
  /** The responses of items, the newest: playback goes on after their end. */
  readonly #responses = new Map<string, string>();
  readonly #clock: LastingClock;
  /** The interrupted responses, the newest. */
  readonly #interrupted = new Set<string>();

  constructor(segment: SocketSegment, clock: LastingClock) {
    this.#segment = segment;
    this.#clock = clock;
  }

  /** A response has an item. */
  item(event: unknown): void {
    this.#belongs(field(event, 'item'), stringField(event, 'response_id'));
  }

  /** @param time when it ended; `undefined` if it is not recorded here */
  answered(response: unknown, time: number | undefined): void {
    const responseId = stringField(response, 'id');
    if (time === undefined || responseId === undefined) return;
    for (const item of first(arrayField(response, 'output'))) this.#belongs(item, responseId);
    const reason = field(objectField(response, 'status_details'), 'reason');
    const isCancelled = field(response, 'status') === 'cancelled' && reason === 'turn_detected';
    if (isCancelled && this.#isNew(responseId)) this.#tell({ [ATTR.GEN_AI_RESPONSE_ID]: responseId }, time);
  }

  /** The program tells how much of an item was heard. */
  truncated(event: unknown): void {
    const itemId = stringField(event, 'item_id');
    const responseId = this.#responses.get(itemId ?? '');
    const heard = numberField(event, 'audio_end_ms');
    if (responseId === undefined) this.#segment.counts.interruptions++;
    else this.#isNew(responseId);
    const attributes: Attributes = {};
    define(attributes, ATTR.GEN_AI_RESPONSE_ID, responseId);
    define(attributes, ATTR.OPENAI_ITEM_ID, itemId);
    define(attributes, ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION, heard && heard / 1e3);
    this.#tell(attributes, this.#clock.now());
  }

  #belongs(item: unknown, responseId: string | undefined): void {
    const id = stringField(item, 'id');
    if (id === undefined || responseId === undefined) return;
    this.#responses.set(id, responseId);
    keepNewest(this.#responses);
  }

  /** Counts a response that is interrupted for the first time. */
  #isNew(responseId: string): boolean {
    if (this.#interrupted.has(responseId)) return false;
    this.#interrupted.add(responseId);
    keepNewest(this.#interrupted);
    this.#segment.counts.interruptions++;
    return true;
  }

  #tell(attributes: Attributes, time: number): void {
    this.#segment.addEvent(EVENT_OPENAI_REALTIME_INTERRUPTION, attributes, time);
  }
}
