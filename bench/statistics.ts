import { median, quantile, sampleWithReplacement } from 'simple-statistics';

/** The middle of what was measured, and where it lies with a probability of 95 %. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;

/** The median, with the interval of its bootstrap: no assumption is made of how the noise is distributed. */
export function estimate(samples: readonly number[]): Estimate {
  const values = [...samples];
  const random = seededRandom();
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(sampleWithReplacement(values, values.length, random)),
  );
  return { value: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/**
 * The fastest round. What else runs on a machine only adds time, so this is steadier than the median: on a busy virtual
 * machine, two measurements of one program differ by a few percent instead of a third.
 */
export function fastest(samples: readonly number[]): number {
  return Math.min(...samples);
}

/** Pairs what was measured in the same round: what disturbs a whole round then cancels out. */
export function paired(
  samples: readonly number[],
  base: readonly number[],
  combine: (sample: number, base: number) => number,
): Estimate {
  return estimate(samples.map((sample, round) => combine(sample, base[round] ?? Number.NaN)));
}

/** The same numbers in every run (mulberry32), so that a page can be made again from the same samples. */
function seededRandom(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
