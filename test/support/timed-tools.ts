import type { Program } from './program.ts';

/** The tools in the metric of durations, each with its error. */
export async function timedTools({ points }: Pick<Program, 'points'>): Promise<string[]> {
  const timed = await points('gen_ai.execute_tool.duration');
  return timed.map(({ attributes }) =>
    [attributes['gen_ai.tool.name'], attributes['error.type']].join(' ').trim(),
  );
}
