import type { MaskedKind } from '../../config/config.ts';
import { isJsonWebToken, JSON_WEB_TOKEN, KEY, PRIVATE_KEY } from './key-formats.ts';

/** A part of a text that a name in brackets replaces. The end is exclusive. */
export interface MaskedSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where the last key or email address ended. The next email address cannot begin before that. */
  readonly from: number;
  readonly kinds: ReadonlySet<MaskedKind>;
}

interface Recognizer {
  readonly kinds: readonly [MaskedKind, ...MaskedKind[]];
  /** The pattern of a candidate. The search continues after the whole candidate, whether or not any of it is masked. */
  readonly candidate: string;
  /** Matches the start of candidates to mask. What follows it is masked as the first of `kinds`. */
  readonly head?: RegExp;
  /** Returns the parts of a candidate to mask, if a head does not suffice to find them. */
  readonly find?: (candidate: Candidate) => readonly MaskedSpan[];
}

/** Letters of ASCII, and of alphabets up to Cyrillic, which separate words by spaces. */
const ALPHABETIC = String.raw`A-Za-z\u00c0-\u052f`;
const LETTER = `${ALPHABETIC}0-9`;
const LOCAL = `${LETTER}_.%+'!#$&*=?^\`{|}~-`;
/** The ending of an image whose name gives its scale: `@2x.png`. */
const IMAGE = `(?:avif|gif|hei[cf]|jpe?g|pdf|png|svg|webp)(?![${LETTER}.-])`;
/** The start of a word, or the end of an escape sequence of JSON or a terminal, which may end in a letter. */
const WORD_START = String.raw`(?:(?<![${LETTER}])|(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})|\[[\d;]{0,22}[mK]))`;

/** Groups of digits, with the separators that may stand between them, such as `) - `. */
const NUMBERS = String.raw`[+(]{0,2}\d+(?:(?:[ .\-/)]{1,4}[+(]{0,2}|\()\d+)*`;

