import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../test/support/lanes/paths.ts';
import type { Weight } from './weigh.ts';

/** The limit of a figure. */
export interface Limit {
  /** The lowest value that the figure ever had. */
  readonly least: number;
  /** Set if the figure has gone up since. */
  readonly raised?: { readonly to: number; readonly why: string };
}

export interface Limits {
  readonly figures: Readonly<Record<string, Limit>>;
  /** The lines by place when the limits were written. */
  readonly lines: Readonly<Record<string, number>>;
}

const FILE = join(ROOT, 'test', 'weight', 'weight.json');

export async function readLimits(): Promise<Limits> {
  return JSON.parse(await readFile(FILE, 'utf8'));
}

export async function writeLimits(limits: Limits): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(limits, null, 2)}\n`);
}

function limitOf({ least, raised }: Limit): number {
  return raised !== undefined && raised.why.trim() !== '' ? raised.to : least;
}

/** Describes the figures that exceed their limits, and the folders that got lines; `undefined` if no figure does. */
export function describeRises(weight: Weight, limits: Limits): string | undefined {
  const rises = Object.entries(weight.figures).flatMap(([name, value]) => {
    const limit = limits.figures[name];
    if (limit === undefined) return [`  ${name}: ${value}, which has no limit`];
    return value > limitOf(limit) ? [`  ${name}: ${value} instead of ${limitOf(limit)}`] : [];
  });
  if (rises.length === 0) return undefined;
  const added = Object.entries(weight.lines).flatMap(([place, lines]) => {
    const more = lines - (limits.lines[place] ?? 0);
    return place.startsWith('src/') && more > 0 ? [`  ${place}: ${more}`] : [];
  });
  return [
    'The package has become heavier:',
    ...rises,
    ...(added.length === 0 ? [] : ['Lines added since the limits were written:', ...added]),
    'If it is worth that much: npm run weight -- --write --why "the reason"',
  ].join('\n');
}

/** Lowers limits to the weight. Raises those that a figure exceeds, but only with a reason. */
export function updateLimits(weight: Weight, limits: Limits, why?: string): Limits {
  const figures = Object.entries(weight.figures).flatMap(([name, value]): [string, Limit][] => {
    const limit = limits.figures[name];
    if (limit === undefined || value <= limit.least) return [[name, { least: value }]];
    const reason = value <= limitOf(limit) ? limit.raised?.why : why;
    const updated = reason === undefined ? limit : { least: limit.least, raised: { to: value, why: reason } };
    return [[name, updated]];
  });
  return { figures: Object.fromEntries(figures), lines: weight.lines };
}
