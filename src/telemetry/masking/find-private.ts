import type { MaskedKind } from '../../config/config.ts';

/** A part of a text that a name in brackets replaces. The end is exclusive. */
export interface MaskedSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A part of a text that matches the pattern of a recognizer. */
interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where the last key or email address ended. The next email address cannot begin before it. */
  readonly from: number;
  readonly kinds: ReadonlySet<MaskedKind>;
}

interface Recognizer {
  readonly kinds: readonly [MaskedKind, ...MaskedKind[]];
  /** The pattern of a candidate. The search continues after the whole candidate, whether or not any of it is masked. */
  readonly candidate: string;
  /** How a candidate begins that is masked. All after this head is masked, as the first of the kinds. Default: no head. */
  readonly head?: RegExp;
  /** Returns the parts of a candidate to mask, if there is more to it. */
  readonly find?: (candidate: Candidate) => readonly MaskedSpan[];
}

/** Letters of ASCII, and of alphabets up to Cyrillic, which separate words by spaces. */
const ALPHABETIC = String.raw`A-Za-z\u00c0-\u052f`;
const LETTER = `${ALPHABETIC}0-9`;
const LOCAL = `${LETTER}_.%+'!#$&*=?^\`{|}~-`;
/** The start of a word. An escape sequence of JSON or a terminal may precede it: its last letter is not part of it. */
const WORD_START = String.raw`(?:(?<![${LETTER}])|(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})|\[[\d;]{0,22}[mK]))`;
const PEM_LABEL = '[A-Z ]{0,28}PRIVATE KEY-----';

/** Keys of model providers, clouds, code hosts and chat services. To find another one, add a row. */
const KEY_FORMATS: readonly string[] = [
  // OpenAI, Anthropic (`sk-ant-`), OpenRouter (`sk-or-`), Langfuse (`sk-lf-`) and others that copy OpenAI's format.
  String.raw`sk-[\w-]{16,}`,
  // Hugging Face, Groq, xAI, Perplexity, Replicate, and sessions of OpenAI.
  String.raw`(?:hf_|gsk_|xai-|pplx-|r8_|sess-)[\w-]{20,}`,
  // Stripe.
  String.raw`(?:[sr]k_(?:live|test)_|whsec_)[\w-]{16,}`,
  // GitHub, GitLab, npm, PyPI.
  String.raw`(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-)[\w-]{20,}`,
  // AWS: the key id. The secret key has no format.
  String.raw`A[KS]IA[\w-]{16,}`,
  // Google: API keys and access tokens.
  String.raw`(?:AIza|ya29\.)[\w-]{20,}`,
  // Slack.
  String.raw`(?:xox[bpars]-|xapp-)[\w-]{10,}`,
  // SendGrid. A trailing full stop belongs to the sentence, not the key.
  String.raw`SG\.[\w.-]{19,}[\w-]`,
  // DigitalOcean and Shopify.
  String.raw`(?:dop_v1_|shpat_|shpss_)[\w-]{20,}`,
];

/** Groups of digits, with the separators that may stand between them, such as `) - `. */
const NUMBERS = String.raw`[+(]{0,2}\d+(?:(?:[ .\-/)]{1,4}[+(]{0,2}|\()\d+)*`;

