/**
 * Recipes of values that no JSON can say: plain JSON in which `{ "$make": … }` represents something to be made.
 * A found case is kept as the recipe that made it.
 */

export type Recipe =
  | null
  | boolean
  | number
  | string
  | readonly Recipe[]
  | { readonly [key: string]: Recipe | undefined };

/** Names that the accessors ask for most; objects whose fields throw have all of them. */
const FIELDS = [
  'id',
  'object',
  'type',
  'role',
  'name',
  'content',
  'text',
  'status',
  'usage',
  'data',
  'length',
];

/** What `{ "$make": name, "size": n }` represents. */
const MAKERS: Readonly<Record<string, (size: number) => unknown>> = {
  undefined: () => undefined,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  'negative zero': () => -0,
  bigint: () => 2n ** 70n,
  symbol: () => Symbol('fuzz'),
  function: () => () => 'called',
  date: () => new Date(0),
  'broken date': () => new Date(Number.NaN),
  map: () => new Map([['a', 1]]),
  bytes: (size) => new Uint8Array(size),
  'no prototype': () => Object.assign(Object.create(null), { type: 'text', text: 'x' }),
  'boxed text': () => Object('text'),
  'sparse list': (size) => new Array(size),
  cycle: () => {
    const cycle: Record<string, unknown> = { type: 'text', role: 'user' };
    cycle.content = cycle.text = [cycle, { cycle }];
    return cycle;
  },
  'fields that throw': () => throwing(true),
  'hidden fields that throw': () => throwing(false),
  'toJSON that throws': () => ({ type: 'text', text: 'x', toJSON: fail }),
  'text that throws': () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail }),
  'names of the prototype': () =>
    JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":"x","hasOwnProperty":1,"type":"__proto__"}',
    ),
  'long text': (size) => 'é'.repeat(size),
  'lone surrogates': (size) => '\ud83d'.repeat(size),
  'control characters': (size) => '\u0000\u001b[2J\u2028\u202e'.repeat(size),
  'long list': (size) => Array.from({ length: size }, (_, index) => index),
  'many fields': (size) =>
    Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, index])),
  deep: (size) => {
    let deep: unknown = 'deep';
    for (let depth = 0; depth < size; depth++) deep = depth % 2 === 0 ? { content: deep } : [deep];
    return deep;
  },
};

/** Those that are left of a value once it has been sent as JSON. */
export const JSON_MAKERS: readonly string[] = [
  'names of the prototype',
  'long text',
  'lone surrogates',
  'control characters',
  'long list',
  'many fields',
  'deep',
];

export const ALL_MAKERS: readonly string[] = Object.keys(MAKERS);

/** The value that a recipe represents; every call makes a new one. */
export function make(recipe: Recipe | undefined): unknown {
  if (typeof recipe !== 'object' || recipe === null) return recipe;
  if (Array.isArray(recipe)) return recipe.map(make);
  const { $make, size } = recipe as { $make?: Recipe; size?: Recipe };
  if (typeof $make === 'string') return MAKERS[$make]?.(typeof size === 'number' ? size : 1);
  const made: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(recipe)) {
    // As JSON.parse does it: a field of that name, and no other prototype.
    Object.defineProperty(made, key, {
      value: make(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return made;
}

function throwing(enumerable: boolean): object {
  const made = {};
  for (const name of FIELDS) Object.defineProperty(made, name, { get: fail, enumerable, configurable: true });
  return made;
}

function fail(): never {
  throw new Error('A field that cannot be read.');
}
