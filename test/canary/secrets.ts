/**
 * Secrets that are planted in what the program sends and gets, each with the place where it stands, so that a
 * leak says at once what has leaked.
 */

/** What is never recorded: keys, authorization, cookies, credentials. Everything else needs consent. */
export type Kind = 'content' | 'credential';

interface Planted {
  readonly place: string;
  readonly kind: Kind;
}

/** Fields whose values are always recorded (ids, models, statuses, types, names): their texts stay as they are. */
const RECORDED =
  /^(id|.+_id|.+_ids|object|type|status|role|model|finish_reason|event|service_tier|system_fingerprint|reason|version|include|embedding|server_label|namespace)$/;

/** Objects whose `name` is that of a tool or an agent. */
function isNamed(holder: Readonly<Record<string, unknown>>, key: string | undefined): boolean {
  const { type, object } = holder;
  const tools = [
    'function',
    'function_call',
    'custom',
    'custom_tool_call',
    'mcp_call',
    'mcp_approval_request',
  ];
  return (
    ['function', 'custom', 'function_call', 'tools', 'agent', 'subagent'].includes(key ?? '') ||
    tools.includes(String(type)) ||
    /^(assistant|(.+\.)?(sub)?agent)$/.test(String(object))
  );
}

export class Secrets {
  readonly #planted = new Map<string, Planted>();

  /** A new secret that stands at a place: letters and digits, so that every encoding leaves it as it is. */
  make(place: string, kind: Kind = 'content'): string {
    const secret = `canary${kind === 'content' ? 'c' : 'k'}${this.#planted.size}z`;
    this.#planted.set(secret, { place, kind });
    return secret;
  }

  /** The secret of a place that has only one, however often the program says it. */
  once(place: string): string {
    const known = this.places().find(([, planted]) => planted.place === place);
    return known?.[0] ?? this.make(place);
  }

  /** The value with a secret in place of every text that is not always recorded. */
  plant<Value>(value: Value, place: string): Value {
    return this.#plant(value, place, undefined, {}) as Value;
  }

  places(): readonly (readonly [secret: string, planted: Planted])[] {
    return [...this.#planted];
  }

  /** The places whose secrets are in a text, whole, cut or in base64. */
  foundIn(text: string, kinds: readonly Kind[]): string[] {
    const found = new Set<string>();
    for (const [secret] of text.matchAll(/canary[ck]\d+z/gi)) {
      const planted = this.#planted.get(secret.toLowerCase());
      if (planted === undefined || kinds.includes(planted.kind)) found.add(planted?.place ?? secret);
    }
    for (const start of ENCODED) if (text.includes(start) && kinds.includes('content')) found.add('base64');
    return [...found];
  }

  #plant(
    value: unknown,
    place: string,
    key: string | undefined,
    holder: Readonly<Record<string, unknown>>,
  ): unknown {
    if (typeof value === 'string') return this.#text(value, place, key, holder);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      if (key?.endsWith('_ids')) return value;
      return value.map((item, index) => this.#plant(item, `${place}[${index}]`, key, value as never));
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    const parent = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(parent).map(([name, item]) => {
        const planted =
          name === 'name' && isNamed(parent, key)
            ? item
            : this.#plant(item, `${place}.${name}`, name, parent);
        // The program's own keys are its own words.
        const word = ['metadata', 'variables'].includes(key ?? '') ? this.make(`${place}.(key)`) : name;
        return [word, planted];
      }),
    );
  }

  #text(
    value: string,
    place: string,
    key: string | undefined,
    holder: Readonly<Record<string, unknown>>,
  ): string {
    // Of an error both may be any word that its server likes.
    const isCode = (key === 'code' || key === 'type') && 'message' in holder && holder.type !== 'error';
    if (!isCode && key !== undefined && !key.includes(' ') && RECORDED.test(key)) return value;
    if (key === 'b64_json' || key === 'data' || key === 'audio' || key === 'image_base64')
      return Buffer.from(this.make(place)).toString('base64');
    if (value.startsWith('data:'))
      return `data:image/png;base64,${Buffer.from(this.make(place)).toString('base64')}`;
    if (key === 'authorization' || key === 'key') return this.make(place, 'credential');
    if (/^https?:/.test(value)) {
      const password = this.make(`${place} password`, 'credential');
      const signature = this.make(`${place} signature`, 'credential');
      // Each in another of the ways that the platform reads.
      const write = URLS[this.#planted.size % URLS.length] as (typeof URLS)[number];
      return write(`user:${password}@${this.make(place)}.example/image.png`, signature);
    }
    if (/^[{[]/.test(value)) {
      try {
        return JSON.stringify(this.plant(JSON.parse(value), place));
      } catch {
        // A piece of JSON is a text like any other.
      }
    }
    return this.make(place);
  }
}

/** URLs with a user, a password and a signature. */
const URLS: readonly ((rest: string, signature: string) => string)[] = [
  (rest, signature) => `https://${rest}?sig=${signature}`,
  (rest, signature) => ` https://${rest}?%73ig=${signature}`,
  (rest, signature) => `//${rest}?a=1;sig=${signature}`,
  (rest, signature) => `https:\\\\${rest}?jwt=${signature}`,
  (rest, signature) => `https:/${rest}?a=1&Key-Pair-Id=${signature}`,
  (rest, signature) => `HTTPS:${rest}#code=${signature}`,
  (rest, signature) => `https://${rest};auth=${signature}`,
];

/** How a secret begins in base64, at each of the three places where it can begin. */
const ENCODED: readonly string[] = ['canaryc', 'canaryk'].flatMap((secret) =>
  [0, 1, 2].map((offset) =>
    Buffer.from('.'.repeat(offset) + secret)
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1, 8),
  ),
);
