import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fuzzCases } from './cases.ts';
import { type FuzzCase, observe } from './observe.ts';
import { PROGRAMS } from './programs.ts';
import { broken } from './promises.ts';
import { type Recorded, recordPrograms } from './recordings.ts';
import { runs, SEED } from './runs.ts';

const CORPUS = new URL('corpus/', import.meta.url);

let recordings: ReadonlyMap<string, readonly Recorded[]>;
beforeAll(async () => {
  recordings = await recordPrograms();
});

describe('every program is recorded with a correct API', () => {
  test.each(PROGRAMS)('$name', ({ name }) => {
    const statuses = recordings.get(name)?.map(({ request, status }) => `${request} ${status}`) ?? [];
    expect(statuses).not.toEqual([]);
    expect(statuses.filter((line) => !line.endsWith(' 200'))).toEqual([]);
  });
});

test('no program is affected, whatever it sends and receives, and the telemetry is valid', {
  timeout: 2 ** 31 - 1,
}, async () => {
  const property = fc.asyncProperty(fuzzCases(recordings), async (fuzzCase) => {
    expect(broken(fuzzCase, await observe(fuzzCase))).toEqual([]);
  });
  const { counterexample, errorInstance } = await fc.check(property, { numRuns: runs(300), seed: SEED });
  if (counterexample === null) return;
  const file = join(tmpdir(), `fuzz-case-${SEED}.json`);
  writeFileSync(file, JSON.stringify(counterexample[0], undefined, 2));
  throw new Error(`Mend it, and keep ${file} in the corpus.`, { cause: errorInstance });
});

describe('earlier findings', () => {
  const found = readdirSync(CORPUS).filter((name) => name.endsWith('.json'));
  test.each(found)('%s', async (name) => {
    const fuzzCase = JSON.parse(readFileSync(new URL(name, CORPUS), 'utf8')) as FuzzCase;
    expect(broken(fuzzCase, await observe(fuzzCase))).toEqual([]);
  });
});
