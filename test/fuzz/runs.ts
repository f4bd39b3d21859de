/** `npm run fuzz` gives another seed each time, and more runs; everywhere else the same few cases are tried. */
export const SEED: number = Number(process.env.FUZZ_SEED ?? 1);

const TIMES: number = Number(process.env.FUZZ_TIMES ?? 1);

export function runs(short: number): number {
  return Math.ceil(short * TIMES);
}
