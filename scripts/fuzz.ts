/**
 * Runs the tests of `test/fuzz` with a new seed and many more cases than usual.
 *
 * `npm run fuzz -- 20 1234` runs 20 times as many, with the seed 1234. A failing case is written to a file, whose name
 * is in the failure's message: fix the bug, and keep the file in `test/fuzz/corpus`.
 */
import { spawnSync } from 'node:child_process';

const [times = '20', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);

console.log(`Seed ${seed}, ${times} times as many cases as usual.`);
const { status } = spawnSync(
  'vitest',
  ['run', '--project', 'units', '--project', 'shared', '--testTimeout', '7200000', 'test/fuzz'],
  {
    env: { ...process.env, FUZZ_TIMES: times, FUZZ_SEED: seed },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
