import type { Caller, Completion, CompletionHook } from '../../config/completion-types.ts';
import { notice } from '../../diagnostics/report.ts';
import { searchedStart } from '../../util/cut-text.ts';
import { field, ownField, setOwn, strings } from '../../util/payload.ts';
import { handleRejection } from '../program-hooks.ts';
import {
  type Mask,
  type MaskingOptions,
  maskPieces,
  maskWith,
  noticeFailure,
  readMask,
} from './mask-text.ts';

/** The fields of a completion that have no content. */
const OTHER_FIELDS: ReadonlySet<unknown> = new Set<keyof Completion>([
  'operation',
  'spanContext',
  'caller',
  'attributes',
]);

const MAX_MASKED_LENGTH = 262_144;
/** Values nested deeper are left out. The content that hooks get is never that deep. */
const MAX_MASKED_DEPTH = 32;
/** Shorter base64 may be a number or a name, so it is masked. */
const MIN_MEDIA_LENGTH = 32;
const BASE64_ONLY = /^[A-Za-z\d+/\s]*$/;
/** How much of media a regular expression sees at once. Over megabytes, V8 runs out of stack. */
const MAX_TESTED_LENGTH = 65_536;
/** Smaller numbers have fewer digits than a card number. */
const MIN_CARD_NUMBER = 1e12;

/**
 * Creates a `completionHook` that masks email addresses, phone numbers, card numbers, API keys and tokens in the content of
 * an operation before it is recorded:
 *
 * ```ts
 * new OpenAIInstrumentation({ captureMessageContent: 'SPAN_ONLY', completionHook: maskingHook() });
 * ```
 *
 * It finds text with a known format. It cannot find names or postal addresses: see `docs/masking.md`.
 *
 * @param options may be a function, which gets the caller of each operation and returns the options for it
 */
export function maskingHook(
  options?: MaskingOptions | ((caller: Caller) => MaskingOptions | undefined),
): CompletionHook {
  if (ownField(options, 'spanContext') !== undefined && ownField(options, 'inputMessages') !== undefined) {
    // Clears the content first: an `async` hook turns the error into a rejection, which may come too late.
    maskContent(undefined, options as unknown as Completion);
    const problem =
      'maskingHook received a completion: it is not a hook, but creates one with maskingHook().';
    notice('option_not_accepted', `${problem} No content is recorded.`);
    throw new TypeError(problem);
  }
  if (typeof options === 'function')
    return (completion) => {
      const given: unknown = options(completion.caller);
      // `readMask` does not accept a promise, so everything is masked. Nothing else handles the rejection.
      handleRejection('the options of maskingHook', given);
      maskContent(readMask(given as MaskingOptions | undefined), completion);
    };
  const mask = readMask(options);
  return (completion) => maskContent(mask, completion);
}

/** Masks one text as `maskingHook` does. Returns `[masked]` if the options are malformed. */
export function maskText(text: string, options?: MaskingOptions): string {
  const mask = readMask(options);
  return mask === undefined ? '[masked]' : maskedStart(mask, String(text));
}

/** @param mask `undefined` if nothing may be shown */
function maskContent(mask: Mask | undefined, completion: Completion): void {
  for (const name of Object.keys(completion)) {
    if (OTHER_FIELDS.has(name)) continue;
    const value = field(completion, name);
    let shown: unknown = Array.isArray(value) ? [] : undefined;
    try {
      if (mask !== undefined) shown = maskedField({ ...mask, field: name }, value);
    } catch (error) {
      // Another hook may have put a value there that cannot be read.
      noticeFailure(name, error);
    }
    Object.assign(completion, { [name]: shown });
  }
}

function maskedField(mask: Mask, value: unknown): unknown {
  const texts = mask.field === 'functionResult' && Array.isArray(value) ? strings(value) : [];
  // The values that a generator has yielded may be pieces of one text.
  if (texts.length === 0 || texts.length < (value as readonly unknown[]).length)
    return masked(mask, value, MAX_MASKED_DEPTH);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return length > MAX_MASKED_LENGTH ? [maskedStart(mask, texts.join(''))] : maskPieces(mask, texts);
}

/** Masks a text, and cuts a long one, because masking megabytes would block the program. */
function maskedStart(mask: Mask, text: string): string {
  const shown = searchedStart(text, MAX_MASKED_LENGTH, (start) => maskWith(mask, start));
  return text.length > MAX_MASKED_LENGTH ? `${shown}…` : shown;
}

function masked(mask: Mask, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskedStart(mask, value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value < MIN_CARD_NUMBER) return value;
    const text = String(value);
    const shown = maskWith(mask, text);
    return shown === text ? value : shown;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return value.map((item) => masked(mask, item, depth - 1));
  const isMedia = field(value, 'type') === 'blob';
  const shown: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const isData = isMedia && name === 'content' && isBase64(String(item));
    setOwn(shown, maskedStart(mask, name), isData ? item : masked(mask, item, depth - 1));
  }
  return shown;
}

function isBase64(text: string): boolean {
  const trimmed = text.trimEnd();
  const padding = trimmed.endsWith('==') ? 2 : trimmed.endsWith('=') ? 1 : 0;
  const end = trimmed.length - padding;
  for (let at = 0; at < end; at += MAX_TESTED_LENGTH)
    if (!BASE64_ONLY.test(trimmed.slice(at, Math.min(end, at + MAX_TESTED_LENGTH)))) return false;
  return end >= MIN_MEDIA_LENGTH;
}
