import { parseArgs } from 'node:util';
import { CASES, type Case } from './cases/index.ts';

export interface Options {
  readonly cases: readonly Case[];
  readonly rounds: number;
  /** Starts of a program; streams and calls in one round of the latencies. */
  readonly starts: number;
  /** Calls after which what is kept is compared with what was kept after 1,000. */
  readonly keptAfter: number;
  /** Other packages are measured, and this one beside them. */
  readonly peers: boolean;
  /** Whether the pages are written: of all cases, and not of a quick look. */
  readonly writes: boolean;
}

export const USAGE = `npm run bench                     all cases against none and bare; writes their tables into docs/
npm run bench -- --peers          against other packages; writes their tables into docs/
npm run bench -- --case=chat,stream
npm run bench -- --rounds=20
npm run bench -- --quick          a first look; nothing is written`;

/** @throws Error for an option or a case that there is not */
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
    throw new Error(`There is no case ${unknown}; cases: ${CASES.map(({ name }) => name).join(', ')}`);
  const rounds = values.rounds === undefined ? (quick ? 4 : 24) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 2) throw new Error('--rounds takes a whole number from 2 on');
  return {
    cases: CASES.filter(({ name }) => names === undefined || names.includes(name)),
    rounds,
    starts: quick ? 4 : 15,
    keptAfter: quick ? 3_000 : 20_000,
    peers,
    writes: !quick && names === undefined,
  };
}
