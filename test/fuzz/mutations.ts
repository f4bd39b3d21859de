import fc, { type Arbitrary } from 'fast-check';
import { ALL_MAKERS, JSON_MAKERS, type Recipe } from './recipe.ts';

/** A change to one place of a value, counted in the order in which a walk meets them. */
export interface Mutation {
  readonly at: number;
  readonly change: 'remove' | 'set' | 'double' | 'repeat' | 'wrap' | 'list' | 'rename' | 'reverse';
  readonly value: Recipe;
}

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'length', 'then', 'toJSON', ''];

/** Values in which an API that has gone wrong could answer. */
const ODD: readonly Recipe[] = [
  null,
  true,
  -1,
  0.5,
  1e300,
  -1e-300,
  2 ** 53,
  2 ** 40,
  4_000_000_000,
  128,
  '',
  ' ',
  '__proto__',
  'constructor',
  '\ud800',
  'thread.run',
  'completed',
  'requires_action',
  'function',
  'message',
  'text',
  'assistant',
  [],
  [[]],
  [null],
  {},
  { type: 'text' },
  { type: 'novel_call', id: 'item_1', call_id: 'item_1', status: 'completed' },
  { id: '__proto__', type: 'toString', object: 'constructor' },
];

/** Deeper than that, and Node can no longer tell whether two results are equal; what is wide is slow to compare. */
const DEEPEST_RESULT = 300;
/** Deeper than that, and the stack may overflow where the SDK writes a form, or not: that depends on what V8 has compiled. */
const DEEPEST_BODY = 500;
const MOST = 1_500;

function makers(live: boolean): Arbitrary<Recipe> {
  const size = fc.oneof(fc.constantFrom(0, 1, 2, 100, 1_000), fc.nat({ max: 70_000 }));
  const names = live ? ALL_MAKERS : JSON_MAKERS;
  return fc.record({ $make: fc.constantFrom(...names), size }).map(({ $make, size: wanted }) => {
    if ($make.includes('text') || $make === 'bytes') return { $make, size: wanted };
    const deepest = live ? DEEPEST_BODY : DEEPEST_RESULT;
    return { $make, size: Math.min(wanted, $make === 'deep' ? deepest : MOST) };
  });
}

/** @param live values that only a program can pass, as against those that JSON can carry */
export function hostileValue(live: boolean): Arbitrary<Recipe> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...ODD) },
    { weight: 2, arbitrary: makers(live) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as Arbitrary<Recipe> },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  );
}

export function mutation(live: boolean): Arbitrary<Mutation> {
  return fc.record({
    at: fc.nat({ max: 400 }),
    change: fc.constantFrom(
      'set',
      'set',
      'set',
      'remove',
      'double',
      'repeat',
      'wrap',
      'list',
      'rename',
      'reverse',
    ),
    value: hostileValue(live),
  });
}

export function mutated(value: Recipe, mutations: readonly Mutation[]): Recipe {
  return mutations.reduce((changed, each) => mutate(changed, each), value);
}

type Holder = Record<string, Recipe> | Recipe[];

function mutate(original: Recipe, { at, change, value }: Mutation): Recipe {
  const root: Record<string, Recipe> = { root: structuredClone(original) };
  const places = placesIn(root);
  const [holder, key] = places[at % places.length] as [Holder, string];
  const current = (holder as Record<string, Recipe>)[key] as Recipe;
  if (change === 'set') put(holder, key, value);
  else if (change === 'wrap') put(holder, key, { content: current, type: 'text' });
  else if (change === 'list') put(holder, key, [current, value]);
  else if (change === 'remove') remove(holder, key);
  else if (change === 'rename' && !Array.isArray(holder)) {
    remove(holder, key);
    put(holder, NAMES[at % NAMES.length] as string, current);
  } else if (change === 'reverse' && Array.isArray(current)) current.reverse();
  else if (Array.isArray(holder)) {
    const copies = Array.from({ length: change === 'repeat' ? 300 : 1 }, () => structuredClone(current));
    if (JSON.stringify(current).length < 2_000) holder.splice(Number(key), 0, ...copies);
  }
  return root.root ?? null;
}

function placesIn(value: Recipe | Holder, places: [Holder, string][] = []): [Holder, string][] {
  if (typeof value !== 'object' || value === null || '$make' in value) return places;
  for (const [key, item] of Object.entries(value as Record<string, Recipe>)) {
    places.push([value as Holder, key]);
    placesIn(item, places);
  }
  return places;
}

function put(holder: Holder, key: string, value: Recipe): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}
