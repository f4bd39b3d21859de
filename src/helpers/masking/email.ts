import {
  type Characters,
  CODE_DOT,
  CODE_HYPHEN,
  type FoundSpan,
  isDigit,
  isWordCharacter,
} from './characters.ts';

const AT = 0x40;
const UNDERSCORE = 0x5f;
/** The longest local part that mail servers accept. */
const MAX_LOCAL_LENGTH = 64;
const MAX_DOMAIN_LENGTH = 253;
/** What a local part may have besides letters, digits, dots, hyphens and underscores. */
const LOCAL_MARKS: ReadonlySet<number> = new Set([..."%+'!#$&*=?^`{|}~"].map((mark) => mark.charCodeAt(0)));

/**
 * The mail address around an `@`.
 *
 * @param from where the last find ended: a local part does not reach back over it
 */
export function emailAt(text: Characters, at: number, from: number): FoundSpan | undefined {
  const first = Math.max(from, at - MAX_LOCAL_LENGTH);
  let start = at;
  while (start > first && isLocal(text.charCodeAt(start - 1))) start--;
  while (start < at && !isWordCharacter(text.charCodeAt(start))) start++;
  if (start === at) return undefined;
  const end = domainEnd(text, at + 1);
  return end === undefined ? undefined : { start, end, kind: 'email' };
}

export function isAt(code: number): boolean {
  return code === AT;
}

function isLocal(code: number): boolean {
  return isWordCharacter(code) || code === CODE_DOT || code === CODE_HYPHEN || LOCAL_MARKS.has(code);
}

/** The end of a domain: labels with at least one dot, the last of two characters or more that are no number. */
function domainEnd(text: Characters, start: number): number | undefined {
  const last = Math.min(text.length, start + MAX_DOMAIN_LENGTH);
  let end: number | undefined;
  let label = start;
  let isNumber = true;
  let dots = 0;
  let index = start;
  for (; index < last; index++) {
    const code = text.charCodeAt(index);
    if (code === CODE_DOT) {
      if (index === label) break;
      if (isEnd(index)) end = index;
      dots++;
      label = index + 1;
      isNumber = true;
    } else if (code === CODE_HYPHEN) {
      if (index === label) break;
    } else if (isWordCharacter(code) && code !== UNDERSCORE) {
      if (!isDigit(code)) isNumber = false;
    } else break;
  }
  return isEnd(index) ? index : end;

  function isEnd(at: number): boolean {
    return dots > 0 && at - label >= 2 && !isNumber;
  }
}
