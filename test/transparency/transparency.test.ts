import { beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM_LANES } from '../support/lanes/lanes.ts';
import { FRAMEWORKS } from './behaviours/frameworks.ts';
import { BEHAVIOURS } from './behaviours/index.ts';
import { type Cell, type CellOutcome, runCell } from './cell.ts';
import { writeSources } from './sources.ts';

/** Each major of openai and its oldest and newest version, both lines of OpenTelemetry, and the newest Node. */
const CELLS: readonly (Omit<Cell, 'lane'> & { readonly name: string; readonly content: boolean })[] = [
  { name: 'openai-4.19', runtime: 'node-24', format: 'cjs', content: false },
  { name: 'openai-4.104', runtime: 'node-24', format: 'mjs', content: true },
  { name: 'openai-5', runtime: 'node-24', format: 'cjs', content: false },
  { name: 'openai-6', runtime: 'node-24', format: 'mjs', content: true },
  { name: 'openai-6-sdk-2', runtime: 'node-24', format: 'cjs', content: false },
  { name: 'openai-7', runtime: 'node-24', format: 'mjs', content: false },
  { name: 'openai-7', runtime: 'node-26', format: 'cjs', content: true },
];

/** All programs of a cell run in a few seconds; a busy machine may take longer. */
const TIMEOUT = 180_000;

describe.each(CELLS)(
  '$name, $runtime, $format, content $content: a program is not affected by the instrumentation',
  ({ name, runtime, format, content }) => {
    let outcome: CellOutcome;

    beforeAll(async () => {
      const lane = PROGRAM_LANES.find((row) => row.name === name);
      if (lane === undefined) throw new Error(`There is no lane ${name}.`);
      await writeSources(name);
      outcome = await runCell({ lane, runtime, format, content }, BEHAVIOURS);
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

    test('what the program asks is recorded only with consent', () => {
      expect(JSON.stringify(outcome.instrumented.telemetry).includes('Hello there')).toBe(content);
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
