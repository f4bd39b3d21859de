import { describe, expect, it } from 'vitest';
import { measureScenario } from './measure.ts';

/** Bytes that may be left over whatever was done: caches of Node and of the compiler. */
const LEFT_OVER = 250_000;

/** `open` is how many spans may be open at once. The benchmarks have the same with more of everything. */
const ROWS = [
  { name: 'polled runs', told: '1,000 runs that are polled at once', size: 1_000, open: 2_001 },
  { name: 'open streams', told: '1,000 streams that are read at once', size: 1_000, open: 1_000 },
  { name: 'tracked threads', told: '2,000 threads where 500 are remembered', size: 2_000, open: 500 },
  { name: 'a whole day', told: 'a day with three runs every ten minutes', size: 144, open: 7 },
] as const;

describe.each(ROWS)('$told', ({ name, size, open }) => {
  it('cost the same each in any number, leave nothing open, and keep no memory', {
    timeout: 120_000,
  }, async () => {
    const { few, many, openAtMost, openAtEnd, growth } = await measureScenario(name, size);
    expect(few).toBeGreaterThan(1);
    expect(many / few).toBeLessThan(1.05);
    expect(openAtMost).toBeLessThanOrEqual(open);
    expect(openAtEnd).toBe(0);
    expect(growth).toBeLessThan(LEFT_OVER);
  });
});
