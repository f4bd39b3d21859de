import { NUMBERS, numbersIn } from './numbers.ts';
import { plainText } from './plain-text.ts';

/** The kinds with built-in patterns. */
export type MaskedKind = 'email' | 'phone' | 'card' | 'key';

/** What was found: the end is exclusive. */
export interface FoundSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: MaskedKind;
}

/** A part of a text that a recognizer reads. */
export interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where the last find ended that is not a number. */
  readonly from: number;
  readonly kinds: ReadonlySet<MaskedKind>;
}

interface Recognizer {
  readonly kinds: readonly MaskedKind[];
  /** A pattern of everything that is read at once. Whether or not it is masked, no part of it is read again. */
  readonly candidate: string;
  /** What is masked of a candidate. By default all of it. */
  readonly find?: (candidate: Candidate) => readonly FoundSpan[];
}

/** Beyond ASCII, only alphabets that separate words by spaces: up to Cyrillic. */
const ALPHABETIC = String.raw`A-Za-z\u00c0-\u052f`;
const LETTER = `${ALPHABETIC}0-9`;
const LOCAL = `${LETTER}_.%+'!#$&*=?^\`{|}~-`;
/** The last letter of an escape sequence in JSON or for a terminal is no part of the word after it. */
const WORD_START = String.raw`(?:(?<![${LETTER}])|(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})|\[[\d;]{0,22}[mK]))`;
const PEM_LABEL = '[A-Z ]{0,28}PRIVATE KEY-----';

/** Keys of model providers, clouds, code hosts and chat services. To find another one, add a row. */
const KEY_FORMATS: readonly string[] = [
  // OpenAI, Anthropic (`sk-ant-`), OpenRouter (`sk-or-`), Langfuse (`sk-lf-`) and others that copy OpenAI's format.
  String.raw`sk-[\w-]{16,}`,
  // Hugging Face, Groq, xAI, Perplexity, Replicate, sessions of OpenAI.
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
  // SendGrid: a full stop at the end is one of the sentence. DigitalOcean, Shopify.
  String.raw`SG\.[\w.-]{19,}[\w-]`,
  String.raw`(?:dop_v1_|shpat_|shpss_)[\w-]{20,}`,
];

const RECOGNIZERS: readonly Recognizer[] = [
  { kinds: ['key'], candidate: `(?=[AGSdghnprswxy])${WORD_START}(?:${KEY_FORMATS.join('|')})` },
  {
    // A JSON Web Token: three parts in base64.
    kinds: ['key'],
    candidate: String.raw`(?=e)${WORD_START}eyJ[\w-]*(?:\.[\w-]*){0,2}`,
    find: (candidate) => maskedAfter(candidate, 'key', /^(?=.{30})(?=.*\..*\.)/),
  },
  {
    // What follows `Bearer` or `Basic`, unless it is a word of prose.
    kinds: ['key'],
    candidate: String.raw`(?=[bB])${WORD_START}(?:${inAnyCase('bearer')}|${inAnyCase('basic')})[\s"':\\]{1,8}(?:(?=[\w.~+/-]*[\d=])[\w.~+/=-]{7,}[\w~+/=-])?`,
    find: (candidate) => maskedAfter(candidate, 'key', /^\w+[\s"':\\]+(?=.)/),
  },
  {
    // A private key up to its last line, or to the end of a text that was cut before it.
    kinds: ['key'],
    candidate: `-----BEGIN ${PEM_LABEL}[^]*?(?:-----END ${PEM_LABEL}|$)`,
  },
  {
    // The password in a URL, with the host, which needs no dot.
    kinds: ['email'],
    candidate: String.raw`:(?:\\?/){2}[^\s/?#"'<>\\:@]{0,256}:[^\s/?#"'<>\\]{1,1024}@(?:[${LETTER}_.-]{0,252}[${LETTER}_]|\[[\da-fA-F:.]{2,45}\])`,
    find: (candidate) => maskedAfter(candidate, 'email', /^:[\\/]+[^:]*:/),
  },
  {
    // A mail address around an `@`: labels with at least one dot, the last of two characters or more that are no number.
    // `git@github.com:…` is the address of a repository.
    kinds: ['email'],
    candidate: String.raw`@(?<!(?<![${LOCAL}])git@(?=[${LETTER}.-]+[:/]))(?:[${LETTER}][${LETTER}-]*\.)+(?=[\d-]*[${ALPHABETIC}])[${LETTER}][${LETTER}-]+`,
    find: addressAround,
  },
  { kinds: ['card', 'phone'], candidate: `(?=[\\d+(])${WORD_START}${NUMBERS}`, find: numbersIn },
];

/** The longest local part that mail servers accept. */
const MAX_LOCAL_LENGTH = 64;
const LOCAL_PART = new RegExp(`[${LETTER}_][${LOCAL}]*$`);

/** The recognizers of some kinds, and the candidates of all of them in one pattern. */
interface Search {
  readonly recognizers: readonly Recognizer[];
  readonly candidates: RegExp;
}

const searches = new Map<string, Search>();

function searchFor(kinds: ReadonlySet<MaskedKind>): Search {
  const name = [...kinds].sort().join();
  const known = searches.get(name);
  if (known !== undefined) return known;
  const recognizers = RECOGNIZERS.filter((recognizer) => recognizer.kinds.some((kind) => kinds.has(kind)));
  const candidates = new RegExp(recognizers.map(({ candidate }) => `(${candidate})`).join('|'), 'g');
  const search = { recognizers, candidates };
  searches.set(name, search);
  return search;
}

/**
 * Finds everything that is to be masked, in one pass: each search starts where the last candidate ended, or looks a bounded
 * number of characters back. The work grows with the length of the text, whatever it says.
 */
export function findPrivate(original: string, kinds: ReadonlySet<MaskedKind>): FoundSpan[] {
  const { recognizers, candidates } = searchFor(kinds);
  if (recognizers.length === 0) return [];
  const { text, positionOf } = plainText(original);
  const found: FoundSpan[] = [];
  let from = 0;
  candidates.lastIndex = 0;
  for (let match = candidates.exec(text); match !== null; match = candidates.exec(text)) {
    const { find = wholeCandidate } = recognizers[match.indexOf(match[0], 1) - 1] as Recognizer;
    const candidate = { text, start: match.index, end: candidates.lastIndex, from, kinds };
    for (const span of find(candidate)) {
      // Digits before an `@` may have been taken for a number.
      while ((found.at(-1)?.end ?? 0) > span.start) found.pop();
      found.push(span);
      if (span.kind === 'key' || span.kind === 'email') from = span.end;
    }
  }
  return found.map(({ start, end, kind }) => ({
    start: positionOf(start),
    end: positionOf(end - 1) + 1,
    kind,
  }));
}

function wholeCandidate({ start, end }: Candidate): FoundSpan[] {
  return [{ start, end, kind: 'key' }];
}

/** Masks what follows the head of a candidate, or nothing if it has no such head. */
function maskedAfter({ text, start, end }: Candidate, kind: MaskedKind, head: RegExp): FoundSpan[] {
  const found = head.exec(text.slice(start, end));
  return found === null ? [] : [{ start: start + found[0].length, end, kind }];
}

function addressAround({ text, start, end, from }: Candidate): FoundSpan[] {
  const local = LOCAL_PART.exec(text.slice(Math.max(from, start - MAX_LOCAL_LENGTH), start));
  return local === null ? [] : [{ start: start - local[0].length, end, kind: 'email' }];
}

function inAnyCase(word: string): string {
  return word.replace(/./g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
