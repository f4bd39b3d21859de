import type { Attributes } from '@opentelemetry/api';
import { defined } from '../../operations/attributes.ts';
import { readToolDefinitions } from '../../operations/tool-definitions.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { keptValue, type TextLimits } from '../../telemetry/content/kept-content.ts';
import {
  arrayField,
  asCount,
  asName,
  asWord,
  countField,
  field,
  fieldsOf,
  first,
  names,
  numberField,
  objectField,
  stringField,
  textField,
} from '../../util/payload.ts';

/** Replaces each piece of audio, which is counted but not kept. */
export const AUDIO_PIECE: Readonly<{ type: string }> = Object.freeze({ type: 'response.output_audio.delta' });
/** What a piece of an answer contains, in both versions of the API. The transcript of its audio is text, too. */
export const PIECES: Readonly<Record<string, 'audio' | 'text'>> = {
  'response.output_audio.delta': 'audio',
  'response.audio.delta': 'audio',
  'response.output_text.delta': 'text',
  'response.text.delta': 'text',
  'response.output_audio_transcript.delta': 'text',
  'response.audio_transcript.delta': 'text',
};

export function bytesOf(audio: unknown): number {
  return typeof audio === 'string' ? audio.length * 0.75 : 0;
}

export function textDelta(event: unknown): object {
  return {
    type: 'response.output_text.delta',
    output_index: countField(event, 'output_index'),
    content_index: countField(event, 'content_index'),
    delta: textField(event, 'delta'),
  };
}

export function limitsOf(event: object): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const limit of arrayField(event, 'rate_limits')) {
    const name = stringField(limit, 'name');
    if (name !== 'requests' && name !== 'tokens') continue;
    headers[`x-ratelimit-limit-${name}`] = String(numberField(limit, 'limit'));
    headers[`x-ratelimit-remaining-${name}`] = String(numberField(limit, 'remaining'));
    headers[`x-ratelimit-reset-${name}`] = `${numberField(limit, 'reset_seconds')}s`;
  }
  return headers;
}

/** A copy of an item without its audio, which is large and never recorded. */
export function withoutSound(item: unknown): unknown {
  const content = arrayField(item, 'content');
  if (content.length === 0) return item;
  const kept = first(content).map((part) =>
    field(part, 'audio') === undefined
      ? part
      : { type: field(part, 'type'), transcript: field(part, 'transcript') },
  );
  return { ...fieldsOf(item), content: kept };
}

/** Whether a response is requested outside the session's conversation. The conversation then ignores the response. */
export function isOutOfBand(event: object): boolean {
  return field(field(event, 'response'), 'conversation') === 'none';
}

export interface SessionFacts {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly transcriptionModel: string | undefined;
  /** Bytes per second of audio. */
  readonly inputRate: number;
  readonly outputRate: number;
  readonly attributes: Attributes;
}

const PCM16_24_KHZ = 48_000;
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
  const model = stringField(session, 'model');
  const answered = output_modalities ?? modalities;
  // `null` switches turn detection off.
  const detection = [input, session]
    .map((part) => field(part, 'turn_detection'))
    .find((set) => set !== undefined);
  const attributes = defined({
    [ATTR.GEN_AI_REQUEST_MODEL]: model,
    [ATTR.OPENAI_REALTIME_SESSION_TYPE]: typeof type === 'string' && TYPES.has(type) ? type : undefined,
    [ATTR.OPENAI_REALTIME_VOICE]: stringField(output, 'voice') ?? asName(voice) ?? stringField(voice, 'id'),
    [ATTR.OPENAI_REALTIME_OUTPUT_MODALITIES]: Array.isArray(answered)
      ? names(answered).filter(asWord)
      : undefined,
    [ATTR.OPENAI_REALTIME_TURN_DETECTION]:
      detection === undefined ? undefined : asWord(field(detection, 'type') ?? 'none'),
  });
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

/** Replaces a tool that does not fit, so that the tool still counts. */
const OMITTED_TOOL = { type: 'omitted', name: '…' };

/**
 * Reads what a session sets for responses that do not set it themselves. The parameters get the names of the
 * older version of the API, so that those of a response, which have the newer names, take precedence.
 */
export function readResponseDefaults(session: unknown, limits: TextLimits | undefined): object {
  const tokens = field(session, 'max_output_tokens') ?? field(session, 'max_response_output_tokens');
  const modalities = field(session, 'output_modalities') ?? field(session, 'modalities');
  const defaults: Record<string, unknown> = {};
  // A value that is not a number, such as `inf`, removes the limit.
  if (tokens !== undefined) defaults.max_response_output_tokens = asCount(tokens);
  if (Array.isArray(modalities)) defaults.modalities = names(modalities);
  if (limits === undefined) return defaults;
  const instructions = field(session, 'instructions');
  const room = { maxText: limits.text, left: limits.span };
  if (typeof instructions === 'string')
    defaults.instructions = [{ content: [keptValue({ type: 'output_text', text: instructions }, room)] }];
  if (Array.isArray(field(session, 'tools')))
    defaults.tools = readToolDefinitions(session).map((tool) =>
      room.left > 0 ? keptValue(tool, room) : OMITTED_TOOL,
    );
  return defaults;
}
