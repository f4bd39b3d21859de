import { join } from 'node:path';
import { outputOf } from '../worker/worker.ts';
import type { Placed } from './rounds.ts';

const PROGRAM = join(import.meta.dirname, 'profile-program.ts');

/** The groups of code, in the order of the table. */
export const GROUPS = [
  'openai and fetch',
  'SDK, spans',
  'SDK, metrics',
  'context',
  'this package',
  'garbage',
  'the rest',
] as const;

export type Group = (typeof GROUPS)[number];

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** A frame belongs to the first matching group. If none matches, as for Node's own code, its caller decides. */
const OWNERS: readonly (readonly [pattern: RegExp, group: Group])[] = [
  [/@opentelemetry\/sdk-metrics\//, 'SDK, metrics'],
  [/@opentelemetry\/sdk-trace/, 'SDK, spans'],
  [/@opentelemetry\/(?:api|context-async-hooks)\/|node:(?:internal\/)?async_/, 'context'],
  [/node_modules\/openai\/|bench\/api/, 'openai and fetch'],
  [/\/dist\/[\w.-]+\.cjs$/, 'this package'],
];

/** @param stack the innermost frame first */
export function groupOf(stack: readonly Frame[]): Group {
  if (stack[0]?.functionName === '(garbage collector)') return 'garbage';
  for (const { url } of stack) {
    const owner = OWNERS.find(([pattern]) => pattern.test(url));
    if (owner !== undefined) return owner[1];
  }
  return stack.some(({ url }) => /undici|webstreams/.test(url)) ? 'openai and fetch' : 'the rest';
}

/** The microseconds that one operation of a variant takes, by group. */
export interface Profiled {
  readonly variant: string;
  readonly times: Readonly<Partial<Record<Group, number>>>;
}

/** Sampling makes the times longer. Only their proportions matter. */
export async function measureProfile({ variant, folder }: Placed, measured: string): Promise<Profiled> {
  const times = JSON.parse(await outputOf(PROGRAM, [variant.name, measured, folder]));
  return { variant: variant.name, times };
}
