import {
  type Characters,
  CODE_DOT,
  CODE_HYPHEN,
  type FoundSpan,
  isDigit,
  isWordCharacter,
} from './characters.ts';

/** Digits without anything between them. */
interface DigitGroup {
  /** Where a mask begins: at a `+` or `(` before the digits. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly plus: boolean;
  /** What stands between the group before and this one: its first character, or 0. */
  readonly separator: number;
}

const PLUS = 0x2b;
const OPENING = 0x28;
const NUMBER_SLASH = 0x2f;
const SPACE = 0x20;
const NO_BREAK_SPACE = 0xa0;
const ZERO = 0x30;
/** Space, no-break space, hyphen, dot, slash, closing parenthesis. */
const SEPARATORS: ReadonlySet<number> = new Set([
  SPACE,
  NO_BREAK_SPACE,
  CODE_HYPHEN,
  CODE_DOT,
  NUMBER_SLASH,
  0x29,
]);
const CARD_SEPARATORS: ReadonlySet<number> = new Set([SPACE, NO_BREAK_SPACE, CODE_HYPHEN]);
/** A number does not begin after these: it is part of something else. */
const BEFORE_PART: ReadonlySet<number> = new Set([CODE_DOT, CODE_HYPHEN, NUMBER_SLASH, 0x23, 0x40]);

const MIN_CARD_DIGITS = 13;
const MAX_CARD_DIGITS = 19;
const MIN_INTERNATIONAL_DIGITS = 7;
const MIN_NATIONAL_DIGITS = 9;
const MAX_NATIONAL_DIGITS = 13;
const MIN_UNSEPARATED_DIGITS = 10;
const MAX_PHONE_DIGITS = 15;

/** Whether a number may start here, at the beginning of a word. */
export function startsNumber(text: Characters, index: number, code: number): boolean {
  if (!isDigit(code) && code !== PLUS && code !== OPENING) return false;
  return index === 0 || !BEFORE_PART.has(text.charCodeAt(index - 1));
}

/**
 * Looks for cards and phone numbers in the digits that start here, with what may stand between them.
 *
 * @returns where the digits end
 */
export function numbersAt(
  text: Characters,
  start: number,
  kinds: ReadonlySet<string>,
  found: FoundSpan[],
): number {
  const groups = groupsAt(text, start);
  const last = groups.at(-1);
  if (last === undefined) return start + 1;
  // Letters after the last digit: the last group is part of a word.
  const usable =
    last.end < text.length && isWordCharacter(text.charCodeAt(last.end)) ? groups.length - 1 : groups.length;
  for (let index = 0; index < usable; ) {
    const first = groups[index] as DigitGroup;
    // The digits after a dot or hyphen are the rest of something, such as a decimal.
    const isFirst =
      index === 0 || first.plus || first.separator === SPACE || first.separator === NO_BREAK_SPACE;
    const card = isFirst && kinds.has('card') ? cardFrom(text, groups, index, usable) : 0;
    const phone = isFirst && card === 0 && kinds.has('phone') ? phoneFrom(text, groups, index, usable) : 0;
    const count = card + phone;
    if (count > 0) {
      const end = (groups[index + count - 1] as DigitGroup).end;
      found.push({ start: card > 0 ? first.start : first.from, end, kind: card > 0 ? 'card' : 'phone' });
    }
    index += Math.max(1, count);
  }
  return last.end;
}

function groupsAt(text: Characters, start: number): DigitGroup[] {
  const groups: DigitGroup[] = [];
  let index = start;
  let separator = 0;
  for (;;) {
    const from = index;
    const plus = text.charCodeAt(index) === PLUS;
    if (plus) index++;
    if (text.charCodeAt(index) === OPENING) index++;
    const first = index;
    while (index < text.length && isDigit(text.charCodeAt(index))) index++;
    if (index === first) return groups;
    groups.push({ from, start: first, end: index, plus, separator });
    separator = text.charCodeAt(index);
    // `) ` and ` (` are two characters, `) - ` and longer ones separate numbers.
    if (!SEPARATORS.has(separator) && separator !== OPENING) return groups;
    if (separator !== OPENING) index++;
    if (SEPARATORS.has(text.charCodeAt(index))) index++;
  }
}

/** The number of groups that make up a card number: the longest one with a valid check digit; 0 if there is none. */
function cardFrom(text: Characters, groups: readonly DigitGroup[], index: number, usable: number): number {
  let digits = 0;
  let count = 0;
  let [sum, otherSum] = [0, 0];
  const [first, second] = leadingDigits(text, groups, index);
  for (let at = index; at < usable; at++) {
    const { start, end, separator, plus } = groups[at] as DigitGroup;
    const before = at === index ? start : (groups[at - 1] as DigitGroup).end + 1;
    if (plus || (at > index && (!CARD_SEPARATORS.has(separator) || before !== start))) break;
    digits += end - start;
    if (digits > MAX_CARD_DIGITS) break;
    for (let position = start; position < end; position++) {
      const digit = text.charCodeAt(position) - ZERO;
      // With each further digit, those that were doubled are not, and the other way round.
      [sum, otherSum] = [otherSum + digit, sum + (digit > 4 ? digit * 2 - 9 : digit * 2)];
    }
    if (sum % 10 === 0 && isIssued(first, second, digits)) count = at - index + 1;
  }
  return count;
}

