import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../test/support/lanes/paths.ts';
import type { Weight } from './weigh.ts';

interface Limit {
  /** The share by which a figure may exceed the baseline: 0.02 is two per cent. */
  readonly slack: number;
  /** The design's bound for the figure. */
  readonly ceiling?: number;
}

const TOTAL = 0.02;
const HOPS = 0.05;
/** The share by which a baseline that is renewed for a reason may exceed a ceiling. Nothing may exceed it by more. */
const ABOVE_CEILING = 0.1;

/** The limits of all figures. This is the only place that names them. */
export const LIMITS: Readonly<Record<string, Limit>> = {
  'lines of src': { slack: TOTAL, ceiling: 33_300 },
  'lines of the viewer': { slack: TOTAL, ceiling: 8_600 },
  'bytes that a program can load': { slack: TOTAL },
  'bytes of the page': { slack: TOTAL, ceiling: 160_000 },
  'bytes of the command': { slack: TOTAL, ceiling: 110_000 },
  'chat: files': { slack: HOPS, ceiling: 40 },
  'chat: functions': { slack: HOPS },
  'chat with content: files': { slack: HOPS },
  'chat with content: functions': { slack: HOPS },
  'chat streamed: files': { slack: HOPS },
  'chat streamed: functions': { slack: HOPS },
  'thread, run streamed, steps: files': { slack: HOPS, ceiling: 69 },
  'thread, run streamed, steps: functions': { slack: HOPS },
};

const BASELINE = join(ROOT, 'test', 'weight', 'baseline.json');

export async function readBaseline(): Promise<Weight> {
  return JSON.parse(await readFile(BASELINE, 'utf8'));
}

export async function writeBaseline(weight: Weight): Promise<void> {
  await writeFile(BASELINE, `${JSON.stringify(weight, null, 2)}\n`);
}

/** The highest value that a figure may have, given its value in the baseline. */
export function highestOf(name: string, baseline: number): number {
  const { slack = 0, ceiling = Number.POSITIVE_INFINITY } = LIMITS[name] ?? {};
  return Math.floor(Math.min(baseline * (1 + slack), ceiling * (1 + ABOVE_CEILING)));
}

/** The figures that are too high, one line each. A figure without a baseline is held to its ceiling alone. */
export function describeExcess(weight: Weight, baseline: Weight): string[] {
  return Object.entries(weight.figures).flatMap(([name, value]) => {
    const before = baseline.figures[name];
    const highest = highestOf(name, before ?? value);
    const from = before === undefined ? 'no baseline' : `${before} in the baseline`;
    return value > highest ? [`${name}: ${value}, at most ${highest} (${from})`] : [];
  });
}
