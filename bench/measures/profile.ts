import { join } from 'node:path';
import { outputOf } from '../worker/worker.ts';
import type { Placed } from './rounds.ts';

const PROGRAM = join(import.meta.dirname, 'profile-program.ts');

/** Whose code ran, in the order of the table. */
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

/** The first that fits a frame decides; frames of nobody's, such as Node's own, are their callers'. */
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

/** What one variant takes for one operation, in microseconds by group. */
export interface Profiled {
  readonly variant: string;
  readonly times: Readonly<Partial<Record<Group, number>>>;
}

/** Times are longer than they are without being looked at; what matters is how they are divided. */
export async function measureProfile({ variant, folder }: Placed, measured: string): Promise<Profiled> {
  const times = JSON.parse(await outputOf(PROGRAM, [variant.name, measured, folder]));
  return { variant: variant.name, times };
}
