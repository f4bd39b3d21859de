import { afterEach, describe, expect, test, vi } from 'vitest';
import { BoundedMap } from '../../src/util/lru-map.ts';

function filled(limit: number, keys: string, evicted: string[] = []): BoundedMap<string, string> {
  const map = new BoundedMap<string, string>(limit, (value) => evicted.push(value));
  for (const key of keys) map.set(key, key.toUpperCase());
  return map;
}

describe('when there is one too many', () => {
  test('the oldest gives way', () => {
    const evicted: string[] = [];
    expect(filled(2, 'abcd', evicted).values()).toEqual(['C', 'D']);
    expect(evicted).toEqual(['A', 'B']);
  });

  test('one that was asked for since is not the oldest', () => {
    const map = filled(2, 'ab');
    expect(map.get('a')).toBe('A');
    map.set('c', 'C');
    expect(map.values()).toEqual(['A', 'C']);
  });

  test('one that was set anew is not the oldest, and is not there twice', () => {
    const map = filled(2, 'aba');
    expect([map.size, map.values()]).toEqual([2, ['B', 'A']]);
  });
});

test('the order of use holds, wherever something was used or deleted', () => {
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

test('there is always room for one', () => {
  expect(filled(0, 'ab').values()).toEqual(['B']);
  expect(filled(-1, 'ab').values()).toEqual(['B']);
});

test('what is deleted or was never there is nothing', () => {
  const evicted: string[] = [];
  const map = filled(3, 'ab', evicted);
  map.delete('a');
  expect([map.get('a'), map.get('x'), map.size]).toEqual([undefined, undefined, 1]);
  map.clear();
  expect([map.size, map.values(), map.get('b')]).toEqual([0, [], undefined]);
  map.set('c', 'C');
  expect(map.values()).toEqual(['C']);
  expect(evicted).toEqual([]);
});

describe('what nobody uses', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is dropped after its lifetime, what is used is not', () => {
    vi.useFakeTimers();
    const evicted: string[] = [];
    const map = new BoundedMap<string, string>(10, (value) => evicted.push(value), 1_000);
    map.set('a', 'A');
    map.set('b', 'B');
    vi.advanceTimersByTime(600);
    map.get('a');
    map.expire();
    expect(map.size).toBe(2);
    vi.advanceTimersByTime(600);
    map.expire();
    expect([map.values(), evicted]).toEqual([['A'], ['B']]);
  });
});
