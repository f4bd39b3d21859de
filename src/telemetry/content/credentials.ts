import { keysInUse } from '../../sdk/client-keys.ts';
import { searchedStart } from '../../util/cut-text.ts';
import { textWithoutUrlSecrets } from '../../util/url-secrets.ts';
import { KEY, PRIVATE_KEY } from '../masking/key-formats.ts';

const REDACTED = 'REDACTED';

const MAX_ERROR_LENGTH = 16_384;
/** A shorter key is removed only where it is a whole word, because it may be a part of ordinary words. */
const MIN_EMBEDDED_LENGTH = 8;

/** A text without any of these contains no recognisable secret. */
const SUSPICIOUS = new RegExp(`sk-|[:=@]|%3d|bearer|basic|eyJ|PRIVATE KEY|${KEY}`, 'i');

/** Matches right after an escape sequence of JSON or a terminal, even if the sequence ends in a letter. */
const AFTER_ESCAPE = /(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})|\[[\d;]{0,22}[mK])/.source;

/**
 * Recognises secrets by their prefix or by the word before them. Each pattern takes linear time. The pattern
 * for passwords is last: a password may contain anything, even an escaped line break and `Bearer` after it.
 */
const SECRETS: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [atWordStart(/sk-[\w-]{3,}/g), `sk-${REDACTED}`],
  [atWordStart(new RegExp(KEY, 'g')), REDACTED],
  [new RegExp(PRIVATE_KEY, 'g'), REDACTED],
  // A JSON Web Token. Its first part has a limit: in `eyJ-eyJ-…`, each word could begin a match to the end.
  [atWordStart(/eyJ[\w-]{8,1024}\.[\w-]{8,}\.[\w-]*/g), REDACTED],
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
  [
    // A number after `token` is not a secret but a count, as in `costPerToken: 0.1`.
    /((?:api[-_ ]?key|authorization|passw(?:or)?d|secret|(?:private|access)[-_ ]?key|token(?==(?![\d.]+(?!\w)))|["'\w-]token(?!\W{1,8}[\d.]+(?!\w)))[\\"']{0,4}(?: provided)?\s{0,3}[:=]\s{0,3}[\\"']{0,4}(?:(?:Bearer|Basic|Token)\s{1,3})?)(?!Bearer|Basic|sk-)[^\s"',;&]+/gi,
    `$1${REDACTED}`,
  ],
];

/** An authorization scheme and whatever follows it. Too broad for prose, so only for errors and for whole texts. */
const SCHEME = atWordStart(/(Bearer|Basic)\s{1,3}(?:(?!\\[nrt])[^\s"',;])+/gi);
const AUTHORIZATION = /^(Bearer|Basic)\s+\S+$/i;

const SECRET_NAME =
  /api[-_]?key|authorization|passw(?:or)?d|passphrase|secret|(?:private|access)[-_]?key|(?:cookie|credential)s?$/i;
const TOKEN_NAME = /token$/i;

export function withoutSecrets(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const shown = SECRETS.reduce(
    (rest, [pattern, by]) => rest.replace(pattern, by),
    textWithoutUrlSecrets(text),
  );
  return shown.replace(AUTHORIZATION, `$1 ${REDACTED}`);
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
 * Returns the replacement for a member whose name marks it as secret, else `undefined`. A member whose name ends in
 * `token` may also be a count, or a piece of text that has a `logprob`.
 */
export function redactedMember(holder: object, name: string, value: unknown): string | undefined {
  const token = TOKEN_NAME.test(name) && !/number|boolean/.test(typeof value) && !('logprob' in holder);
  return token || SECRET_NAME.test(name) ? REDACTED : undefined;
}