const RECOGNIZERS: readonly Recognizer[] = [
  { kinds: ['key'], candidate: `(?=[AGSdghnprswxy])${WORD_START}(?:${KEY_FORMATS.join('|')})` },
  {
    // A JSON Web Token: three parts in base64.
    kinds: ['key'],
    candidate: String.raw`(?=e)${WORD_START}eyJ[\w-]*(?:\.[\w-]*){0,2}`,
    head: /^(?=.{30})(?=.*\..*\.)/,
  },
  {
    // The token after `Bearer` or `Basic`. It must have a digit or `=`, so that words of prose are not masked.
    kinds: ['key'],
    candidate: String.raw`(?=[bB])${WORD_START}(?:${inAnyCase('bearer')}|${inAnyCase('basic')})[\s"':\\]{1,8}(?:(?=[\w.~+/-]*[\d=])[\w.~+/=-]{7,}[\w~+/=-])?`,
    head: /^\w+[\s"':\\]+(?=.)/,
  },
  {
    // A private key up to its last line, or to the end of a text that was cut before it.
    kinds: ['key'],
    candidate: `-----BEGIN ${PEM_LABEL}[^]*?(?:-----END ${PEM_LABEL}|$)`,
  },
  {
    // The password in a URL, together with the host. Unlike the domain of a mail address, the host needs no dot.
    kinds: ['email'],
    candidate: String.raw`:(?:\\?/){2}[^\s/?#"'<>\\:@]{0,256}:[^\s/?#"'<>\\]{1,1024}@(?:[${LETTER}_.-]{0,252}[${LETTER}_]|\[[\da-fA-F:.]{2,45}\])`,
    head: /^:[\\/]+[^:]*:/,
  },
  {
    // A mail address, found by its `@`. The domain has at least one dot, and its last label has two or more characters
    // that are not just digits. Not `git@github.com:…`, which is the address of a repository.
    kinds: ['email'],
    candidate: String.raw`@(?<!(?<![${LOCAL}])git@(?=[${LETTER}.-]+[:/]))(?:[${LETTER}][${LETTER}-]*\.)+(?=[\d-]*[${ALPHABETIC}])[${LETTER}][${LETTER}-]+`,
    find: addressAround,
  },
  { kinds: ['card', 'phone'], candidate: `(?=[\\d+(])${WORD_START}${NUMBERS}`, find: numbersIn },
];

/** The longest local part that mail servers accept. */
const MAX_LOCAL_LENGTH = 64;
const LOCAL_PART = new RegExp(`[${LETTER}_][${LOCAL}]*$`);

/** What finds a set of kinds: the recognizers of these, and one pattern that combines their candidates. */
export interface Search {
  readonly kinds: ReadonlySet<MaskedKind>;
  readonly recognizers: readonly Recognizer[];
  readonly candidates: RegExp;
}

const searches = new Map<string, Search>();

export function searchFor(kinds: ReadonlySet<MaskedKind>): Search {
  const name = [...kinds].sort().join();
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
  const { text, positions } = plainText(original);
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
  if (positions === undefined) return found;
  const positionOf = (index: number): number => positions[index] ?? original.length;
  return found.map(({ name, start, end }) => ({
    name,
    start: positionOf(start),
    end: positionOf(end - 1) + 1,
  }));
}

function afterHead({ kinds: [name], head = /^/ }: Recognizer, { text, start, end }: Candidate): MaskedSpan[] {
  const found = head.exec(text.slice(start, end));
  return found === null ? [] : [{ name, start: start + found[0].length, end }];
}

function addressAround({ text, start, end, from }: Candidate): MaskedSpan[] {
  const local = LOCAL_PART.exec(text.slice(Math.max(from, start - MAX_LOCAL_LENGTH), start));
  return local === null ? [] : [{ name: 'email', start: start - local[0].length, end }];
}

function inAnyCase(word: string): string {
  return word.replace(/./g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const FULL_WIDTH_OFFSET = 0xfee0;
/** Marks without a width. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/**
 * A text as a person sees it: with ASCII characters for those that look like them, and without what is invisible. If
 * characters are left out, `positions` has the position in the original of each that is left.
 */
function plainText(original: string): { readonly text: string; readonly positions?: Uint32Array } {
  if (!/[^\0-\x7f]/.test(original)) return { text: original };
  const whole = original
    .replace(SPACES, ' ')
    .replace(DASHES, '-')
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_OFFSET));
  const text = whole.replace(INVISIBLE, '');
  if (text.length === whole.length) return { text };
  const positions = new Uint32Array(text.length);
  for (let index = 0, next = 0; next < text.length; index++)
    if (whole[index] === text[next]) positions[next++] = index;
  return { text, positions };
}

const GROUP = /([ .\-/)]*)([+(]*)(\d+)/g;

/** The first digits of the cards of each issuer, and how many follow. */
const CARD =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|2[2-7]\d{14}|3[47]\d{13}|35\d{14,17}|3[0689]\d{12,17}|5[1-5]\d{14}|5[0678]\d{11,17}|6\d{12,18})$/;
const MIN_CARD_DIGITS = 13;
const MAX_CARD_DIGITS = 19;
/** After a `+`, fewer digits are a phone number. */
const MIN_CARD_DIGITS_AFTER_PLUS = 16;