function leadingDigits(text: Characters, groups: readonly DigitGroup[], index: number): [number, number] {
  const { start, end } = groups[index] as DigitGroup;
  const next = end - start > 1 ? start + 1 : (groups[index + 1]?.start ?? start);
  return [text.charCodeAt(start) - ZERO, text.charCodeAt(next) - ZERO];
}

/** Whether cards with these first digits have so many. */
function isIssued(first: number, second: number, digits: number): boolean {
  if (digits < MIN_CARD_DIGITS) return false;
  if (first === 4) return digits === 13 || digits === 16 || digits === 19;
  if (first === 2) return digits === 16 && second >= 2 && second <= 7;
  if (first === 3) {
    if (second === 4 || second === 7) return digits === 15;
    return second === 5 ? digits >= 16 : digits >= 14 && [0, 6, 8, 9].includes(second);
  }
  if (first === 5) return (second >= 1 && second <= 5 && digits === 16) || [0, 6, 7, 8].includes(second);
  return first === 6;
}

/** The number of groups that make up a phone number: as many as possible; 0 if there is none. */
function phoneFrom(text: Characters, groups: readonly DigitGroup[], index: number, usable: number): number {
  const first = groups[index] as DigitGroup;
  let digits = 0;
  let count = 0;
  for (let at = index; at < usable; at++) {
    const { start, end, plus } = groups[at] as DigitGroup;
    if (plus && at > index) break;
    digits += end - start;
    if (digits > MAX_PHONE_DIGITS) break;
    const length = at - index + 1;
    if (
      first.plus
        ? digits >= MIN_INTERNATIONAL_DIGITS
        : isNorthAmerican(text, groups, index, length) || isNational(text, groups, index, length, digits)
    )
      count = length;
  }
  return count;
}

/** `415-555-2671`, `(415) 555-2671`, `1 415 555 2671`. */
function isNorthAmerican(
  text: Characters,
  groups: readonly DigitGroup[],
  index: number,
  length: number,
): boolean {
  const hasCountry = length === 4;
  if (length !== 3 && !hasCountry) return false;
  if (hasCountry && !isOne(text, groups[index] as DigitGroup)) return false;
  const [area, exchange, line] = groups.slice(hasCountry ? index + 1 : index, index + length);
  if (area === undefined || exchange === undefined || line === undefined) return false;
  return (
    area.end - area.start === 3 &&
    exchange.end - exchange.start === 3 &&
    line.end - line.start === 4 &&
    text.charCodeAt(area.start) > ZERO + 1 &&
    text.charCodeAt(exchange.start) > ZERO + 1
  );
}

function isOne(text: Characters, { start, end }: DigitGroup): boolean {
  return end - start === 1 && text.charCodeAt(start) === ZERO + 1;
}

/** Numbers with the leading zero of most countries: `030 1234567`, `01 23 45 67 89`, `0151/23456789`. No dates. */
function isNational(
  text: Characters,
  groups: readonly DigitGroup[],
  index: number,
  length: number,
  digits: number,
): boolean {
  const { start, end } = groups[index] as DigitGroup;
  if (text.charCodeAt(start) !== ZERO || end - start < 2) return false;
  const isAbroad = text.charCodeAt(start + 1) === ZERO;
  // Ids are often filled up with zeros.
  const third = end - start > 2 ? start + 2 : groups[index + 1]?.start;
  if (isAbroad && (third === undefined || text.charCodeAt(third) === ZERO)) return false;
  if (length === 1) return digits >= MIN_UNSEPARATED_DIGITS && (isAbroad || digits <= MAX_NATIONAL_DIGITS);
  if (digits < MIN_NATIONAL_DIGITS || (digits > MAX_NATIONAL_DIGITS && !isAbroad)) return false;
  const parts = groups.slice(index, index + length);
  if (parts.filter(({ separator }, at) => at > 0 && separator === NUMBER_SLASH).length > 1) return false;
  const dots = parts.filter(({ separator }, at) => at > 0 && separator === CODE_DOT).length;
  if (dots > 0 && dots < length - 1) return false;
  const isDate = [2, 2, 4].every((size, at) => {
    const part = parts[at];
    return part !== undefined && part.end - part.start === size;
  });
  return !isDate;
}
