import { searchedStart } from './cut-text.ts';
import { isSecretName } from './secret-names.ts';

const REDACTED_URL_PART = 'REDACTED';
/** Longer URLs are cut, so that the megabytes of a `data:` URL are not searched. */
const MAX_URL_LENGTH = 16_384;

/** Names of parameters that give access, in lower case and without punctuation: `Key-Pair-Id` is `keypairid`. */
const SECRET_PARAMETER =
  /^(?:accessid|auth|awsaccesskeyid|bearer|code|googleaccessid|hdnea|hdntl|hdnts|hm|hmac|jsessionid|jwt|key|keypairid|mac|otp|pass|passphrase|phpsessid|pin|pw|pwd|rlkey|samlresponse|session|sessionid|sid|sig|sign|ticket|verify)$/;
/** Suffixes of further names, such as `X-Amz-Security-Token`. Words such as `design` and `assign` do not count. */
const SECRET_PARAMETER_END = /(?:signature|(?<!de|as|call|con|re)sign|assertion|token)$/;

/** Matches the delimiter, name and `=` of a parameter. They may be escaped, as in JSON or in another URL. */
const PARAMETER = /([?&#;]|\\u0026|%(?:26|3f|23|3b))([^\s=?&#;"'<>]{1,128}?)(?:=|%3d)/gi;
/** What ends the value of a parameter: in a URL, in a text, and in a URL that is itself the value of a parameter. */
const VALUE_END_IN_URL = /[&#]|\\u0026/g;
const VALUE_END_IN_TEXT = /[\s&#"'<>]|\\u0026/g;
const ESCAPED_VALUE_END = /[\s&#"'<>]|\\u0026|%26|%23/gi;

/**
 * Matches a user name with a password, and the slashes or the scheme before it. The platform reads
 * `https:/host` and `https:host` as `https://host`. Takes linear time: no two matches begin in the same word.
 */
const USER =
  /((?<![\\/])[\\/]{2,}|(?<=(?:https?|wss?|ftp):)[\\/](?![\\/])|(?<![^\s?#"'<>])(?:https?|wss?|ftp):)[^\s\\/?#"'<>]+(?=@)/gi;

/** The start of a URL that was cut within its user name and password. */
const ONLY_USER = /^[^\\/]*(?:[\\/]+[^\\/?#]*)?$/;
/** The base for URLs without a scheme, such as `//host/path` or `/path`. */
const BASE = 'https://base.invalid';

export function isSecretParameter(name: string): boolean {
  const decoded = decode(name);
  const plain = decoded.toLowerCase().replace(/[^a-z0-9]/g, '');
  return isSecretName(decoded) || SECRET_PARAMETER.test(plain) || SECRET_PARAMETER_END.test(plain);
}

/**
 * Removes the user name and password from a URL, and replaces the values of parameters that give access by
 * `REDACTED`. If the URL has any of these, the rest is normalized.
 */
export function urlWithoutSecrets(url: string): string {
  const shown = searchedStart(url, MAX_URL_LENGTH, withoutSecretParts);
  if (url.length <= MAX_URL_LENGTH) return shown;
  return ONLY_USER.test(shown) ? '…' : `${shown}…`;
}

function withoutSecretParts(url: string): string {
  const parsed = parse(url);
  if (parsed === undefined) return textWithoutUrlSecrets(url);
  const { href } = parsed;
  parsed.username = parsed.password = '';
  const shown = withoutParameters(withoutUsers(parsed.href), VALUE_END_IN_URL);
  if (shown === href) return url;
  return shown.startsWith(BASE) ? shown.slice(BASE.length) : shown;
}

/** Removes secrets from the URLs in a text. Takes linear time. */
export function textWithoutUrlSecrets(text: string): string {
  return withoutParameters(text.includes('@') ? withoutUsers(text) : text, VALUE_END_IN_TEXT);
}

/** The user name, the password and the values of parameters that give access. */
export function secretsOfUrl(url: string): string[] {
  const parsed = parse(url);
  if (parsed === undefined) return [];
  const secrets = [parsed.password, parsed.username].map(decode);
  for (const [name, value] of parsed.searchParams) if (isSecretParameter(name)) secrets.push(value);
  return secrets.filter((secret) => secret !== '');
}

function parse(url: string): URL | undefined {
  if (URL.canParse(url)) return new URL(url);
  return URL.canParse(url, BASE) ? new URL(url, BASE) : undefined;
}

function withoutUsers(text: string): string {
  return text.replace(USER, `$1${REDACTED_URL_PART}`);
}

function withoutParameters(text: string, valueEnd: RegExp): string {
  let shown = '';
  let done = 0;
  PARAMETER.lastIndex = 0;
  for (let found = PARAMETER.exec(text); found !== null; found = PARAMETER.exec(text)) {
    const [whole, separator = '', name = ''] = found;
    if (!isSecretParameter(name)) continue;
    const start = found.index + whole.length;
    const ends = separator.startsWith('%') ? ESCAPED_VALUE_END : valueEnd;
    ends.lastIndex = start;
    const end = ends.exec(text)?.index ?? text.length;
    shown += text.slice(done, start) + REDACTED_URL_PART;
    done = PARAMETER.lastIndex = end;
  }
  return shown + text.slice(done);
}

/** Decodes a text up to three times: each server that passes a URL on may have encoded it again. */
function decode(text: string): string {
  let decoded = text;
  for (let times = 0; times < 3 && decoded.includes('%'); times++) {
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      break;
    }
  }
  return decoded;
}
