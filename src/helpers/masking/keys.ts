import {
  type Characters,
  CODE_DOT,
  CODE_HYPHEN,
  type FoundSpan,
  isDigit,
  isLower,
  isUpper,
} from './characters.ts';

/** Keys that begin with a known prefix. */
interface KeyFormat {
  readonly prefixes: readonly string[];
  /** The characters that follow at least. */
  readonly min: number;
  /** Other characters besides letters, digits, `_` and `-`. */
  readonly also?: string;
}

/** Keys of model providers, clouds, code hosts and chat services. To find another one, add a row. */
const FORMATS: readonly KeyFormat[] = [
  // OpenAI, Anthropic (`sk-ant-`), OpenRouter (`sk-or-`), Langfuse (`sk-lf-`) and others that copy OpenAI's format.
  { prefixes: ['sk-'], min: 16 },
  // Hugging Face, Groq, xAI, Perplexity, Replicate, sessions of OpenAI.
  { prefixes: ['hf_', 'gsk_', 'xai-', 'pplx-', 'r8_', 'sess-'], min: 20 },
  // Stripe.
  { prefixes: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'], min: 16 },
  // GitHub, GitLab, npm, PyPI.
  { prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'npm_', 'pypi-'], min: 20 },
  // AWS: the key id. The secret key has no format.
  { prefixes: ['AKIA', 'ASIA'], min: 16 },
  // Google: API keys and access tokens.
  { prefixes: ['AIza', 'ya29.'], min: 20 },
  // Slack.
  { prefixes: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xapp-'], min: 10 },
  // SendGrid, DigitalOcean, Shopify.
  { prefixes: ['SG.'], min: 20, also: '.' },
  { prefixes: ['dop_v1_', 'shpat_', 'shpss_'], min: 20 },
];

interface PrefixedKey extends Omit<KeyFormat, 'prefixes'> {
  readonly prefix: string;
}

/** The formats by the first character of their prefixes. */
let formats: ReadonlyMap<number, readonly PrefixedKey[]> | undefined;

function formatsByFirst(): ReadonlyMap<number, readonly PrefixedKey[]> {
  const byFirst = new Map<number, PrefixedKey[]>();
  for (const { prefixes, ...rest } of FORMATS) {
    for (const prefix of prefixes) {
      const first = prefix.charCodeAt(0);
      byFirst.set(first, [...(byFirst.get(first) ?? []), { prefix, ...rest }]);
    }
  }
  return byFirst;
}

const JWT = 'eyJ';
/** The first characters of a private key in PEM format. */
const PEM_BEGIN = '-----BEGIN ';
const PEM_END = '-----END ';
const PRIVATE_KEY = 'PRIVATE KEY-----';
/** The longest kind: `ENCRYPTED PRIVATE KEY`. */
const MAX_PEM_LABEL_LENGTH = 40;
const SCHEMES = ['bearer', 'basic'];
const MIN_JWT_LENGTH = 30;
const MIN_SCHEME_TOKEN_LENGTH = 8;

/** A key, or how far the text was read without finding one. */
export type KeySearch = FoundSpan | { readonly read: number } | undefined;

/** Looks for a key that starts here, at the beginning of a word. */
export function secretKeyAt(text: Characters, start: number, code: number): KeySearch {
  if (code === CODE_HYPHEN) return privateKeyAt(text, start);
  formats ??= formatsByFirst();
  for (const { prefix, min, also = '' } of formats.get(code) ?? []) {
    if (!startsWith(text, prefix, start)) continue;
    const end = tokenEnd(text, start + prefix.length, also, min);
    if (end !== undefined) return { start, end, kind: 'key' };
  }
  if (code === 0x65) return jwtAt(text, start);
  return code === 0x42 || code === 0x62 ? authorizationAt(text, start) : undefined;
}

/** The end of a token; `undefined` if it is too short, in which case no more than its minimum was read. */
function tokenEnd(text: Characters, start: number, also: string, min: number): number | undefined {
  let end = start;
  while (end < text.length && isToken(text.charCodeAt(end), also)) end++;
  // A full stop ends a sentence.
  while (end > start && also.includes('.') && text.charCodeAt(end - 1) === CODE_DOT) end--;
  return end - start < min ? undefined : end;
}

function isToken(code: number, also: string): boolean {
  return (
    isLower(code) ||
    isUpper(code) ||
    isDigit(code) ||
    code === 0x5f ||
    code === CODE_HYPHEN ||
    (also !== '' && also.includes(String.fromCharCode(code)))
  );
}

/** Three parts in base64, separated by dots. */
function jwtAt(text: Characters, start: number): KeySearch {
  if (!startsWith(text, JWT, start)) return undefined;
  let end = start;
  let dots = 0;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === CODE_DOT && dots < 2) dots++;
    else if (!isToken(code, '')) break;
  }
  const isJwt = dots === 2 && end - start >= MIN_JWT_LENGTH;
  return isJwt ? { start, end, kind: 'key' } : { read: end };
}

/** What follows `Bearer` or `Basic`, unless it is a word of prose. */
function authorizationAt(text: Characters, start: number): KeySearch {
  const scheme = SCHEMES.find((name) => startsWithLetters(text, name, start));
  if (scheme === undefined || text.charCodeAt(start + scheme.length) !== 0x20) return undefined;
  const first = start + scheme.length + 1;
  let end = first;
  let hasDigit = false;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (isDigit(code) || code === 0x3d) hasDigit = true;
    else if (!isToken(code, '.~+/')) break;
  }
  while (end > first && text.charCodeAt(end - 1) === CODE_DOT) end--;
  return hasDigit && end - first >= MIN_SCHEME_TOKEN_LENGTH
    ? { start: first, end, kind: 'key' }
    : { read: first };
}

/** A private key up to its last line, or to the end of a text that was cut before it. */
function privateKeyAt(text: Characters, start: number): KeySearch {
  if (!startsWith(text, PEM_BEGIN, start)) return undefined;
  if (labelEnd(text, start + PEM_BEGIN.length) === undefined) return undefined;
  for (let index = start + PEM_BEGIN.length; index < text.length; index++) {
    if (text.charCodeAt(index) !== CODE_HYPHEN || !startsWith(text, PEM_END, index)) continue;
    const end = labelEnd(text, index + PEM_END.length);
    if (end !== undefined) return { start, end, kind: 'key' };
  }
  return { start, end: text.length, kind: 'key' };
}

/** The end of `RSA PRIVATE KEY-----`. */
function labelEnd(text: Characters, start: number): number | undefined {
  for (let index = start; index < Math.min(text.length, start + MAX_PEM_LABEL_LENGTH); index++) {
    const code = text.charCodeAt(index);
    if (code === 0x50 && startsWith(text, PRIVATE_KEY, index)) return index + PRIVATE_KEY.length;
    if (!isUpper(code) && code !== 0x20) return undefined;
  }
  return undefined;
}

function startsWith(text: Characters, prefix: string, start: number): boolean {
  for (let index = 0; index < prefix.length; index++)
    if (text.charCodeAt(start + index) !== prefix.charCodeAt(index)) return false;
  return true;
}

/** The same in any case. */
function startsWithLetters(text: Characters, prefix: string, start: number): boolean {
  for (let index = 0; index < prefix.length; index++)
    if ((text.charCodeAt(start + index) | 0x20) !== prefix.charCodeAt(index)) return false;
  return true;
}
