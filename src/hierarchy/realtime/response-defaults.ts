import { readResponseTools } from '../../operations/response/tool-definitions.ts';
import { LimitedJson } from '../../telemetry/content/limited-json.ts';
import { KeptText, type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import { asCount, field, names, stringField } from '../../util/payload.ts';

/** Updates that the server has not answered. No realistic program has more. */
const MAX_UNANSWERED = 16;

interface SentUpdate {
  readonly eventId: string | undefined;
  readonly defaults: object;
}

/** What a session sets for its responses: what the server has told, with what the program has sent since. */
export class ResponseDefaults {
  readonly #limits: () => TextLimits | undefined;
  #told: object = {};
  #sent: SentUpdate[] = [];

  /** @param limits of content; gives `undefined` if it is not recorded */
  constructor(limits: () => TextLimits | undefined) {
    this.#limits = limits;
  }

  get current(): object {
    return Object.assign({}, this.#told, ...this.#sent.map(({ defaults }) => defaults));
  }

  /** Called for a `session.update` of the program. */
  sent(event: unknown): void {
    const defaults = readResponseDefaults(field(event, 'session'), this.#limits());
    this.#sent.push({ eventId: stringField(event, 'event_id'), defaults });
    if (this.#sent.length > MAX_UNANSWERED) this.#sent.shift();
  }

  /** @param isAnswer the server has taken the oldest update */
  told(session: unknown, isAnswer: boolean): void {
    if (isAnswer) this.#sent.shift();
    this.#told = { ...this.#told, ...readResponseDefaults(session, this.#limits()) };
  }

  /** Called when the server has rejected the event of the program with this id. */
  rejected(eventId: string | undefined): void {
    if (eventId !== undefined) this.#sent = this.#sent.filter((update) => update.eventId !== eventId);
  }
}

/**
 * What a session sets for the responses that do not set it themselves. The parameters have the names of the older version
 * of the API, which give way to those of the newer one.
 *
 * @param limits of content; `undefined` if it is not recorded
 */
function readResponseDefaults(session: unknown, limits: TextLimits | undefined): object {
  const tokens = field(session, 'max_output_tokens') ?? field(session, 'max_response_output_tokens');
  const modalities = field(session, 'output_modalities') ?? field(session, 'modalities');
  const defaults: Record<string, unknown> = {};
  // Without a number, there is no limit any more.
  if (tokens !== undefined) defaults.max_response_output_tokens = asCount(tokens);
  if (Array.isArray(modalities)) defaults.modalities = names(modalities);
  if (limits === undefined) return defaults;
  const instructions = field(session, 'instructions');
  if (typeof instructions === 'string') {
    const kept = new KeptText();
    kept.add(instructions, new TextRoom(limits.text, limits.span));
    const original_length = kept.isCut ? kept.length : undefined;
    defaults.instructions = [{ content: [{ type: 'output_text', text: kept.text, original_length }] }];
  }
  if (Array.isArray(field(session, 'tools'))) defaults.tools = keptTools(session, limits);
  return defaults;
}

const OMITTED_TOOL = { type: 'omitted', name: '…' };

/** If not all fit, the first are kept, and marks of the others, to be counted. */
function keptTools(session: unknown, { text, span }: TextLimits): unknown[] {
  const json = new LimitedJson(text, span);
  let isFull = false;
  return readResponseTools(session).map((tool) => {
    const written = isFull ? undefined : json.write(tool);
    isFull ||= written === undefined;
    return written === undefined ? OMITTED_TOOL : JSON.parse(written);
  });
}
