import type { BlobPart, MessagePart } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { cut } from '../../util/cut-text.ts';
import { field, row, textField } from '../../util/payload.ts';
import { hashesFast, sha256 } from '../../util/sha256.ts';
import { urlWithoutSecrets } from '../../util/url-secrets.ts';

/** How many bytes of media are hashed per operation, in some milliseconds. Further media get no hash. */
export const MAX_HASHED_BYTES = 4_194_304;
/** How many base64 characters of one image, sound or file the option `media: 'inline'` records: 1 MiB of bytes. */
export const MAX_INLINE_LENGTH: number = Math.ceil(1_048_576 / 3) * 4;
/** How many it records on one span, apart from the limits for texts: 2 MiB of bytes. */
export const MAX_SPAN_INLINE_LENGTH: number = 2 * MAX_INLINE_LENGTH;
/** A `data:` URL inside a text, such as Markdown. Repetitions are bounded: the text may be hostile. */
const EMBEDDED_URL =
  /(data:[\w.+/\\-]{0,80}(?:;[^\s;,<>"]{1,200}){0,4};base64,)[\w+/=%-]+(?:\r?\n[\w+/=%-]{40,})*/gi;

/** How much of a longer text is searched for `data:` URLs. If there may be one, the rest is not recorded. */
const MAX_SEARCHED_MEDIA_LENGTH = 1_048_576;

/** How media (base64 and `data:` URLs) in the content of one operation are recorded. */
export interface Media {
  readonly mode: Settings['media'];
  /** Media with more base64 characters are not recorded inline, but by size and hash. */
  readonly maxInline: number;
  /** How many base64 characters may still be recorded inline. They do not count as content. */
  inlineLeft: number;
  /** The JSON of the media that are recorded inline. Until it is inserted, a mark stands for each. */
  readonly inlined: string[];
  hashable: number;
}

/** Encloses the index of inline media in JSON, which always escapes this character. */
const INLINE_MARK = '\u0001';

/** Returns the mark for a text that is media to be recorded inline, else `undefined`. */
export function inlineMark(
  media: Media,
  text: string,
  key: string | undefined,
  holder: object | undefined,
): string | undefined {
  if (media.mode !== 'inline') return undefined;
  const isContent = key === 'content' && isBlob(holder);
  const blob = isContent ? holder : (blobOfUrl(text) ?? blobInField(text, key, holder));
  if (blob === undefined || !fitsInline(media, blob)) return undefined;
  media.inlineLeft -= blob.content.length;
  return INLINE_MARK + (media.inlined.push(JSON.stringify(text)) - 1) + INLINE_MARK;
}

/** Replaces the marks in JSON by the media. */
export function withInlineMedia({ inlined }: Media, json: string): string {
  if (inlined.length === 0) return json;
  const parts = json
    .split(INLINE_MARK)
    .map((part, index) => (index % 2 === 0 ? part : inlined[Number(part)]));
  inlined.length = 0;
  return parts.join('');
}

function fitsInline({ maxInline, inlineLeft }: Media, { content }: BlobPart): boolean {
  return content.length <= Math.min(maxInline, inlineLeft);
}

/**
 * Returns what is recorded of a value in content. The option `media` also applies to media inside a text.
 *
 * @param key the field of `holder` that has the value
 */
export function shownMedia(media: Media, value: unknown, key?: string, holder?: object): unknown {
  if (typeof value !== 'string') return isBlob(value) ? shownBlob(media, value, value) : value;
  const blob = blobOfUrl(value) ?? blobInField(value, key, holder);
  if (blob !== undefined) return shownBlob(media, value, blob);
  return textWithoutMedia(media, media.mode === 'inline' ? value : withoutMediaFields(value));
}

export function textWithoutMedia({ mode }: Media, text: string): string {
  if (mode === 'inline' || !mentionsBase64(text.slice(0, MAX_SEARCHED_MEDIA_LENGTH))) return text;
  const start = cut(text, MAX_SEARCHED_MEDIA_LENGTH);
  const shown = start.replace(EMBEDDED_URL, '$1…');
  return start === text || shown.endsWith('…') ? shown : `${shown}…`;
}

function shownBlob(media: Media, value: unknown, blob: BlobPart): unknown {
  if (media.mode === 'drop') return null;
  if (media.mode === 'inline' && fitsInline(media, blob)) return value;
  const { type, modality, mime_type, content, size = base64Size(content) } = blob;
  return { type, modality, mime_type, content: '', size, sha256: mediaHash(content, size, media) };
}

function mediaHash(base64: string, size: number, media: Media): string | undefined {
  if (base64 === '' || size > media.hashable || !hashesFast()) return undefined;
  media.hashable -= size;
  try {
    return sha256(Buffer.from(base64, 'base64'));
  } catch {
    // The runtime has no `Buffer`.
    return undefined;
  }
}

/** Whether a value is a part with media. Only its shape counts, because a completion hook may have created it. */
export function isBlob(value: unknown): value is BlobPart {
  return (
    field(value, 'type') === 'blob' &&
    typeof field(value, 'content') === 'string' &&
    textField(value, 'modality') !== undefined
  );
}

function blobOfUrl(text: string): BlobPart | undefined {
  if (!text.startsWith('data:') || !mentionsBase64(text.slice(0, 256))) return undefined;
  const part = urlPart(text, modalityOf(text.slice('data:'.length)) ?? 'document');
  return part.type === 'blob' ? part : undefined;
}

export function base64Size(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor(((text.length - padding) * 3) / 4));
}

/** How much of a URL is searched for the part before its data. */
const MAX_HEAD_LENGTH = 4_096;
/** The beginning of a `data:` URL. URL parsers accept it in upper case, too, and after white space. */
const DATA_SCHEME = /^[\0-\x20]*data:/i;
/** The part of a `data:` URL before the data: the MIME type and parameters. */
const DATA_HEAD = /^[\0-\x20]*data:([^,;]*)((?:;[^,]*)?),/i;

/** Base64 without a `data:` URL around it, which some servers accept in place of a URL. */
const BARE_BASE64 = /^[\w+/]{256}/;

/**
 * Creates the part for an image or a file. Of a `data:` URL that is not base64, only the size is kept,
 * because the API does not accept such URLs.
 */
export function urlPart(given: string, modality: string): MessagePart {
  if (BARE_BASE64.test(given)) return blobPart(given, modality);
  if (!DATA_SCHEME.test(given.slice(0, MAX_HEAD_LENGTH)))
    return { type: 'uri', modality, uri: urlWithoutSecrets(given) };
  const [head = given, type = '', parameters = ''] = DATA_HEAD.exec(given.slice(0, MAX_HEAD_LENGTH)) ?? [];
  const data = given.slice(head.length);
  if (data === '' || parameters.split(';').includes('base64'))
    return blobPart(data, modality, type || undefined);
  return { ...blobPart('', modality, type || undefined), size: data.length };
}

/** @param data base64 */
export function blobPart(data: string, modality: string, mimeType?: string): BlobPart {
  const type = mimeType === undefined ? {} : { mime_type: mimeType };
  return { type: 'blob', modality, ...type, content: data };
}

/** The beginning of a field with base64. It may have line breaks, as in MIME. */
const BASE64 = /^[\w+/\r\n-]{32,}={0,2}\s*$/;

/** Fields of OpenAI's API, MCP and the AI SDK whose base64 is always media, and the modality. */
const MEDIA_FIELDS: Readonly<Record<string, string>> = {
  b64_json: 'image',
  blob: 'document',
  file_data: 'document',
};

/** Fields that may hold base64 of media. Another field of the same object shows whether they do. */
const POSSIBLE_FIELDS = ['data', 'image', 'result'];

/** Fields with the MIME type of bytes in the same object, as in results of MCP tools. */
const TYPE_FIELDS = ['mimeType', 'mime_type', 'mediaType', 'media_type'];

/** In OpenAI's API, a field `data` beside one of these holds audio. */
const AUDIO_FIELDS = ['format', 'transcript'];

const MODALITY = /^(image|audio|video)/;

/** Recognises media in a field that holds nothing else: `{"type":"image","mimeType":"image/png","data":"…"}`. */
function blobInField(
  text: string,
  key: string | undefined,
  holder: object | undefined,
): BlobPart | undefined {
  const known = row(MEDIA_FIELDS, key);
  if (known === undefined && !POSSIBLE_FIELDS.includes(key ?? '')) return undefined;
  if (!BASE64.test(text.slice(0, 256))) return undefined;
  const mimeType = firstText(holder, TYPE_FIELDS);
  const modality = modalityOf(mimeType) ?? known ?? modalityBeside(key, mimeType, holder);
  return modality === undefined ? undefined : blobPart(text, modality, mimeType);
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
/** Shorter JSON has no room for a field with media. */
const MIN_SEARCHED_JSON_LENGTH = 48;
/** How much of a longer text is searched for media. If there are any, the rest is not recorded. */
const MAX_SEARCHED_JSON_LENGTH = 4_194_304;
const JSON_EVIDENCE = new RegExp(
  `"(?:${[...ALWAYS, ...TYPE_FIELDS, ...AUDIO_FIELDS].join('|')})"\\s*:|"type"\\s*:\\s*"(?:image|audio|video)`,
  'i',
);

function mayHaveMediaFields(json: string): boolean {
  return JSON_BYTES.test(json) && JSON_EVIDENCE.test(json);
}

/** Removes base64 from media fields of JSON text that was not parsed, or that is part of another text. */
function withoutMediaFields(text: string): string {
  if (text.length < MIN_SEARCHED_JSON_LENGTH) return text;
  const start = text.length > MAX_SEARCHED_JSON_LENGTH ? text.slice(0, MAX_SEARCHED_JSON_LENGTH) : text;
  // If a text was cut, or is too long to search, the evidence that the bytes are media may be in the rest.
  const isPart = start !== text || text.endsWith('…');
  if (!JSON_BYTES.test(start) || !(isPart || JSON_EVIDENCE.test(start))) return text;
  const shown = start.replace(ALL_JSON_BYTES, '$1…');
  return start === text ? shown : `${shown}…`;
}

/** Whether a text may contain a `data:` URL. Searching for mixed case would be slower. */
function mentionsBase64(text: string): boolean {
  return text.includes(';base64,') || text.includes(';BASE64,');
}

export function mayHaveMedia(text: string): boolean {
  return mentionsBase64(text) || mayHaveMediaFields(text);
}