const RECOGNIZERS: readonly Recognizer[] = [
  { kinds: ['key'], candidate: `(?=[AGSdeghnprswxy])${WORD_START}${KEY}` },
  {
    kinds: ['key'],
    candidate: `(?=e)${WORD_START}${JSON_WEB_TOKEN}`,
    find: ({ text, start, end }) =>
      isJsonWebToken(text.slice(start, end)) ? [{ name: 'key', start, end }] : [],
  },
  {
    // The token after `Bearer` or `Basic`. It must have a digit or `=`, so that words of prose are not masked.
    kinds: ['key'],
    candidate: String.raw`(?=[bB])${WORD_START}(?:[bB][eE][aA][rR][eE][rR]|[bB][aA][sS][iI][cC])[\s"':\\]{1,8}(?:(?=[\w.~+/-]*[\d=])[\w.~+/=-]{7,}[\w~+/=-])?`,
    head: /^\w+[\s"':\\]+(?=.)/,
  },
  { kinds: ['key'], candidate: PRIVATE_KEY },
  {
    // The password in a URL, together with the host. Unlike the domain of a mail address, the host needs no dot.
    kinds: ['email'],
    candidate: String.raw`:(?:\\?/){2}[^\s/?#"'<>\\:@]{0,256}:[^\s/?#"'<>\\]{1,1024}@(?:[${LETTER}_.-]{0,252}[${LETTER}_]|\[[\da-fA-F:.]{2,45}\])`,
    head: /^:[\\/]+[^:]*:/,
  },
  {
    // A mail address, found by its `@`. The domain has at least one dot, and its last label begins with a letter. The
    // pattern leaves out `git@github.com:…`, a repository, `pkg@1.2.3-rc.x`, a version, and `img@2x.png`, a file.
    kinds: ['email'],
    candidate: String.raw`@(?<!(?<![${LOCAL}])git@(?=[${LETTER}.-]+[:/]))(?!\d+\.\d+[.-]|\d+(?:\.\d+)?x\.${IMAGE})(?:[${LETTER}][${LETTER}-]*\.)+[${ALPHABETIC}][${LETTER}-]+`,
    find: addressAround,
  },
  { kinds: ['card', 'phone'], candidate: `(?=[\\d+(])${WORD_START}${NUMBERS}`, find: numbersIn },
];

/** The longest local part that mail servers accept. */
const MAX_LOCAL_LENGTH = 64;
const LOCAL_PART = new RegExp(`[${LETTER}_][${LOCAL}]*$`);

export interface Search {
  readonly kinds: ReadonlySet<MaskedKind>;
  readonly recognizers: readonly Recognizer[];
  readonly candidates: RegExp;
}

const searches = new Map<string, Search>();

export function searchFor(kinds: ReadonlySet<MaskedKind>): Search {
  const name = [...kinds].join();
  const known = searches.get(name);
  if (known !== undefined) return known;
  const recognizers = RECOGNIZERS.filter((recognizer) => recognizer.kinds.some((kind) => kinds.has(kind)));
  const candidates = new RegExp(recognizers.map(({ candidate }) => `(${candidate})`).join('|'), 'g');
  const search = { kinds, recognizers, candidates };
  searches.set(name, search);
  return search;
}

/**
 * Finds everything that is to be masked, in one pass. It continues where the last candidate ended, and looks back a
 * bounded number of characters, so the work grows only with the length of the text, whatever it contains.
 */
export function findPrivate(original: string, { kinds, recognizers, candidates }: Search): MaskedSpan[] {
  if (recognizers.length === 0) return [];
  const { text, positionOf } = plainText(original);
  const found: MaskedSpan[] = [];
  let from = 0;
  candidates.lastIndex = 0;
  // Not `matchAll`, which copies the pattern for every text.
  for (let match = candidates.exec(text); match !== null; match = candidates.exec(text)) {
    const recognizer = recognizers[match.indexOf(match[0], 1) - 1] as Recognizer;
    const candidate = { text, start: match.index, end: match.index + match[0].length, from, kinds };
    for (const span of recognizer.find?.(candidate) ?? afterHead(recognizer, candidate)) {
      // Digits before an `@` may already have been found as a number. The mail address replaces that number.
      while ((found.at(-1)?.end ?? 0) > span.start) found.pop();
      found.push(span);
      if (recognizer.find !== numbersIn) from = span.end;
    }
  }
  return found.map(({ name, start, end }) => {
    return { name, start: positionOf(start), end: positionOf(end - 1) + 1 };
  });
}

function afterHead({ kinds: [name], head = /^/ }: Recognizer, { text, start, end }: Candidate): MaskedSpan[] {
  const found = head.exec(text.slice(start, end));
  return found === null ? [] : [{ name, start: start + found[0].length, end }];
}

function addressAround({ text, start, end, from }: Candidate): MaskedSpan[] {
  const local = LOCAL_PART.exec(text.slice(Math.max(from, start - MAX_LOCAL_LENGTH), start));
  return local === null ? [] : [{ name: 'email', start: start - local[0].length, end }];
}

const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * A text as a person sees it: without invisible characters, and with ASCII for characters that look like it.
 * `positionOf` returns where a character is in the original.
 */
function plainText(original: string): { readonly text: string; positionOf(index: number): number } {
  if (!/[^\0-\x7f]/.test(original)) return { text: original, positionOf: (index) => index };
  const whole = original
    .replace(SPACES, ' ')
    .replace(DASHES, '-')
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const text = whole.replace(INVISIBLE, '');
  if (text.length === whole.length) return { text, positionOf: (index) => index };
  const positions = new Uint32Array(text.length);
  for (let index = 0, next = 0; next < text.length; index++)
    if (whole[index] === text[next]) positions[next++] = index;
  return { text, positionOf: (index) => positions[index] ?? original.length };
}

/** Card numbers by issuer: their first digits, and how many digits follow. */
const CARD =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|2[2-7]\d{14}|3[47]\d{13}|35\d{14,17}|3[0689]\d{12,17}|5[1-5]\d{14}|5[0678]\d{11,17}|6\d{12,18})$/;

/** Formats of phone numbers. A space represents hyphens and parentheses, too. */
const PHONE_FORMATS: readonly RegExp[] = [
  // International: `+49 (0)30 123-4567`.
  /^\+\d(?:\D?\d){6,14}$/,
  // International with the prefix 00. No third zero follows, because ids are often padded with zeros.
  /^00 ?[1-9](?:\D?\d){7,12}$/,
  // North America: `(415) 555-2671`, `1 415 555 2671`.
  /^(?:1\D)?[2-9]\d\d\D[2-9]\d\d\D\d{4}$/,
  // National, with the leading zero of most countries: `030 1234567`, `0151/23456789`, `01.23.45.67.89`. Not dates.
  /^(?=0[1-9])(?!\d\d\D\d\d\D\d{4}(?!\d))(?=(?:\d\D?){9,13}$)\d+(?:(?: \d+)*(?: |\/)\d+(?: \d+)*|(?:\.\d+)+)$/,
  /^0[1-9]\d{8,11}$/,
];

