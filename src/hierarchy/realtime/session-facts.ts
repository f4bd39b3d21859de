import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import {
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_OPENAI_REALTIME_OUTPUT_MODALITIES,
  ATTR_OPENAI_REALTIME_SESSION_TYPE,
  ATTR_OPENAI_REALTIME_TURN_DETECTION,
  ATTR_OPENAI_REALTIME_VOICE,
} from '../../semconv/attributes.ts';
import { asName, field, fieldsOf, names, objectField, stringField } from '../../util/payload.ts';

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
  define(attributes, ATTR_GEN_AI_REQUEST_MODEL, model);
  if (typeof type === 'string' && TYPES.has(type)) attributes[ATTR_OPENAI_REALTIME_SESSION_TYPE] = type;
  const spoken = stringField(output, 'voice') ?? asName(voice) ?? stringField(voice, 'id');
  define(attributes, ATTR_OPENAI_REALTIME_VOICE, spoken);
  const answered = output_modalities ?? modalities;
  if (Array.isArray(answered)) attributes[ATTR_OPENAI_REALTIME_OUTPUT_MODALITIES] = names(answered);
  // `null` switches it off.
  const detection = [input, session]
    .map((part) => field(part, 'turn_detection'))
    .find((set) => set !== undefined);
  if (detection !== undefined)
    attributes[ATTR_OPENAI_REALTIME_TURN_DETECTION] = stringField(detection, 'type') ?? 'none';
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
