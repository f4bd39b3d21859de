import type { TextLimits } from '../../telemetry/content/kept-content.ts';
import { field, stringField } from '../../util/payload.ts';
import { readResponseDefaults } from '../dialects/realtime.ts';

/** The limit for updates that the server has not answered. No realistic program has more. */
const MAX_UNANSWERED = 16;

/**
 * What a session sets for its responses: what the server has reported, and the updates that the program has sent since.
 */
export class ResponseDefaults {
  readonly #limits: () => TextLimits | undefined;
  #reported: object = {};
  #sent: { readonly eventId: string | undefined; readonly defaults: object }[] = [];

  constructor(limits: () => TextLimits | undefined) {
    this.#limits = limits;
  }

  get current(): object {
    return Object.assign({}, this.#reported, ...this.#sent.map(({ defaults }) => defaults));
  }

  sent(event: unknown): void {
    const defaults = readResponseDefaults(field(event, 'session'), this.#limits());
    this.#sent.push({ eventId: stringField(event, 'event_id'), defaults });
    if (this.#sent.length > MAX_UNANSWERED) this.#sent.shift();
  }

  /** @param isAnswer whether the server thereby accepts the oldest of the program's updates */
  reported(session: unknown, isAnswer: boolean): void {
    if (isAnswer) this.#sent.shift();
    this.#reported = { ...this.#reported, ...readResponseDefaults(session, this.#limits()) };
  }

  rejected(eventId: string | undefined): void {
    if (eventId !== undefined) this.#sent = this.#sent.filter((update) => update.eventId !== eventId);
  }
}
