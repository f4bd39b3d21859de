/** Characters that look like ASCII, or like nothing: spaces, dashes, full-width forms, zero-width and directional marks. */
const LOOKALIKES =
  /[\u00a0\u00ad\u061c\u1680\u180e\u2000-\u2015\u202a-\u202f\u205f-\u2064\u2066-\u2069\u2212\u3000\ufe58\ufe63\ufeff\uff01-\uff5e]/g;
const SPACE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/;
const DASH = /[\u2010-\u2015\u2212\ufe58\ufe63]/;
const FULL_WIDTH = /[\uff01-\uff5e]/;
const FULL_WIDTH_OFFSET = 0xfee0;

/** A text as a reader sees it, and where its characters stand in the original. */
export interface PlainText {
  readonly text: string;
  /** The position in the original of a character of `text`. */
  positionOf(index: number): number;
}

/** Replaces each lookalike by its ASCII character, and leaves out what is invisible. */
export function plainText(original: string): PlainText {
  const text = original.replace(LOOKALIKES, plainCharacter);
  if (text.length === original.length) return { text, positionOf: (index) => index };
  const positions = new Uint32Array(text.length);
  let next = 0;
  for (let index = 0; index < original.length; index++)
    if (plainCharacter(original.charAt(index)) !== '') positions[next++] = index;
  return { text, positionOf: (index) => positions[index] ?? original.length };
}

function plainCharacter(character: string): string {
  if (character <= '\x7f') return character;
  if (SPACE.test(character)) return ' ';
  if (DASH.test(character)) return '-';
  if (FULL_WIDTH.test(character)) return String.fromCharCode(character.charCodeAt(0) - FULL_WIDTH_OFFSET);
  return character.search(LOOKALIKES) < 0 ? character : '';
}
