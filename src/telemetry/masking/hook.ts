import type { Caller, Completion, CompletionHook } from '../../config/completion-types.ts';
import { notice } from '../../diagnostics/report.ts';
import { searchedStart } from '../../util/cut-text.ts';
import { field, ownField, setOwn, strings } from '../../util/payload.ts';
import { handleRejection } from '../program-hooks.ts';
import { type Mask, type MaskingOptions, maskPieces, maskWith, readMask } from './mask-text.ts';

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
/** Base64 of media. A shorter text may be a number or a name. Takes linear time: only one part can match white space. */
const MEDIA_BYTES = /^[A-Za-z\d+/\s]{32,}(?:={1,2}\s*)?$/;
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
  return mask === undefined ? '[masked]' : maskWith(mask, String(text));
}

/** @param mask `undefined` if nothing may be shown */
function maskContent(mask: Mask | undefined, completion: Completion): void {
  for (const [name, value] of Object.entries(completion)) {
    if (OTHER_FIELDS.has(name)) continue;
    const hidden = Array.isArray(value) ? [] : undefined;
    // The values that a generator has yielded may be pieces of one text.
    const isPieces =
      name === 'functionResult' && hidden !== undefined && strings(value).length === value.length;
    const shown = mask && (isPieces ? maskPieces(mask, value) : masked(mask, value, MAX_MASKED_DEPTH));
    Object.assign(completion, { [name]: mask === undefined ? hidden : shown });
  }
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
    const isData = isMedia && name === 'content' && MEDIA_BYTES.test(String(item));
    setOwn(shown, maskWith(mask, name), isData ? item : masked(mask, item, depth - 1));
  }
  return shown;
}
