import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { readToolDefinitions } from '../../operations/tool-definitions.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { KeptText, type TextLimits, TextRoom } from '../../telemetry/content/kept.ts';
import { LimitedJson } from '../../telemetry/content/limited-json.ts';
import { asCount, asName, field, fieldsOf, names, objectField, stringField } from '../../util/payload.ts';

/** What a session says of itself, in `session.created` and `session.updated`. */
export interface SessionFacts {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly transcriptionModel: string | undefined;
  /** Bytes of audio in a second. */
  readonly inputRate: number;
  readonly outputRate: number;
  readonly attributes: Attributes;
}

const PCM16_24_KHZ = 48_000;
/** By the names of the newer and the older versions of the API. */
const G711_8_KHZ = 8_000;

const TYPES: ReadonlySet<string> = new Set(['realtime', 'transcription', 'translation']);

/** Reads a session of either version of the API: the older one has no `audio`. */
export function readSessionFacts(session: unknown): SessionFacts {
  const audio = field(session, 'audio');
  const [input, output] = [field(audio, 'input'), field(audio, 'output')];
  const transcription =
    objectField(input, 'transcription') ?? objectField(session, 'input_audio_transcription');
  const { output_modalities, modalities, voice, input_audio_format, output_audio_format, type } =
    fieldsOf(session);
  const attributes: Attributes = {};
  const model = stringField(session, 'model');
  define(attributes, ATTR.GEN_AI_REQUEST_MODEL, model);
  if (typeof type === 'string' && TYPES.has(type)) attributes[ATTR.OPENAI_REALTIME_SESSION_TYPE] = type;
  const spoken = stringField(output, 'voice') ?? asName(voice) ?? stringField(voice, 'id');
  define(attributes, ATTR.OPENAI_REALTIME_VOICE, spoken);
  const answered = output_modalities ?? modalities;
  if (Array.isArray(answered)) attributes[ATTR.OPENAI_REALTIME_OUTPUT_MODALITIES] = names(answered);
  // `null` switches it off.
  const detection = [input, session]
    .map((part) => field(part, 'turn_detection'))
    .find((set) => set !== undefined);
  if (detection !== undefined)
    attributes[ATTR.OPENAI_REALTIME_TURN_DETECTION] = stringField(detection, 'type') ?? 'none';
  return {
    id: stringField(session, 'id'),
    model,
    transcriptionModel: stringField(transcription, 'model'),
    inputRate: rateOf(field(input, 'format') ?? input_audio_format),
    outputRate: rateOf(field(output, 'format') ?? output_audio_format),
    attributes,
  };
}

function rateOf(format: unknown): number {
  const type = stringField(format, 'type') ?? asName(format) ?? '';
  return /pcmu|pcma|g711/.test(type) ? G711_8_KHZ : PCM16_24_KHZ;
}

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
  return readToolDefinitions(session).map((tool) => {
    const written = isFull ? undefined : json.write(tool);
    isFull ||= written === undefined;
    return written === undefined ? OMITTED_TOOL : JSON.parse(written);
  });
}
