// Control characters (Cc), format characters (Cf, such as direction overrides), lone surrogates (Cs) and the two
// Unicode line ends. U+200D is not harmful: it joins emoji.
const harmful = (): RegExp => /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Makes text safe for one line of a terminal: white space becomes single spaces. Characters that could move
 * the cursor, start an escape sequence or reverse the direction become symbols (␛ for escape). At most
 * `limit` UTF-16 units are read; `…` marks a cut.
 */
export function terminalSafe(text: string, limit = 1000): string {
  const short = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return short.replace(/[\s\u0085]+/g, ' ').replace(harmful(), visibleSymbol);
}

/** Makes text of many lines safe for a terminal. Line feeds and tabs stay, and nothing is cut. */
export function terminalSafeLines(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(harmful(), (character) =>
      character === '\n' || character === '\t' ? character : visibleSymbol(character),
    );
}

/** Writes the characters that {@link terminalSafe} replaces as `\u` escapes, so that none is lost. */
export function escapeControlCharacters(text: string): string {
  return text.replace(harmful(), (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function visibleSymbol(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has a picture for each of the 32 C0 control characters, in the same order, and for delete.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\ufffd';
}
