import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAMS } from '../fuzz/programs.ts';
import { type Recorded, recordPrograms } from '../fuzz/recordings.ts';
import { FAULTS } from './faults.ts';
import { type Behaviour, runFaulty, runPlain } from './surroundings.ts';

const plain = new Map<string, Behaviour>();
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

let recordings: ReadonlyMap<string, readonly Recorded[]>;
beforeAll(async () => {
  recordings = await recordPrograms();
  for (const program of PROGRAMS) plain.set(program.name, await runPlain(program, answersOf(program.name)));
  process.on('unhandledRejection', noteUnhandled);
});
afterAll(() => void process.off('unhandledRejection', noteUnhandled));

function answersOf(name: string): readonly Recorded[] {
  return recordings.get(name) ?? [];
}

describe('no kind of program is affected', () => {
  test.each(FAULTS)('$name', async (fault) => {
    let spans = 0;
    const ends: Promise<void>[] = [];
    for (const program of PROGRAMS) {
      const { behaviour, end } = await runFaulty(program, answersOf(program.name), fault);
      expect(behaviour, program.name).toEqual(plain.get(program.name));
      const ended = end().then(({ started, open }) => {
        if (fault.uncounted !== true) expect(open, program.name).toEqual([]);
        spans += started;
      });
      ends.push(ended);
      // A flush waits five seconds for a sink that hangs: for those of all programs at once.
      if (fault.flushWaits !== true) await ended;
    }
    await Promise.all(ends);
    expect(unhandled.splice(0)).toEqual([]);
    if (!/sampler|ids that cannot|tracer|ignoreRequest/.test(fault.name))
      expect(spans).toBeGreaterThan(PROGRAMS.length);
  });
});
