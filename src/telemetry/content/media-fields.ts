import { row, textField } from '../../util/payload.ts';

/** The base64 text of a field. Lines of MIME are allowed. */
const BASE64 = /^[\w+/\r\n-]{32,}={0,2}\s*$/;

/** Fields of OpenAI's API, MCP and the AI SDK whose base64 is always media, with its modality. */
const MEDIA_FIELDS: Readonly<Record<string, string>> = {
  b64_json: 'image',
  blob: 'document',
  file_data: 'document',
};

/** Fields that may hold base64 of media. A field beside them tells. */
const POSSIBLE_FIELDS = ['data', 'image', 'result'];

/** Fields with the MIME type of the bytes beside them, as in results of MCP tools. */
const TYPE_FIELDS = ['mimeType', 'mime_type', 'mediaType', 'media_type'];

/** Fields that OpenAI's API has beside the `data` of audio. */
const AUDIO_FIELDS = ['format', 'transcript'];

const MODALITY = /^(image|audio|video)/;

/** Media in a field of its own, as in `{"type":"image","mimeType":"image/png","data":"…"}`. */
export interface FieldMedia {
  readonly modality: string;
  readonly mimeType: string | undefined;
}

/** @returns `undefined` if the text in this field is not known to be media */
export function mediaInField(
  text: string,
  key: string | undefined,
  holder: object | undefined,
): FieldMedia | undefined {
  const known = row(MEDIA_FIELDS, key);
  if (known === undefined && !POSSIBLE_FIELDS.includes(key ?? '')) return undefined;
  if (!BASE64.test(text.slice(0, 256))) return undefined;
  const mimeType = firstText(holder, TYPE_FIELDS);
  const modality = modalityOf(mimeType) ?? known ?? modalityBeside(key, mimeType, holder);
  return modality === undefined ? undefined : { modality, mimeType };
}

function modalityBeside(
  key: string | undefined,
  mimeType: string | undefined,
  holder: object | undefined,
): string | undefined {
  if (mimeType !== undefined) return mimeType.startsWith('text/') ? undefined : 'document';
  const isAudio = key === 'data' && firstText(holder, AUDIO_FIELDS) !== undefined;
  return modalityOf(textField(holder, 'type')) ?? (isAudio ? 'audio' : undefined);
}

function modalityOf(type: string | undefined): string | undefined {
  return MODALITY.exec(type ?? '')?.[1];
}

function firstText(holder: object | undefined, names: readonly string[]): string | undefined {
  return names.map((name) => textField(holder, name)).find((text) => text !== undefined);
}

const ALWAYS = Object.keys(MEDIA_FIELDS);
const JSON_FIELD = `"(?:${[...ALWAYS, ...POSSIBLE_FIELDS].join('|')})"\\s*:\\s*"`;
const JSON_BYTES = new RegExp(`${JSON_FIELD}[\\w+/-]{32}`);
const ALL_JSON_BYTES = new RegExp(`(${JSON_FIELD})[\\w+/-]{32}(?:[\\w+/=-]|\\\\[rn/])*(?=["…]|$)`, 'g');
/** Shorter JSON has no such field. */
const MIN_SEARCHED_JSON_LENGTH = 48;
/** Of a longer text, no more is searched: it is cut to much less. */
const MAX_SEARCHED_JSON_LENGTH = 4_194_304;
const JSON_EVIDENCE = new RegExp(
  `"(?:${[...ALWAYS, ...TYPE_FIELDS, ...AUDIO_FIELDS].join('|')})"\\s*:|"type"\\s*:\\s*"(?:image|audio|video)`,
  'i',
);

/** Whether JSON text may have media in such a field. */
export function mayHaveMediaFields(json: string): boolean {
  return JSON_BYTES.test(json) && JSON_EVIDENCE.test(json);
}

/** JSON text that was not parsed, or is part of another text, without the bytes of such fields. */
export function withoutMediaFields(text: string): string {
  if (text.length < MIN_SEARCHED_JSON_LENGTH) return text;
  const start = text.length > MAX_SEARCHED_JSON_LENGTH ? text.slice(0, MAX_SEARCHED_JSON_LENGTH) : text;
  // The rest of a text that was cut may have told.
  if (!JSON_BYTES.test(start) || !(text.endsWith('…') || JSON_EVIDENCE.test(text))) return text;
  const shown = start.replace(ALL_JSON_BYTES, '$1…');
  return start === text ? shown : `${shown}…`;
}
