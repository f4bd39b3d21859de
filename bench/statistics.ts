import { median, quantile, sampleWithReplacement } from 'simple-statistics';

/** The median of the samples, and its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;

/** The median with its bootstrap interval, which makes no assumption about the distribution of the noise. */
export function estimate(samples: readonly number[]): Estimate {
  const values = [...samples];
  const random = seededRandom();
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(sampleWithReplacement(values, values.length, random)),
  );
  return { value: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/**
 * The fastest round. Other programs on the machine only add time, so this is steadier than the median: on a busy
 * virtual machine, two measurements of one program differ by a few percent instead of a third.
 */
export function fastest(samples: readonly number[]): number {
  return Math.min(...samples);
}

/** Combines the samples of each round, so that what disturbs a whole round cancels out. */
export function paired(
  samples: readonly number[],
  base: readonly number[],
  combine: (sample: number, base: number) => number,
): Estimate {
  return estimate(samples.map((sample, round) => combine(sample, base[round] ?? Number.NaN)));
}

/** Returns the same numbers in every run (mulberry32), so that the same samples always make the same page. */
function seededRandom(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
