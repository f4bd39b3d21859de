import type { TextStream } from './text-stream.ts';

// Control characters (Cc), format characters (Cf, such as direction overrides), lone surrogates (Cs) and the two
// Unicode line ends. U+200D is not harmful: it joins emoji.
const harmful = (): RegExp => /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Makes text safe for one line of a terminal: white space becomes single spaces, and characters that could
 * move the cursor, start an escape sequence or reverse the reading direction become visible symbols (␛ for
 * escape). At most `limit` UTF-16 units of the text are read; a cut is marked with `…`.
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

/** Options that print how a command is used. */
export const HELP_OPTIONS: ReadonlySet<string> = new Set(['--help', '-h']);

/**
 * Reads the parameters of a command, or prints its usage if they ask for help. If `read` throws, prints the first
 * sentence of the error, and the usage.
 *
 * @returns what `read` returns, or the exit code of the command: 0 for help, 2 for wrong parameters
 */
export function commandParameters<Wanted extends object>(
  usage: string,
  [output, errors]: readonly [output: TextStream, errors: TextStream],
  parameters: readonly string[],
  read: (args: string[]) => Wanted,
): Wanted | 0 | 2 {
  if (parameters.some((each) => HELP_OPTIONS.has(each))) {
    output.write(usage);
    return 0;
  }
  try {
    return read([...parameters]);
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    const sentence = code === undefined ? message : `${message.split('. ')[0]}.`;
    errors.write(`${terminalSafe(sentence)}\n${usage}`);
    return 2;
  }
}
