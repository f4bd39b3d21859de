/** Pseudorandom numbers from 0 to 1. They are the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chooses a row by the rows' weights. */
export function choose<Row extends { readonly weight: number }>(rows: readonly Row[], random: number): Row {
  let left = random * rows.reduce((sum, { weight }) => sum + weight, 0);
  const found = rows.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return found ?? (rows[0] as Row);
}
