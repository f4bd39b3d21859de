import { beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM_LANES } from '../support/lanes/lanes.ts';
import { FRAMEWORKS } from './behaviours/frameworks.ts';
import { BEHAVIOURS } from './behaviours/index.ts';
import { type Cell, type CellOutcome, runCell } from './cell.ts';
import { writeSources } from './sources.ts';

/** The oldest and the newest of openai and of Node, and one in between with the other line of OpenTelemetry. */
const CELLS: readonly (readonly [lane: string, runtime: Cell['runtime'], format: Cell['format']])[] = [
  ['openai-4.19', 'node-24', 'cjs'],
  ['openai-6-sdk-2', 'node-24', 'cjs'],
  ['openai-7', 'node-24', 'mjs'],
  ['openai-7', 'node-26', 'cjs'],
];

/** All programs of a cell run in a few seconds; a busy machine may take longer. */
const TIMEOUT = 180_000;

describe.each(CELLS)(
  '%s, %s, %s: a program is not affected by the instrumentation',
  (name, runtime, format) => {
    let outcome: CellOutcome;

    beforeAll(async () => {
      const lane = PROGRAM_LANES.find((row) => row.name === name);
      if (lane === undefined) throw new Error(`There is no lane ${name}.`);
      await writeSources(name);
      outcome = await runCell({ lane, runtime, format }, BEHAVIOURS);
    }, TIMEOUT);

    test.each(BEHAVIOURS)('$title', (behaviour) => {
      const { state, findings } = outcome.verdicts.get(behaviour.name) ?? { state: 'not run', findings: [] };
      expect(findings).toEqual([]);
      // The newest version has everything.
      expect(name === 'openai-7' ? ['ok'] : ['ok', 'absent']).toContain(state);
    });

    test('nothing is recorded outside the programs, and nothing is logged', () => {
      expect(outcome.findings).toEqual([]);
    });
  },
);

const FRAMEWORK_CELLS = FRAMEWORKS.flatMap(({ title, folder, lanes, behaviours }) =>
  lanes.flatMap((lane) =>
    (['cjs', 'mjs'] as const).map((format) => ({ title, folder, lane, format, behaviours })),
  ),
);

describe.each(FRAMEWORK_CELLS)(
  '$title, SDK $lane.line, $format: a program is not affected by the instrumentation',
  ({ folder, lane, format, behaviours }) => {
    let outcome: CellOutcome;

    beforeAll(async () => {
      await writeSources(lane.name, `frameworks/${folder}`);
      outcome = await runCell({ lane, runtime: 'node-24', format }, behaviours);
    }, TIMEOUT);

    test.each(behaviours)('$title', (behaviour) => {
      expect(outcome.verdicts.get(behaviour.name)).toEqual({ state: 'ok', findings: [] });
    });

    test('nothing is recorded outside the programs, and nothing is logged', () => {
      expect(outcome.findings).toEqual([]);
    });
  },
);
