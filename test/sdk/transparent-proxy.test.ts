import { describe, expect, test } from 'vitest';
import { transparentProxy } from '../../src/sdk/transparent-proxy.ts';

const HIDDEN = Symbol('hidden');

class Given {
  readonly #secret = 'secret';
  z = 1;
  a = { deep: true };
  [HIDDEN] = 2;
  get accessor(): string {
    return this.#secret;
  }
  method(): unknown {
    return [this, this.#secret];
  }
  toJSON(): unknown {
    return { z: this.#secret };
  }
}

const same = (original: object): object =>
  transparentProxy(original, (_, value, onOriginal) =>
    typeof value === 'function' ? onOriginal(value) : value,
  );

/** All that can be seen of an object without changing it. */
function looked(value: object): unknown {
  return {
    keys: Reflect.ownKeys(value),
    enumerable: Object.keys(value),
    spread: { ...value },
    json: JSON.stringify(value),
    isArray: Array.isArray(value),
    prototype: Object.getPrototypeOf(value),
    has: ['z', 'accessor', 'none', 0].map((key) => key in value),
  };
}

describe('a transparent proxy', () => {
  test.each<[string, () => object]>([
    ['of a class', () => new Given()],
    ['that is frozen', () => Object.freeze(new Given())],
    ['without a prototype', () => Object.assign(Object.create(null), { z: 1, a: 2 })],
    ['with hidden properties', () => Object.defineProperty({ z: 1 }, 'hidden', { value: 1 })],
    ['that is an array', () => Object.assign(['x', 'y'], { more: 1 })],
    ['that is a frozen array with a hole', () => Object.freeze(Object.assign(Array(3), { 0: 'x', 2: 'y' }))],
  ])('looks like an original %s', (_, make) => {
    const original = make();
    expect(looked(same(original))).toEqual(looked(original));
  });

  test('writes to the original', () => {
    const original = new Given();
    (same(original) as Given).z = 5;
    expect(original.z).toBe(5);
  });
});
