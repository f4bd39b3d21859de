import { keysInUse } from '../../sdk/client-keys.ts';
import { searchedStart } from '../../util/cut-text.ts';
import {
  describesSecret,
  isSecretName,
  isTokenName,
  SECRET_NAME,
  TOKEN_NAME,
} from '../../util/secret-names.ts';
import { textWithoutUrlSecrets } from '../../util/url-secrets.ts';
import { isJsonWebToken, JSON_WEB_TOKEN, KEY, PRIVATE_KEY } from '../masking/key-formats.ts';

const REDACTED = 'REDACTED';

const MAX_ERROR_LENGTH = 16_384;
/** A shorter key is removed only where it is a whole word, because it may be a part of ordinary words. */
const MIN_EMBEDDED_LENGTH = 8;

/** A text without any of these contains no recognisable secret. */
const SUSPICIOUS = new RegExp(`sk-|[:=@]|%3d|bearer|basic|eyJ|PRIVATE KEY|${KEY}`, 'i');

/** Matches right after an escape sequence of JSON or a terminal, even if the sequence ends in a letter. */
const AFTER_ESCAPE = /(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})|\[[\d;]{0,22}[mK])/.source;

/** Recognises secrets by their format or by the scheme before them. Each pattern takes linear time. */
const SECRETS: readonly (readonly [pattern: RegExp, shown: string | ((found: string) => string)])[] = [
  [atWordStart(/sk-[\w-]{3,}/g), `sk-${REDACTED}`],
  [atWordStart(new RegExp(KEY, 'g')), REDACTED],
  [new RegExp(PRIVATE_KEY, 'g'), REDACTED],
  [atWordStart(new RegExp(JSON_WEB_TOKEN, 'g')), (token) => (isJsonWebToken(token) ? REDACTED : token)],
  // Leaves prose such as "the bearer of" and "Basic JavaScript": a token is not a plain word, and base64
  // mixes small letters and capitals.
  [
    atWordStart(
      /(BEARER|[Bb]earer)\s{1,3}(?![A-Z]?[a-z]{1,19}[.,;:!?)]{0,3}(?:\s|$))(?:(?!\\[nrt])[^\s"',;])+/g,
    ),
    `$1 ${REDACTED}`,
  ],
  [
    atWordStart(/(BASIC|[Bb]asic)\s{1,3}(?=[\w+/]*(?:[\d=]|[a-z][A-Z]\w*[a-z][A-Z]))[\w+/]{8,}={0,2}/g),
    `$1 ${REDACTED}`,
  ],
];

/** An authorization scheme and whatever follows it. Too broad for prose, so only for errors and for whole texts. */
const SCHEME = atWordStart(/(Bearer|Basic)\s{1,3}(?:(?!\\[nrt])[^\s"',;])+/gi);
const AUTHORIZATION = /^(Bearer|Basic)\s+\S+$/i;

/** A number after the name of a token is not a secret but a count, as in `costPerToken: 0.1`. */
const NO_NUMBER = /(?!\W{1,8}[\d.,]+(?!\w))/.source;
/** In prose, only what looks like a token: not the `abc` of `Unexpected token: abc`. */
const BARE_TOKEN =
  /(?<!\w|expected )token(?=\s{0,3}[:=]\s{0,3}[\\"']{0,4}(?=[^\s"',;]{0,64}?\d)[^\s"',;]{8})(?!\W{1,8}[\d.,]+(?!\w))/
    .source;
const SCHEMES = 'Bearer|Basic|Token|Digest|Negotiate|NTLM|OAuth|DPoP|ApiKey|SharedKey|AWS4-HMAC-SHA256';
/** Matches the name of a secret and all that stands before its value: `{\"api key\": \"`, `Authorization: Bearer `. */
const NAMED_SECRET = new RegExp(
  `(${SECRET_NAME}[\\w-]{0,64}|${TOKEN_NAME}[\\w-]{0,64}${NO_NUMBER}|token(?==)${NO_NUMBER}|${BARE_TOKEN}|(?<=["'\\w-])token\\d{0,3}${NO_NUMBER})` +
    `[\\\\"'\\]]{0,4}(?: provided)?\\s{0,3}[:=]{1,3}>?\\s{0,3}(\\\\{0,3}["'\`]?)((?:${SCHEMES})\\s{1,3})?` +
    `(?!sk-${REDACTED}|(?:Bearer|Basic|true|false|null|none|undefined)(?:[\\s"',;&)}\\]]|$))`,
  'gi',
);
/** Names and schemes after which a value without quotes goes on to the end of its line. */
const LONG_NAME = /cookie/i;
const LONG_SCHEME = /^(?:Digest|AWS4)/i;
const VALUE_LINE_END = /[\r\n]/g;
const VALUE_END = /[\s"',;&]/g;

export function withoutSecrets(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const shown = SECRETS.reduce(
    (rest, [pattern, by]) => rest.replace(pattern, by as string),
    textWithoutUrlSecrets(text),
  );
  // Comes last: a password may contain anything, even an escaped line break and `Bearer` after it.
  return withoutNamedSecrets(shown).replace(AUTHORIZATION, `$1 ${REDACTED}`);
}

/** Removes the values of secrets that the text names. Takes linear time: the search goes on after each value. */
function withoutNamedSecrets(text: string): string {
  let shown = '';
  let done = 0;
  NAMED_SECRET.lastIndex = 0;
  for (let found = NAMED_SECRET.exec(text); found !== null; found = NAMED_SECRET.exec(text)) {
    const [whole, name = '', opening = '', scheme = ''] = found;
    const start = found.index + whole.length;
    const end = describesSecret(name)
      ? start
      : endOfValue(text, start, opening, LONG_NAME.test(name) || LONG_SCHEME.test(scheme));
    if (end === start) continue;
    shown += text.slice(done, start) + REDACTED;
    done = NAMED_SECRET.lastIndex = end;
  }
  return shown + text.slice(done);
}

/** @param opening the quote before the value, with its backslashes. Inside the value, quotes have more of them */
function endOfValue(text: string, start: number, opening: string, isLine: boolean): number {
  const quote = opening.at(-1) ?? '';
  if (quote !== '' && quote !== '\\') {
    let end = text.indexOf(quote, start);
    while (end > start && text.slice(end - opening.length, end) === '\\'.repeat(opening.length))
      end = text.indexOf(quote, end + 1);
    return end < 0 ? text.length : end;
  }
  if (text[start] === '{' || text[start] === '[') return endOfBrackets(text, start);
  return indexOfNext(isLine ? VALUE_LINE_END : VALUE_END, text, start);
}

/** Returns where an object or a list in JSON ends; the end of the text if it was cut. */
function endOfBrackets(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return index + 1;
  }
  return text.length;
}

function indexOfNext(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.exec(text)?.index ?? text.length;
}

/**
 * Removes keys and passwords from the text of an error. Some servers repeat them: "Incorrect API key provided: …".
 * Consent to record content does not extend to secrets. Keys of the program's own clients are removed anywhere in the
 * text. Other secrets are recognised by their format or by the words before them.
 */
export function withoutCredentials(text: string, keys: readonly string[] = keysInUse()): string {
  return searchedStart(text, MAX_ERROR_LENGTH, (start) =>
    withoutSecrets(withoutKeys(start, keys)).replace(SCHEME, `$1 ${REDACTED}`),
  );
}

/** By a list of keys: all forms in which a text may contain them, each with the key. An answer may report many errors. */
const FORMS = new WeakMap<readonly string[], readonly (readonly [form: string, key: string])[]>();

/** @param keys the longest first, because one key may be part of another */
function withoutKeys(text: string, keys: readonly string[]): string {
  const forms =
    FORMS.get(keys) ?? keys.flatMap((key) => [...formsOf(key)].map((form) => [form, key] as const));
  FORMS.set(keys, forms);
  let shown = text;
  for (const [form, key] of forms) {
    if (form.length > shown.length || !shown.includes(form)) continue;
    shown =
      key.length < MIN_EMBEDDED_LENGTH
        ? shown.replace(wholeWord(form), REDACTED)
        : shown.replaceAll(form, REDACTED);
  }
  return shown;
}

function formsOf(key: string): Iterable<string> {
  return /^[\w.-]+$/.test(key) ? [key] : new Set([key, JSON.stringify(key).slice(1, -1), inUrl(key)]);
}

function inUrl(key: string): string {
  try {
    return encodeURIComponent(key);
  } catch {
    return key;
  }
}

function wholeWord(form: string): RegExp {
  const start = `(?:(?<![\\w-])|${AFTER_ESCAPE})`;
  return new RegExp(`${start}${form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\w-])`, 'g');
}

/** An underscore begins a word, too, as in Markdown. */
function atWordStart({ source, flags }: RegExp): RegExp {
  return new RegExp(`(?:(?<![A-Za-z\\d])|${AFTER_ESCAPE})${source}`, flags);
}

/**
 * Returns the replacement for a member whose name marks it as secret, else `undefined`. A boolean is not a secret. A
 * member whose name is that of a token may also be a count, or a piece of text that has a `logprob`.
 */
export function redactedMember(holder: object, name: string, value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  const isToken = typeof value !== 'number' && !('logprob' in holder) && isTokenName(name);
  return isToken || isSecretName(name) ? REDACTED : undefined;
}
