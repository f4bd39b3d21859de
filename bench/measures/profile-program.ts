/**
 * Samples its own processor time once it is warm. Prints the microseconds that one operation takes, by the package
 * whose code ran.
 */
import { type Profiler, Session } from 'node:inspector/promises';
import { CASES } from '../cases/index.ts';
import { VARIANTS } from '../variants/index.ts';
import { repeat } from '../worker/commands.ts';
import { prepareProgram } from '../worker/prepare.ts';
import { groupOf } from './profile.ts';
import { WARM_UPS } from './rounds.ts';

/** Enough rounds to see rare frames. */
const ROUNDS = 40;
/** The microseconds between two samples. */
const INTERVAL = 100;

const [variantName, caseName, folder = ''] = process.argv.slice(2);
const variant = VARIANTS.find(({ name }) => name === variantName);
const measured = CASES.find(({ name }) => name === caseName);
if (variant === undefined || measured === undefined) throw new Error('There is no such variant or case');
const { client, telemetry } = prepareProgram({ variant, measured, folder });

const program = { measured, client };
const operations = ROUNDS * measured.operations;
const session = new Session();
session.connect();
await telemetry.inSpan(() => repeat(program, (measured.warmUps ?? WARM_UPS) * measured.operations));
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
await session.post('Profiler.start');
await telemetry.inSpan(() => repeat(program, operations));
const { profile } = await session.post('Profiler.stop');
process.stdout.write(JSON.stringify(timesOf(profile)));
process.exit();

function timesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const times: Record<string, number> = {};
  samples.forEach((sample, index) => {
    const stack: Profiler.ProfileNode['callFrame'][] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const node = byId.get(id);
      if (node !== undefined) stack.push(node.callFrame);
    }
    const group = groupOf(stack);
    times[group] = (times[group] ?? 0) + (timeDeltas[index] ?? 0) / operations;
  });
  return times;
}
