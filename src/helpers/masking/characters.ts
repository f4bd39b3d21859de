/** A text, as far as the searches read it. Tests count what they read. */
export interface Characters {
  readonly length: number;
  charCodeAt(index: number): number;
}

/** What was found: the end is exclusive. */
export interface FoundSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: MaskedKind;
}

/** The kinds with built-in patterns. */
export type MaskedKind = 'email' | 'phone' | 'card' | 'key';

export const CODE_DOT = 0x2e;
export const CODE_HYPHEN = 0x2d;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

export function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/** A letter or digit, or `_`. Beyond ASCII, only alphabets that separate words by spaces: up to Cyrillic. */
export function isWordCharacter(code: number): boolean {
  return isLower(code) || isDigit(code) || isUpper(code) || code === 0x5f || (code >= 0xc0 && code <= 0x52f);
}
