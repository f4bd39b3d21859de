import { describe, expect, it } from 'vitest';
import { measureScenario } from './measure.ts';

/**
 * `open` is how many spans may be open at once, `growth` how many bytes of objects may be kept: a day keeps what is
 * remembered of ended spans, whose bounds `heap.test.ts` reaches. The benchmarks have the same with more of
 * everything.
 */
const ROWS = [
  {
    name: 'polled runs',
    told: '1,000 runs that are polled at once',
    size: 1_000,
    open: 2_001,
    growth: 100_000,
  },
  {
    name: 'open streams',
    told: '1,000 streams that are read at once',
    size: 1_000,
    open: 1_000,
    growth: 100_000,
  },
  {
    name: 'tracked threads',
    told: '2,000 threads where 500 are remembered',
    size: 2_000,
    open: 500,
    growth: 100_000,
  },
  {
    name: 'a whole day',
    told: 'a day with three runs every ten minutes',
    size: 144,
    open: 7,
    growth: 350_000,
  },
] as const;

describe.each(ROWS)('$told', ({ name, size, open, growth }) => {
  it('cost the same each in any number, leave nothing open, and keep no memory', {
    timeout: 120_000,
  }, async () => {
    const { few, many, openAtMost, openAtEnd, ...kept } = await measureScenario(name, size);
    expect(few).toBeGreaterThan(1);
    expect(many / few).toBeLessThan(1.05);
    expect(openAtMost).toBeLessThanOrEqual(open);
    expect(openAtEnd).toBe(0);
    expect(kept.growth).toBeLessThan(growth);
  });
});
