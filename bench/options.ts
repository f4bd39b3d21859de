import { parseArgs } from 'node:util';
import { CASES, type Case } from './cases/index.ts';

export interface Options {
  readonly cases: readonly Case[];
  readonly rounds: number;
  /** How often each program is started. */
  readonly starts: number;
  /** The number of calls after which memory in use is compared with that after 1,000 calls. */
  readonly keptAfter: number;
  /** Whether to measure other packages beside this one. */
  readonly peers: boolean;
  /** Whether to write the pages: only if all cases are measured, and without `--quick`. */
  readonly writes: boolean;
}

export const USAGE = `npm run bench                     all cases against none and bare; writes their tables into docs/
npm run bench -- --peers          against other packages; writes their tables into docs/
npm run bench -- --case=chat,stream
npm run bench -- --rounds=20
npm run bench -- --quick          a few rounds only; writes nothing`;

/** @throws Error for an unknown option or case */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      case: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
    },
  });
  const { quick, peers } = values;
  const names = values.case?.split(',');
  const unknown = names?.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`Unknown case ${unknown}. The cases are ${CASES.map(({ name }) => name).join(', ')}.`);
  const rounds = values.rounds === undefined ? (quick ? 4 : 24) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 2)
    throw new Error('--rounds must be a whole number of at least 2.');
  return {
    cases: CASES.filter(({ name }) => names === undefined || names.includes(name)),
    rounds,
    starts: quick ? 4 : 15,
    keptAfter: quick ? 3_000 : 20_000,
    peers,
    writes: !quick && names === undefined,
  };
}
