import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BoundedMap } from '../../src/util/bounded-map.ts';
import { areCollected } from '../support/collected.ts';

function filled(limit: number, keys: string, evicted: string[] = []): BoundedMap<string, string> {
  const map = new BoundedMap<string, string>(limit, (value) => evicted.push(value));
  for (const key of keys) map.set(key, key.toUpperCase());
  return map;
}

test('an entry that is set again is kept once, with its new value', () => {
  const map = filled(2, 'ab');
  map.set('a', 'new');
  expect([map.size, map.values(), map.get('a')]).toEqual([2, ['B', 'new'], 'new']);
});

test('the order of use is correct after any use or deletion', () => {
  const evicted: string[] = [];
  const map = filled(5, 'abcde', evicted);
  map.get('c');
  map.delete('d');
  map.get('a');
  map.get('a');
  map.delete('b');
  expect(map.values()).toEqual(['E', 'C', 'A']);
  map.delete('e');
  map.delete('a');
  for (const key of 'fghijk') map.set(key, key.toUpperCase());
  expect(map.values()).toEqual(['G', 'H', 'I', 'J', 'K']);
  expect(evicted).toEqual(['C', 'F']);
});

test('the only entry is replaced even if it is in use', () => {
  const map = new BoundedMap<string, string>(1, undefined, undefined, () => true);
  for (const key of 'ab') map.set(key, key.toUpperCase());
  expect(map.values()).toEqual(['B']);
});

test('an entry in use is replaced only if many are', () => {
  const inUse = new Set(['A', 'B']);
  const map = new BoundedMap<string, string>(3, undefined, undefined, (value) => inUse.has(value));
  for (const key of 'abcd') map.set(key, key.toUpperCase());
  expect(map.values()).toEqual(['A', 'B', 'D']);
  inUse.add('D');
  map.set('e', 'E');
  expect(map.size).toBe(3);
  expect(map.get('e')).toBe('E');
});

test('the limit is at least one', () => {
  expect(filled(0, 'ab').values()).toEqual(['B']);
  expect(filled(-1, 'ab').values()).toEqual(['B']);
});

test('a deleted or unknown entry is undefined', () => {
  const evicted: string[] = [];
  const map = filled(3, 'ab', evicted);
  map.delete('a');
  expect([map.get('a'), map.get('x'), map.size]).toEqual([undefined, undefined, 1]);
  map.set('c', 'C');
  expect(map.values()).toEqual(['B', 'C']);
  expect(evicted).toEqual([]);
});

test('no deleted value is kept', async () => {
  const map = new BoundedMap<string, object>(3);
  const add = (): WeakRef<object> => {
    const value = {};
    map.set('a', value);
    return new WeakRef(value);
  };
  const value = add();
  map.delete('a');
  expect(await areCollected(value)).toBe(true);
  // The map itself is still in use.
  expect(map.size).toBe(0);
});

describe('an unused entry', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  /** A map whose entries live for a second. */
  function timed(keys: string, isInUse?: (value: string) => boolean) {
    const evicted: string[] = [];
    const map = new BoundedMap<string, string>(10, (value) => evicted.push(value), 1_000, isInUse);
    for (const key of keys) map.set(key, key.toUpperCase());
    return { map, evicted };
  }

  test('is dropped after its lifetime, a used one is not', () => {
    const { map, evicted } = timed('ab');
    vi.advanceTimersByTime(600);
    map.get('a');
    map.expire();
    expect(map.size).toBe(2);
    vi.advanceTimersByTime(600);
    map.expire();
    expect([map.values(), evicted]).toEqual([['A'], ['B']]);
  });

  test('is not found after its lifetime, and makes way for a new one', () => {
    const { map, evicted } = timed('abc');
    vi.advanceTimersByTime(1_000);
    expect([map.get('b'), evicted]).toEqual([undefined, ['B']]);
    map.set('d', 'D');
    expect([map.values(), evicted]).toEqual([['D'], ['B', 'A', 'C']]);
  });

  test('lives on if it is set again', () => {
    const { map, evicted } = timed('ab');
    vi.advanceTimersByTime(1_000);
    map.set('a', 'new');
    expect([map.values(), evicted]).toEqual([['new'], ['B']]);
    vi.advanceTimersByTime(999);
    expect(map.get('a')).toBe('new');
  });

  test('outlives its lifetime while it is in use', () => {
    const inUse = new Set(['A']);
    const { map } = timed('ab', (value) => inUse.has(value));
    vi.advanceTimersByTime(1_500);
    map.expire();
    expect(map.values()).toEqual(['A']);
    vi.advanceTimersByTime(1_500);
    expect(map.get('a')).toBe('A');
    inUse.clear();
    for (const size of [1, 0]) {
      vi.advanceTimersByTime(500);
      map.expire();
      expect(map.size).toBe(size);
    }
  });
});
