import type { BlobPart } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { cut } from '../../util/cut-text.ts';
import { field, textField } from '../../util/payload.ts';
import { hashesFast, sha256 } from '../../util/sha256.ts';
import { mediaInField, withoutMediaFields } from './media-fields.ts';
import { blobPart, mentionsBase64, urlPart } from './messages.ts';

/**
 * The number of bytes hashed per operation, which takes some milliseconds. Larger media get no hash, nor do any in a runtime
 * without `node:crypto`.
 */
const MAX_HASHED_BYTES = 4_194_304;
const DATA_URL = /^data:[\w.+-]*\/?[\w.+-]*(?:;[^\s;,]+)*;base64,/i;
/** Inside of a text, such as an image in Markdown. Each length is limited, since a stranger may have written the text. */
const EMBEDDED_URL =
  /(data:[\w.+/\\-]{0,80}(?:;[^\s;,<>"]{1,200}){0,4};base64,)[\w+/=%-]+(?:\r?\n[\w+/=%-]{40,})*/gi;

/** Of a longer text, no more is searched for them: what follows is not recorded. */
const MAX_SEARCHED_MEDIA_LENGTH = 1_048_576;

/** Recorded in place of bytes: their type, size, and SHA-256, which identifies equal media. */
interface MediaReference {
  readonly type: 'blob';
  readonly modality: string;
  readonly mime_type?: string;
  readonly content: '';
  readonly size: number;
  readonly sha256?: string;
}

/** Applies the option `media` to the media inside the messages of one operation: base64 and `data:` URLs. */
export class MediaPolicy {
  readonly #mode: Settings['media'];
  readonly #maxInline: number;
  #hashable: number = hashesFast() ? MAX_HASHED_BYTES : 0;

  constructor({ media, maxContentLength }: Settings) {
    this.#mode = media;
    this.#maxInline = maxContentLength;
  }

  /** Whether a part of a message is omitted. */
  drops(part: unknown): boolean {
    return this.#mode === 'drop' && isBlob(part);
  }

  /**
   * Maps any value inside content: media as the policy says, everything else unchanged.
   *
   * @param key the field that holds the value
   */
  shown(value: unknown, key?: string, holder?: object): unknown {
    if (typeof value !== 'string') return isBlob(value) ? this.#blob(value, value) : value;
    const blob = blobOfUrl(value) ?? blobInField(value, key, holder);
    if (blob !== undefined) return this.#blob(value, blob);
    return this.text(this.#mode === 'inline' ? value : withoutMediaFields(value));
  }

  /** A text without the bytes of the `data:` URLs in it, unless media are recorded inline. */
  text(text: string): string {
    if (this.#mode === 'inline') return text;
    const start = cut(text, MAX_SEARCHED_MEDIA_LENGTH);
    if (!mentionsBase64(start)) return text;
    const shown = start.replace(EMBEDDED_URL, '$1…');
    return start === text || shown.endsWith('…') ? shown : `${shown}…`;
  }

  #blob(value: unknown, blob: BlobPart): unknown {
    if (this.#mode === 'drop') return null;
    const whole = this.#mode === 'inline' && blob.content.length <= this.#maxInline;
    return whole ? value : this.#reference(blob);
  }

  #reference(blob: BlobPart): MediaReference {
    const { modality, mime_type, content } = blob;
    const size = blob.size ?? base64Size(content);
    const hash = content === '' ? undefined : this.#hash(content, size);
    return {
      type: 'blob',
      modality,
      ...(mime_type === undefined ? {} : { mime_type }),
      content: '',
      size,
      ...(hash === undefined ? {} : { sha256: hash }),
    };
  }

  #hash(base64: string, size: number): string | undefined {
    if (size > this.#hashable) return undefined;
    this.#hashable -= size;
    try {
      return sha256(decodeBase64(base64));
    } catch {
      // Not base64.
      return undefined;
    }
  }
}

/** Recognised by its shape, because a completion hook may have created it. */
function isBlob(value: unknown): value is BlobPart {
  return (
    field(value, 'type') === 'blob' &&
    typeof field(value, 'content') === 'string' &&
    textField(value, 'modality') !== undefined
  );
}

function blobOfUrl(text: string): BlobPart | undefined {
  if (!text.startsWith('data:') || !DATA_URL.test(text.slice(0, 256))) return undefined;
  const modality = /^data:(image|audio|video)\//.exec(text)?.[1] ?? 'document';
  const part = urlPart(text, modality);
  return part.type === 'blob' ? part : undefined;
}

function blobInField(
  text: string,
  key: string | undefined,
  holder: object | undefined,
): BlobPart | undefined {
  const media = mediaInField(text, key, holder);
  return media && blobPart(text, media.modality, media.mimeType);
}

/** The number of bytes that a base64 text encodes. */
function base64Size(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor(((text.length - padding) * 3) / 4));
}

function decodeBase64(base64: string): Uint8Array {
  if (typeof Buffer === 'function') return Buffer.from(base64, 'base64');
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
