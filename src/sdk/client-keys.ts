import { keepNewest } from '../util/bounded-map.ts';
import { field, fieldsOf } from '../util/payload.ts';
import { platform } from '../util/platform.ts';
import { isSecretName, isTokenName } from '../util/secret-names.ts';
import { isSecretParameter, secretsOfUrl } from '../util/url-secrets.ts';

/** Shorter texts are not keys: removing them would only make a text unreadable. */
const MIN_KEY_LENGTH = 4;
/** Shorter parts of a header with several values are not keys, such as `dark` in the cookie `theme=dark`. */
const MIN_PART_LENGTH = 8;
const KEY_FIELDS = ['apiKey', 'adminAPIKey', 'webhookSecret'] as const;
/** Further names of headers whose values are keys. */
const KEY_HEADER = /(?<!idempotency[-_])key(?![a-z])|cookie|[-_]auth$/i;
/** Texts that programs pass as a key to servers without keys. An error message may contain these words. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'dummy EMPTY empty fake key lm-studio no-key none None not-needed null ollama placeholder test unused'.split(
    ' ',
  ),
);

export interface AnsweredRequest {
  readonly client: object;
  /** The request as it was sent last, with every key that the program, the SDK or a provider added. */
  readonly attempts: {
    readonly last: { readonly sentURL: unknown; readonly sentHeaders: unknown } | undefined;
  };
}

/** The newest clients. Their keys are removed even from an error outside of a call. */
const clients = new Set<WeakRef<object>>();
let answeredRequest: AnsweredRequest | undefined;
/** The keys in use, while one answer is read: it may report a thousand errors, and many clients may be remembered. */
let keysWhileReading: readonly string[] | undefined;

/**
 * Sets the request whose answer is being read. {@link keysInUse} includes its keys even if its client is no
 * longer remembered.
 *
 * @returns the request that was set before
 */
export function nowReading(request: AnsweredRequest | undefined): AnsweredRequest | undefined {
  const before = answeredRequest;
  answeredRequest = request;
  keysWhileReading = undefined;
  return before;
}

/** Copies no keys and does not keep the client alive. */
export function rememberClient(client: object): void {
  keepNewest(clients.add(new platform.WeakRef(client)));
}

/** Longest first. The keys are read anew for each answer, and outside of one at each call. */
export function keysInUse(): readonly string[] {
  if (keysWhileReading !== undefined) return keysWhileReading;
  const keys = new Set<string>();
  if (answeredRequest !== undefined) {
    addClientKeys(keys, answeredRequest.client);
    const { last } = answeredRequest.attempts;
    addHeaderKeys(keys, last?.sentHeaders);
    addUrlKeys(keys, last?.sentURL);
  }
  for (const held of clients) {
    const client = held.deref();
    if (client !== undefined) addClientKeys(keys, client);
  }
  const sorted = [...keys].sort((a, b) => b.length - a.length);
  if (answeredRequest !== undefined) keysWhileReading = sorted;
  return sorted;
}

function addClientKeys(keys: Set<string>, client: object): void {
  for (const name of KEY_FIELDS) addKey(keys, field(client, name));
  const options = field(client, '_options');
  addHeaderKeys(keys, field(options, 'defaultHeaders'));
  addQueryKeys(keys, field(options, 'defaultQuery'));
  addUrlKeys(keys, field(client, 'baseURL'));
}

function addUrlKeys(keys: Set<string>, url: unknown): void {
  if (typeof url === 'string') for (const secret of secretsOfUrl(url)) addKey(keys, secret);
}

function addQueryKeys(keys: Set<string>, query: unknown): void {
  for (const name of Object.keys(fieldsOf(query)))
    if (isSecretParameter(name)) addKey(keys, field(query, name));
}

/** Adds the keys in headers: a plain object, a list of pairs, a `Headers`, or an SDK object that has one. */
function addHeaderKeys(keys: Set<string>, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null) return;
  const add = (name: unknown, value: unknown): void => {
    const given = String(name);
    if (KEY_HEADER.test(given) || isSecretName(given) || isTokenName(given))
      for (const key of keysOfHeader(value)) addKey(keys, key);
  };
  try {
    const holder = field(headers, 'values');
    const list = typeof holder === 'object' && holder !== null ? holder : headers;
    const pairs = Symbol.iterator in list ? (list as Iterable<unknown>) : Object.entries(list);
    for (const pair of pairs) add(field(pair, 0), field(pair, 1));
  } catch {
    // Headers that cannot be read were not sent.
  }
}

/** The credentials of a header: what follows its scheme, the parts of a cookie, the password of `Basic`. */
function keysOfHeader(value: unknown): string[] {
  if (typeof value !== 'string') return [];
  const [, scheme = '', rest = value] = /^\s*(?:(\w+)\s+)?(\S.*)$/.exec(value) ?? [];
  if (/^basic$/i.test(scheme)) return [rest, ...decoded(rest)];
  const parts = rest.includes('=') ? rest.split(/[;,]\s*/).map(valueOfPair) : [];
  return [rest, ...parts.filter(({ length }) => length >= MIN_PART_LENGTH)];
}

function valueOfPair(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1);
}

function decoded(base64: string): string[] {
  try {
    const text = atob(base64);
    return [text, text.slice(text.indexOf(':') + 1)];
  } catch {
    return [];
  }
}

function addKey(keys: Set<string>, key: unknown): void {
  const text = typeof key === 'string' ? key.trim() : '';
  if (text.length >= MIN_KEY_LENGTH && !PLACEHOLDERS.has(text)) keys.add(text);
}
