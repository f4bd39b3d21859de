/** Never splits a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** How many characters after the cut are searched, too: a secret that is cut in two is not recognised. */
const MAX_SECRET_LENGTH = 4_096;

/** Replaces the secrets in a text and returns its start. Only the start and a margin are searched. */
export function searchedStart(text: string, length: number, replace: (text: string) => string): string {
  const most = length + MAX_SECRET_LENGTH;
  if (text.length <= most) return cut(replace(text), length);
  const shown = replace(ownCopy(text.slice(0, most)));
  return cut(shown, Math.max(0, Math.min(length, shown.length - MAX_SECRET_LENGTH)));
}

/** Copies a text into a flat string. In V8, a slice keeps its whole source alive, and a concatenation all its parts. */
export function ownCopy(text: string): string {
  return ` ${text}`.slice(1);
}