/** Formats of phone numbers. A space represents hyphens and parentheses, too. */
const PHONE_FORMATS: readonly RegExp[] = [
  // International: `+49 (0)30 123-4567`.
  /^\+\d(?:\D?\d){6,14}$/,
  // International with the prefix 00. No third zero follows, because ids are often padded with zeros.
  /^00 ?[1-9](?:\D?\d){7,12}$/,
  // North America: `(415) 555-2671`, `1 415 555 2671`.
  /^(?:1\D)?[2-9]\d\d\D[2-9]\d\d\D\d{4}$/,
  // National, with the leading zero of most countries: `030 1234567`, `0151/23456789`, `01.23.45.67.89`. Not dates.
  /^(?!\d\d\D\d\d\D\d{4}(?!\d))(?=(?:\d\D?){9,13}$)0[1-9]\d*(?:(?: \d+)*(?: |\/)\d+(?: \d+)*|(?:\.\d+)+)$/,
  /^0[1-9]\d{8,11}$/,
];
/** How the first two groups of digits begin in all of these formats except the first. */
const PHONE_START = /^(?:0\d|(?:1 )?[2-9]\d\d(?!\d))/;
const MAX_PHONE_DIGITS = 15;

/** Digits without anything between them. */
interface DigitGroup {
  /** Where a mask begins: at a `+` or `(` before the digits. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  /** Whether a number may begin here. Digits after a dot or hyphen belong to something longer, such as a decimal. */
  readonly isFirst: boolean;
  /** What stands before the digits: a space represents hyphens and parentheses, too. */
  readonly mark: '+' | '.' | '/' | ' ';
}

/** Text right before or after digits which shows that they are part of an id, a path, a decimal or a word. */
const BEFORE = { card: /[.@]$/, phone: /(?:[.@]|[A-Za-z0-9\u00c0-\u052f][#_/-]{1,2})$/ };
const AFTER = { card: /^[A-Za-z\u00c0-\u052f]/, phone: /^_?[A-Za-z\u00c0-\u052f]/ };
const LENGTH_OF = { card: cardLength, phone: phoneLength };

/** Finds cards and phone numbers in digits, with what may stand between them. */
function numbersIn({ text, start, end, kinds }: Candidate): MaskedSpan[] {
  const textBefore = text.slice(Math.max(0, start - 3), start);
  const textAfter = text.slice(end, end + 2);
  const groups = groupsIn(text.slice(start, end), start);
  const found: MaskedSpan[] = [];
  for (let index = 0; index < groups.length; index++) {
    const first = groups[index] as DigitGroup;
    if (!first.isFirst) continue;
    // More groups are not needed: each has at least one digit, and no number has more digits than a card.
    const next = groups.slice(index, index + MAX_CARD_DIGITS);
    const isEnd = index + next.length === groups.length;
    for (const kind of ['card', 'phone'] as const) {
      if (!kinds.has(kind) || (index === 0 && BEFORE[kind].test(textBefore))) continue;
      // Letters after the last digit: the last group is part of a word.
      const whole = isEnd && AFTER[kind].test(textAfter) ? next.slice(0, -1) : next;
      const last = next[LENGTH_OF[kind](whole) - 1];
      if (last === undefined) continue;
      found.push({ name: kind, start: kind === 'card' ? first.start : first.from, end: last.end });
      index += next.indexOf(last);
      break;
    }
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
      // Luhn's check digit: each further digit swaps the digits that are doubled with those that are not.
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
