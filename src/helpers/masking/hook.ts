import type { Completion, CompletionHook } from '../../config/completion-types.ts';
import { field } from '../../util/payload.ts';
import type { MaskedKind } from './characters.ts';
import { type Mask, maskWith } from './mask-text.ts';

/** What {@link maskingHook} and {@link maskText} mask. */
export interface MaskingOptions {
  /** Which kinds to find. Default: `email`, `phone`, `card` and `key`. */
  readonly kinds?: readonly MaskedKind[] | undefined;
  /** Patterns of your own, by the name that replaces what they match: `{ order: /\bORD-\d{6}\b/ }` gives `[order]`. */
  readonly patterns?: Readonly<Record<string, RegExp>> | undefined;
}

/** The kinds that are found unless others are chosen. */
export const MASKED_KINDS: readonly MaskedKind[] = ['email', 'phone', 'card', 'key'];

/** The fields of a completion that have content. */
const CONTENT_FIELDS = [
  'systemInstructions',
  'inputMessages',
  'outputMessages',
  'toolDefinitions',
  'toolArguments',
  'toolResult',
  'functionArguments',
  'functionResult',
  'documents',
  'parameters',
  'errorMessage',
  'evaluationExplanation',
] as const satisfies readonly (keyof Completion)[];

/** Copies of content are not deeper. */
const MAX_MASKED_DEPTH = 32;
/** Smaller numbers have fewer digits than a card. */
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
 */
export function maskingHook(options?: MaskingOptions): CompletionHook {
  const mask = readMask(options);
  return (completion) => {
    for (const name of CONTENT_FIELDS)
      Object.assign(completion, { [name]: masked(mask, completion[name], MAX_MASKED_DEPTH) });
  };
}

/** Masks one text in the same way. */
export function maskText(text: string, options?: MaskingOptions): string {
  return maskWith(readMask(options), String(text));
}

function readMask({ kinds = MASKED_KINDS, patterns = {} }: MaskingOptions = {}): Mask {
  return {
    kinds: new Set(kinds),
    patterns: Object.entries(patterns).map(([name, { source, flags }]) => ({
      name,
      pattern: new RegExp(source, flags.includes('g') ? flags : `${flags}g`),
    })),
  };
}

/** A value with all of its texts and names masked. */
function masked(mask: Mask, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskWith(mask, value);
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
    const isData = isMedia && name === 'content';
    // Assignment would treat a name such as `__proto__` specially.
    Object.defineProperty(shown, maskWith(mask, name), {
      value: isData ? item : masked(mask, item, depth - 1),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return shown;
}
