/**
 * Measures what this package costs, compared with the bare SDK, a hand-written minimum, and other packages.
 * Writes the tables of `docs/performance.md` and `docs/benchmarks.md`.
 */

import { measureScenario } from '../test/scale/measure.ts';
import { ROOT } from '../test/support/lanes/paths.ts';
import { ABANDONED_STREAMS, type Case } from './cases/index.ts';
import { type Kept, measureKept } from './measures/kept.ts';
import { measureProfile, type Profiled } from './measures/profile.ts';
import { interleave, type Placed, PROCESSES, type SamplesByVariant, WARM_UPS } from './measures/rounds.ts';
import { measureSignals } from './measures/signals.ts';
import { measureStarts, type Started } from './measures/start.ts';
import { readOptions, USAGE } from './options.ts';
import { conditions, type Part, writePart } from './page.ts';
import { installPeers } from './peers.ts';
import {
  bytesTable,
  type CaseSamples,
  cpuTable,
  failures,
  keptTable,
  peersTable,
  profileTable,
  type Scaled,
  type SignalsByVariant,
  scaleTable,
  signalsTable,
  variantTable,
} from './tables.ts';
import {
  BARE,
  CONTROL,
  NONE,
  OURS,
  OWN_VARIANTS,
  SAME_BY_HAND,
  THIS,
  UNMETERED,
  type Variant,
} from './variants/index.ts';
import { startServer } from './worker/worker.ts';

/** Flags with which no garbage is collected while bytes are counted. */
const ROOMY = ['--min-semi-space-size=512', '--max-semi-space-size=512'];
/** For the latencies. */
const CALLS_IN_A_ROUND = 50;
const FEW_CALLS = 1_000;
/** The cases in which peers are compared. */
const PEER_CASES = [
  'chat',
  'chat-content',
  'chat-large',
  'chat-large-content',
  'stream',
  'embeddings',
  'response',
  'assistants',
];

/** The cases whose profile is printed. Profiles are for maintainers, so they are on no page. */
const PROFILED = ['chat', 'assistants'];

const SCALE = [
  { name: 'polled runs', title: '1,000 runs polled at once: a poll', size: 1_000 },
  { name: 'open streams', title: '10,000 streams open at once: a chunk', size: 10_000 },
  { name: 'tracked threads', title: '100,000 threads, 500 remembered: a thread', size: 100_000 },
  { name: 'a whole day', title: 'a day, three runs every two minutes: two minutes', size: 720 },
];

