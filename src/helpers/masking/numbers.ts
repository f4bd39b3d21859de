import type { Candidate, FoundSpan } from './find-private.ts';

/** Digits with all that may stand between them, such as `) - `. */
export const NUMBERS: string = String.raw`[+(]{0,2}\d+(?:(?:[ .\-/)]{1,4}[+(]{0,2}|\()\d+)*`;
const GROUP = /([ .\-/)]*)([+(]*)(\d+)/g;

/** The first digits of the cards of each issuer, and how many follow. */
const CARD =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|2[2-7]\d{14}|3[47]\d{13}|35\d{14,17}|3[0689]\d{12,17}|5[1-5]\d{14}|5[0678]\d{11,17}|6\d{12,18})$/;
const MIN_CARD_DIGITS = 13;
const MAX_CARD_DIGITS = 19;
/** With a `+` before it, a shorter one is a phone number. */
const MIN_CARD_DIGITS_AFTER_PLUS = 16;

/** Formats of phone numbers. A space stands for hyphens and parentheses, too. */
const PHONE_FORMATS: readonly RegExp[] = [
  // International: `+49 (0)30 123-4567`.
  /^\+\d(?:\D?\d){6,14}$/,
  // The same with the prefix 00. Ids are often filled up with zeros.
  /^00 ?[1-9](?:\D?\d){7,12}$/,
  // North America: `(415) 555-2671`, `1 415 555 2671`.
  /^(?:1\D)?[2-9]\d\d\D[2-9]\d\d\D\d{4}$/,
  // With the leading zero of most countries: `030 1234567`, `0151/23456789`, `01.23.45.67.89`. No dates.
  /^(?!\d\d\D\d\d\D\d{4}(?!\d))(?=(?:\d\D?){9,13}$)0[1-9]\d*(?:(?: \d+)*(?: |\/)\d+(?: \d+)*|(?:\.\d+)+)$/,
  /^0[1-9]\d{8,11}$/,
];
/** The first two groups of all formats but the first. */
const PHONE_START = /^(?:0\d|(?:1 )?[2-9]\d\d(?!\d))/;
const MAX_PHONE_DIGITS = 15;

/** What stands before and after digits that are part of an id, a path, a decimal or a word. */
const BEFORE = { card: /[.@]$/, phone: /(?:[.@]|[A-Za-z0-9\u00c0-\u052f][#_/-]{1,2})$/ };
const AFTER = { card: /^[A-Za-z\u00c0-\u052f]/, phone: /^_?[A-Za-z\u00c0-\u052f]/ };

/** Digits without anything between them. */
interface DigitGroup {
  /** Where a mask begins: at a `+` or `(` before the digits. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  /** Whether a number may begin here. The digits after a dot or hyphen are the rest of something, such as a decimal. */
  readonly isFirst: boolean;
  /** What stands before the digits: a space stands for hyphens and parentheses, too. */
  readonly mark: '+' | '.' | '/' | ' ';
}

/** Finds cards and phone numbers in digits, with what may stand between them. */
export function numbersIn({ text, start, end, kinds }: Candidate): FoundSpan[] {
  const before = text.slice(Math.max(0, start - 3), start);
  const after = text.slice(end, end + 2);
  const groups = groupsIn(text.slice(start, end), start);
  const found: FoundSpan[] = [];
  for (let index = 0; index < groups.length; ) {
    const first = groups[index] as DigitGroup;
    // Each group has a digit, and no number has more.
    const next = groups.slice(index, index + MAX_CARD_DIGITS);
    const isEnd = index + next.length === groups.length;
    const lengthOf = (kind: 'card' | 'phone', measure: (groups: readonly DigitGroup[]) => number): number => {
      if (!kinds.has(kind) || !first.isFirst || (index === 0 && BEFORE[kind].test(before))) return 0;
      // Letters after the last digit: the last group is part of a word.
      return measure(isEnd && AFTER[kind].test(after) ? next.slice(0, -1) : next);
    };
    const card = lengthOf('card', cardLength);
    const phone = card > 0 ? 0 : lengthOf('phone', phoneLength);
    const last = next[card + phone - 1];
    if (last !== undefined && card > 0) found.push({ start: first.start, end: last.end, kind: 'card' });
    if (last !== undefined && phone > 0) found.push({ start: first.from, end: last.end, kind: 'phone' });
    index += Math.max(1, card + phone);
  }
  return found;
}

function groupsIn(candidate: string, offset: number): DigitGroup[] {
  const groups: DigitGroup[] = [];
  for (const { index, 1: separator = '', 2: sign = '', 3: digits = '' } of candidate.matchAll(GROUP)) {
    const from = offset + index + separator.length;
    const start = from + sign.length;
    const plus = sign.includes('+');
    const isFirst = index === 0 || plus || separator.startsWith(' ');
    const mark = plus ? '+' : separator.includes('/') ? '/' : separator.includes('.') ? '.' : ' ';
    groups.push({ from, start, end: start + digits.length, digits, isFirst, mark });
  }
  return groups;
}

/** The number of groups that make up a card number: the longest one with a valid check digit; 0 if there is none. */
function cardLength(groups: readonly DigitGroup[]): number {
  const min = groups[0]?.mark === '+' ? MIN_CARD_DIGITS_AFTER_PLUS : MIN_CARD_DIGITS;
  let digits = '';
  let length = 0;
  let [sum, otherSum] = [0, 0];
  for (const [index, group] of groups.entries()) {
    digits += group.digits;
    if (digits.length > MAX_CARD_DIGITS || (index > 0 && group.mark !== ' ')) break;
    for (let at = 0; at < group.digits.length; at++) {
      const digit = Number(group.digits[at]);
      // With each further digit, those that were doubled are not, and the other way round.
      [sum, otherSum] = [otherSum + digit, sum + (digit > 4 ? digit * 2 - 9 : digit * 2)];
    }
    if (sum % 10 === 0 && digits.length >= min && CARD.test(digits)) length = index + 1;
  }
  return length;
}

/** The number of groups that make up a phone number: as many as possible; 0 if there is none. */
function phoneLength(groups: readonly DigitGroup[]): number {
  if (groups[0]?.mark !== '+' && !PHONE_START.test(`${groups[0]?.digits} ${groups[1]?.digits}`)) return 0;
  let written = '';
  let digits = 0;
  let length = 0;
  for (const [index, group] of groups.entries()) {
    if (index > 0 && group.mark === '+') break;
    digits += group.digits.length;
    if (digits > MAX_PHONE_DIGITS) break;
    written += index > 0 || group.mark === '+' ? group.mark + group.digits : group.digits;
    if (PHONE_FORMATS.some((format) => format.test(written))) length = index + 1;
  }
  return length;
}
