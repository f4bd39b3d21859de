const GAP = '[-_. ]?';
const KEY_OWNERS =
  'access|account|admin|api|app|auth|client|decryption|encryption|license|master|private|resource|root|service|session|shared|signing|ssh|storage|subscription|webhook';

/**
 * Matches what marks a name as that of a secret, in any spelling: `apiKey`, `API_KEY`, `api key`. Letters may stand before
 * and after it: `dbPasswordHash`. Arguments, error texts, headers and URLs have no other list.
 */
export const SECRET_NAME: string = `(?:${[
  `(?:${KEY_OWNERS})${GAP}keys?(?!board|note|word)`,
  'secret(?!ar[iy])',
  `passw(?:or)?d|passwort|pass${GAP}(?:phrase|code|key)`,
  '(?<=[a-z\\d][-_]?)pwd|(?<=[a-z\\d][-_])pass(?![a-z])',
  'authori[sz]ation',
  'credential',
  `cookie${GAP}(?:header|jar|string|value)|cookies?(?![\\w-])`,
  `shared${GAP}access${GAP}signature`,
].join('|')})`;

/** Matches the names of tokens that may go on after `token`: `accessTokenValue`. A number beside them is a count. */
export const TOKEN_NAME: string = `(?:access|api|auth|bearer|csrf|(?<![a-z])id|refresh|security|session|xsrf)${GAP}tokens?`;

const SECRET = new RegExp(`${SECRET_NAME}|(?:^|db|smtp|user)pass$`, 'i');
const TOKEN = new RegExp(`${TOKEN_NAME}|token\\d{0,3}$`, 'i');

/** Last words of names that only describe a secret: `password_changed_at`, `tokenType`. */
const DESCRIBING: ReadonlySet<string> = new Set(
  'at count enabled endpoint expired expires expiry format in length name policy required status type'.split(
    ' ',
  ),
);
const NAME_PART_BORDER = /[-_. ]|(?<=[a-z\d])(?=[A-Z])/;
/** Longer texts are not names. */
const MAX_SECRET_NAME_LENGTH = 256;

export function isSecretName(name: string): boolean {
  return isNamedLike(SECRET, name);
}

export function isTokenName(name: string): boolean {
  return isNamedLike(TOKEN, name);
}

export function describesSecret(name: string): boolean {
  return DESCRIBING.has(name.split(NAME_PART_BORDER).at(-1)?.toLowerCase() ?? '');
}

function isNamedLike(pattern: RegExp, name: string): boolean {
  return name.length <= MAX_SECRET_NAME_LENGTH && pattern.test(name) && !describesSecret(name);
}
