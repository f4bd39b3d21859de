import type { MessagePart } from '../../config/completion-types.ts';
import { MAX_READ } from '../../util/payload.ts';
import { mayHaveMedia } from './media.ts';

export function textPart(
  type: 'text' | 'reasoning' | 'refusal',
  content: string,
  originalLength: number | undefined,
): MessagePart {
  return originalLength === undefined
    ? { type, content }
    : { type, content, original_length: originalLength };
}

/**
 * Converts the entries of a list to parts. A last part of type `omitted` counts the entries that were not read.
 *
 * @param most the limit for entries and parts. Only lists of the program are read without a limit
 */
export function partsOf(
  values: readonly unknown[],
  read: (value: unknown, index: number) => readonly MessagePart[],
  most: number = MAX_READ,
): MessagePart[] {
  const parts: MessagePart[] = [];
  for (let index = 0; index < values.length; index++) {
    if (index >= most || parts.length >= most) {
      parts.push({ type: 'omitted', count: values.length - index });
      break;
    }
    for (const part of read(values[index], index)) parts.push(part);
  }
  return parts;
}

export function unknownPart(): MessagePart[] {
  return [{ type: 'omitted', count: 1 }];
}

/** Longer JSON is not parsed, because it exceeds the default limit for one span. */
const MAX_PARSED_LENGTH = 65_536;
/** The limit for JSON with media, which is short once the media are left out. */
const MAX_PARSED_MEDIA_LENGTH = 4_194_304;

/** Parses the JSON text of a result if it may contain media, so that the option `media` applies to them. */
export function parseMedia(text: unknown): unknown {
  return typeof text === 'string' && hasMedia(text) ? jsonOrText(text) : text;
}

/** Parses the JSON text of arguments and results. Returns the text itself if it is too long or not JSON. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  return text.length > MAX_PARSED_LENGTH && !hasMedia(text) ? text : jsonOrText(text);
}

function hasMedia(text: string): boolean {
  return text.length <= MAX_PARSED_MEDIA_LENGTH && mayHaveMedia(text);
}

/** A number with 16 or more digits or an exponent. Only such JSON needs a reviver, which is far slower. */
const LARGE_NUMBER = /(?:^|[[:,\s])-?(?:\d{16}|\d+(?:\.\d+)?[eE])/;

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text, LARGE_NUMBER.test(text) ? exactNumber : undefined) as unknown;
  } catch {
    return text;
  }
}

/**
 * Keeps the original text of an integer that JavaScript may round, and of a number too large for JavaScript.
 * Node 20 does not provide that text.
 */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value;
  const isRounded = Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value);
  return isRounded ? (context?.source ?? value) : value;
}
