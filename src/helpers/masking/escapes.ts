import { type Characters, isDigit } from './characters.ts';

/** The longest escape sequence that is recognised, such as `[38;5;208;48;5;16m`. */
export const MAX_ESCAPE_LENGTH = 24;

const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const SEMICOLON = 0x3b;
const LETTER_U = 0x75;
/** The letters of `\n`, `\r`, `\t`, `\b` and `\f` in JSON. */
const JSON_ESCAPES: ReadonlySet<number> = new Set([...'nrtbf'].map((letter) => letter.charCodeAt(0)));
/** The last letters of colours and of "erase line" on a terminal. */
const TERMINAL_ESCAPES: ReadonlySet<number> = new Set([0x6d, 0x4b]);

/** Whether an escape sequence may begin with this: `\n` and `\u2022` in JSON, or `[31m` for a terminal. */
export function startsEscape(code: number): boolean {
  return code === BACKSLASH || code === OPENING_BRACKET;
}

/** Whether the escape sequence that may start at `start` ends with this character: a word can begin after it. */
export function endsEscape(text: Characters, start: number, index: number): boolean {
  const code = text.charCodeAt(index);
  if (text.charCodeAt(start) === BACKSLASH) {
    if (index === start + 1) return JSON_ESCAPES.has(code);
    return (
      index === start + 5 && text.charCodeAt(start + 1) === LETTER_U && isHex(text, start + 2, index + 1)
    );
  }
  if (!TERMINAL_ESCAPES.has(code)) return false;
  for (let at = start + 1; at < index; at++) {
    const parameter = text.charCodeAt(at);
    if (!isDigit(parameter) && parameter !== SEMICOLON) return false;
  }
  return true;
}

function isHex(text: Characters, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    const letter = code | 0x20;
    if (!isDigit(code) && (letter < 0x61 || letter > 0x66)) return false;
  }
  return true;
}