if (process.argv.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const options = readOptions(process.argv.slice(2));
const own: readonly Placed[] = OWN_VARIANTS.map((variant) => ({ variant, folder: ROOT }));
const BY_HAND: readonly Variant[] = [BARE, SAME_BY_HAND];
/** The variants for measurements that do not depend on how much is recorded. */
const compared = own.filter(({ variant }) => variant !== SAME_BY_HAND);

if (options.writes && !options.peers) await writePart('conditions', await conditions(options.rounds));
await (options.peers ? comparePeers() : measureThis());

async function measureThis(): Promise<void> {
  await tell('processor time', cpuTable(await measureCpu(own, options.cases)));
  await tell('bytes', bytesTable(await measureBytes(options.cases)));
  if (wants('stream')) await tell('first chunk', variantTable(await measureFirstChunk(), 'ms', 3));
  if (wants('chat-large-content')) {
    await tell('blocked', variantTable(await measureLarge('blocked'), 'ms', 3));
    await tell('event loop', variantTable(await measureLarge('loopDelay'), 'ms', 2));
  }
  if (!options.writes) return;
  for (const name of PROFILED)
    console.log(`\nprofile of ${name}\n\n${profileTable(await measureProfiles(name))}`);
  await tell('start', variantTable(await measureStarts(waysIn(), options.starts), 'ms', 1));
  await tell('kept', keptTable(await measureAllKept()));
  await tell('scale', scaleTable(await measureScale()));
}

function wants(name: string): boolean {
  return options.cases.some((one) => one.name === name);
}

async function tell(name: Part, text: string): Promise<void> {
  if (options.writes) await writePart(name, text);
  console.log(`\n${name}\n\n${text}`);
}

async function measureCpu(
  placed: readonly Placed[],
  cases: readonly Case[],
  exported = false,
): Promise<CaseSamples[]> {
  const all: CaseSamples[] = [];
  for (const measured of cases) {
    const order = { command: 'cpu' as const, operations: measured.operations };
    const { rounds } = options;
    const samples = await interleave({
      placed: placedIn(placed, measured),
      measured: measured.name,
      order,
      rounds,
      processes: measured.cold ? rounds : PROCESSES,
      exported,
      warmUps: measured.cold ? 0 : (measured.warmUps ?? WARM_UPS),
    });
    all.push({ measured, samples });
    console.error(`${measured.name}: processor time measured`);
  }
  return all;
}

/**
 * The variants that fit a case. One that always records content does not fit cases without content, and those by hand
 * do not fit cases in which nothing is recorded.
 */
function placedIn(
  placed: readonly Placed[],
  { name, content, silent }: Pick<Case, 'name' | 'content' | 'silent'>,
): readonly Placed[] {
  return placed.filter(
    ({ variant }) =>
      (variant.content !== 'always' || content === true) &&
      (variant.cases?.includes(name) ?? true) &&
      (silent === undefined || !BY_HAND.includes(variant)),
  );
}

async function measureBytes(cases: readonly Case[]): Promise<CaseSamples[]> {
  const all: CaseSamples[] = [];
  for (const measured of cases) {
    // Few at a time, because memory outside the heap also makes V8 collect garbage.
    const order = { command: 'allocated' as const, operations: Math.ceil(measured.operations / 16) };
    const rounds = { rounds: 5, warmUps: 15, flags: ROOMY };
    all.push({
      measured,
      samples: await interleave({
        placed: placedIn(own, measured),
        measured: measured.name,
        order,
        ...rounds,
      }),
    });
  }
  return all;
}

async function measureFirstChunk(): Promise<SamplesByVariant> {
  const server = await startServer('stream');
  const order = { command: 'firstChunk' as const, operations: CALLS_IN_A_ROUND };
  const { rounds } = options;
  const where = { measured: 'stream', server: server.url };
  const samples = await interleave({ placed: compared, order, rounds, warmUps: 3, ...where });
  server.stop();
  return samples;
}

async function measureLarge(command: 'blocked' | 'loopDelay'): Promise<SamplesByVariant> {
  const measured = 'chat-large-content';
  const server = await startServer(measured);
  const order = { command, operations: CALLS_IN_A_ROUND };
  const { rounds } = options;
  const samples = await interleave({
    placed: compared,
    order,
    rounds,
    warmUps: 2,
    measured,
    server: server.url,
  });
  server.stop();
  return samples;
}

async function measureProfiles(measured: string): Promise<Profiled[]> {
  const profiles: Profiled[] = [];
  for (const placed of placedIn(own, { name: measured })) {
    if (placed.variant !== CONTROL) profiles.push(await measureProfile(placed, measured));
  }
  return profiles;
}

/** The entry points that observe `openai`, each in a program of its own. */
function waysIn(): readonly Started[] {
  const names = [NONE.name, CONTROL.name, OURS, `${OURS}/client`, `${OURS}/openai`];
  return names.map((name) => ({ name, folder: ROOT }));
}

async function measureAllKept(): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const placed of own.filter(({ variant }) => variant === NONE || variant === THIS)) {
    for (const [measured, requests] of [
      ['chat', 1],
      ['assistants', 8],
      [ABANDONED_STREAMS.name, 1],
    ] as const) {
      const few = Math.ceil(FEW_CALLS / requests);
      const all = Math.ceil(options.keptAfter / requests);
      kept.push(await measureKept(placed, { measured, few, all }));
    }
  }
  return kept;
}

/** Runs the scenarios of `test/scale` with larger sizes. */
async function measureScale(): Promise<Scaled[]> {
  const scaled: Scaled[] = [];
  for (const { name, title, size } of SCALE) {
    scaled.push({ title, finding: await measureScenario(name, size) });
    console.error(`${title}: measured`);
  }
  return scaled;
}

async function withSignals(
  placed: readonly Placed[],
  samples: readonly CaseSamples[],
): Promise<(CaseSamples & { readonly signals: SignalsByVariant })[]> {
  const recording = placed.filter(({ variant }) => variant !== NONE && variant !== CONTROL);
  const all: (CaseSamples & { readonly signals: SignalsByVariant })[] = [];
  for (const each of samples)
    all.push({
      ...each,
      signals: await measureSignals(placedIn(recording, each.measured), each.measured.name),
    });
  return all;
}

async function comparePeers(): Promise<void> {
  const { placed, missing } = await installPeers();
  const cases = options.cases.filter(({ name }) => PEER_CASES.includes(name));
  // Spans are exported, too, so that a package is not faster if it leaves work to the exporter.
  const samples = await measureCpu(placed, cases, true);
  await tell('peers', peersTable(samples, missing));
  await tell('signals', signalsTable(await withSignals(placed, samples)));
  const problems = [...failures(samples), ...[...missing].map(([name, reason]) => `${name}: ${reason}`)];
  for (const problem of problems) console.error(problem);
  const packages = placed.filter(({ variant }) => variant !== UNMETERED);
  const started = packages.map(({ variant, folder }) => ({ name: variant.name, folder }));
  if (options.writes)
    await tell('start of peers', variantTable(await measureStarts(started, options.starts), 'ms', 1));
}