interface NumberKind {
  readonly name: MaskedKind;
  readonly minDigits: number;
  /** How numbers of this kind begin. A space matches whatever separates the first two groups of digits. */
  readonly start: RegExp;
  /** Text right before the digits which shows that they are part of an id, a path or a decimal. */
  readonly before: RegExp;
  readonly matches: (digits: string, written: string) => boolean;
}

const NUMBER_KINDS: readonly NumberKind[] = [
  {
    name: 'card',
    minDigits: 13,
    start: /^\+?[2-6]/,
    before: /(?:\d\.|@)$/,
    // After a `+`, fewer than 16 digits are a phone number.
    matches: (digits, written) =>
      CARD.test(digits) && hasCheckDigit(digits) && !/[./]|^\+(?!(?:\D*\d){16})/.test(written),
  },
  {
    name: 'phone',
    minDigits: 7,
    start: /^(?:\+|0\d|(?:1 )?[2-9]\d\d(?!\d))/,
    before: /(?:\d\.|@|[A-Za-z0-9\u00c0-\u052f][#_/-]{1,2})$/,
    matches: (_, written) => PHONE_FORMATS.some((format) => format.test(written)),
  },
];

/** Whether the last digit is the check digit of Luhn's algorithm. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 1; index <= digits.length; index++) {
    const value = Number(digits[digits.length - index]) * (index % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

const GROUP = /([ .\-/)]*)([+(]*)(\d+)/g;
/** No card or phone number has more digits. */
const MAX_CARD_DIGITS = 19;

function numbersIn({ text, start, end, kinds }: Candidate): MaskedSpan[] {
  const textBefore = text.slice(Math.max(0, start - 3), start);
  const groups = groupsIn(text.slice(start, end), start);
  // If a letter follows, the last group is part of a word.
  if (/[A-Za-z\u00c0-\u052f]/.test(text.charAt(end))) groups.pop();
  const found: MaskedSpan[] = [];
  for (let index = 0; index < groups.length; index++) {
    if (!groups[index]?.isFirst) continue;
    const next = groups.slice(index, index + MAX_CARD_DIGITS);
    for (const kind of NUMBER_KINDS) {
      if (!kinds.has(kind.name) || (index === 0 && kind.before.test(textBefore))) continue;
      const length = lengthOf(kind, next);
      const [first, last] = [next[0], next[length - 1]];
      if (first === undefined || last === undefined) continue;
      // A `+` or `(` before the digits belongs to a phone number, but not to a card.
      found.push({ name: kind.name, start: kind.name === 'card' ? first.start : first.from, end: last.end });
      index += length - 1;
      break;
    }
  }
  return found;
}

type DigitGroup = ReturnType<typeof groupsIn>[number];

function groupsIn(candidate: string, offset: number) {
  return [...candidate.matchAll(GROUP)].map(({ index, 1: separator = '', 2: sign = '', 3: digits = '' }) => {
    const from = offset + index + separator.length;
    const start = from + sign.length;
    const plus = sign.includes('+');
    // Whether a number may begin here. Digits after a dot or hyphen belong to something longer.
    const isFirst = index === 0 || plus || separator.startsWith(' ');
    const mark = plus ? '+' : separator.includes('/') ? '/' : separator.includes('.') ? '.' : ' ';
    return { from, start, end: start + digits.length, digits, isFirst, mark };
  });
}

/** The number of groups that make up a number of this kind: as many as possible; 0 if there is none. */
function lengthOf({ minDigits, start, matches }: NumberKind, groups: readonly DigitGroup[]): number {
  const plus = groups[0]?.mark === '+' ? '+' : '';
  if (!start.test(`${plus}${groups[0]?.digits} ${groups[1]?.digits}`)) return 0;
  let written = plus;
  let digits = '';
  let length = 0;
  for (const [index, group] of groups.entries()) {
    digits += group.digits;
    if (digits.length > MAX_CARD_DIGITS || (index > 0 && group.mark === '+')) break;
    written += index > 0 ? group.mark + group.digits : group.digits;
    if (digits.length >= minDigits && matches(digits, written)) length = index + 1;
  }
  return length;
}
