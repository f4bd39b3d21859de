const REDACTED_URL_PART = 'REDACTED';

/** Names of parameters that give access, without case and punctuation: `Key-Pair-Id` is `keypairid`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'accessid',
  'auth',
  'awsaccesskeyid',
  'bearer',
  'code',
  'googleaccessid',
  'hdnea',
  'hdntl',
  'hdnts',
  'hm',
  'hmac',
  'jsessionid',
  'jwt',
  'key',
  'keypairid',
  'mac',
  'otp',
  'pass',
  'passphrase',
  'phpsessid',
  'pin',
  'pw',
  'pwd',
  'rlkey',
  'samlresponse',
  'session',
  'sessionid',
  'sid',
  'sig',
  'sign',
  'ticket',
  'verify',
]);
/** Suffixes of further names, such as `X-Amz-Security-Token`. `design` and `assign` are words. */
const SECRET_NAME_END =
  /(?:signature|(?<!de|as|call|con|re)sign|credentials?|assertion|token|secret|password|passwd|authorization|(?:access|api|app|auth|license|private|resource|secret|session|shared|subscription)key)$/;

/** Patterns for the beginning and name of a parameter, also as escaped in JSON and URLs, and for the end of its value. */
interface Parameters {
  readonly parameter: RegExp;
  readonly valueEnd: RegExp;
}
const IN_URL: Parameters = {
  parameter: /([?&#;]|\\u0026|%(?:26|3f|23|3b))([^=?&#;]{1,128}?)(?:=|%3d)/gi,
  valueEnd: /[&#]|\\u0026/g,
};
const IN_TEXT: Parameters = {
  parameter: /([?&#;]|\\u0026|%(?:26|3f|23|3b))([^\s=?&#;"'<>]{1,128}?)(?:=|%3d)/gi,
  valueEnd: /[\s&#"'<>]|\\u0026/g,
};
/** The end of a parameter in a URL that is itself the value of a parameter. */
const ESCAPED_VALUE_END = /[\s&#"'<>]|\\u0026|%26|%23/gi;

/** The delimiters of a URL's user name and password in a text. */
const DELIMITER = /[\s\\/?#"'<>]/;
const SLASHES = /[\\/]/;
/** The platform reads `https:/host` and `https:host` as `https://host`. */
const SPECIAL_SCHEME = /^(?:https?|wss?|ftp):/i;
const SPECIAL_SCHEME_BEFORE = /(?:https?|wss?|ftp):$/i;

/** The platform drops these before it reads a URL. */
const IGNORED = /^[\0-\x20]+|[\t\n\r]/g;
/** Everything before the host, in a text that should be a URL. */
const USER_OF_URL = /^((?:[a-z][a-z0-9+.-]*:)?[\\/]*)[^\\/?#]*@/i;
const USER_OF_BROKEN_URL = /^((?:[a-z][a-z0-9+.-]*:)?[\\/]+)[^\\/?#]*@/i;
/** The base for URLs without a scheme, such as `//host/path` or `/path`. */
const BASE = 'https://base.invalid';

/** Whether a parameter of this name, as written in the URL, gives access to something. */
export function isSecretParameter(name: string): boolean {
  const plain = decode(name)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_NAME_END.test(plain);
}

/** A URL on its own, without its user name and password, and with `REDACTED_URL_PART` for parameters that give access. */
export function urlWithoutSecrets(url: string): string {
  const read = url.replace(IGNORED, '');
  const shown = withoutParameters(withoutUser(read), IN_URL);
  return shown === read ? url : shown;
}

/** The same for the URLs that a text contains. Takes time in proportion to the length of the text. */
export function textWithoutUrlSecrets(text: string): string {
  return withoutParameters(text.includes('@') ? withoutUsers(text) : text, IN_TEXT);
}

/** The secrets that {@link urlWithoutSecrets} removes from a URL. */
export function secretsOfUrl(url: string): string[] {
  const parsed = parse(url);
  if (parsed === undefined) return [];
  const secrets = [parsed.password, parsed.username].map(decode);
  for (const [name, value] of parsed.searchParams) if (isSecretParameter(name)) secrets.push(value);
  return secrets.filter((secret) => secret !== '');
}

function withoutUser(url: string): string {
  const parsed = parse(url);
  if (parsed === undefined) return withoutUsers(url.replace(USER_OF_BROKEN_URL, '$1'));
  if (parsed.username === '' && parsed.password === '') return withoutUsers(url);
  parsed.username = parsed.password = '';
  const cut = url.replace(USER_OF_URL, '$1');
  const shown = parse(cut)?.href === parsed.href ? cut : parsed.href;
  return withoutUsers(shown);
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    // It may have no scheme.
  }
  try {
    return new URL(url, BASE);
  } catch {
    return undefined;
  }
}

/** Examines each `@` and the text directly before it, once. */
function withoutUsers(text: string): string {
  let shown = '';
  let done = 0;
  for (let at = text.indexOf('@'); at >= 0; ) {
    let start = at;
    while (start > done && !DELIMITER.test(text.charAt(start - 1))) start--;
    let last = at;
    let end = at + 1;
    for (; end < text.length && !DELIMITER.test(text.charAt(end)); end++)
      if (text.charAt(end) === '@') last = end;
    const user = startOfUser(text, start);
    if (user !== undefined && user < last) {
      shown += `${text.slice(done, user)}${REDACTED_URL_PART}`;
      done = last;
    }
    at = text.indexOf('@', end);
  }
  return shown + text.slice(done);
}

/** The start of the user name in the word that starts here; `undefined` if the word is not a URL. */
function startOfUser(text: string, start: number): number | undefined {
  let before = start;
  while (before > 0 && SLASHES.test(text.charAt(before - 1))) before--;
  const slashes = start - before;
  if (slashes > 1) return start;
  if (slashes === 1)
    return SPECIAL_SCHEME_BEFORE.test(text.slice(Math.max(0, before - 6), before)) ? start : undefined;
  const scheme = SPECIAL_SCHEME.exec(text.slice(start, start + 6))?.[0];
  return scheme === undefined ? undefined : start + scheme.length;
}

function withoutParameters(text: string, { parameter, valueEnd }: Parameters): string {
  let shown = '';
  let done = 0;
  parameter.lastIndex = 0;
  for (let found = parameter.exec(text); found !== null; found = parameter.exec(text)) {
    const [whole, separator = '', name = ''] = found;
    if (!isSecretParameter(name)) continue;
    const start = found.index + whole.length;
    const ends = separator.startsWith('%') ? ESCAPED_VALUE_END : valueEnd;
    ends.lastIndex = start;
    const end = ends.exec(text)?.index ?? text.length;
    shown += text.slice(done, start) + REDACTED_URL_PART;
    done = parameter.lastIndex = end;
  }
  return shown + text.slice(done);
}

/** Decodes up to three times: each server that passes a URL on may encode it again. */
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
