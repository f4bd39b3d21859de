import type { Variant } from '../variants/index.ts';
import type { Answer, Order } from '../worker/protocol.ts';
import { startWorker, type Worker } from '../worker/worker.ts';

/** The rounds, with 32,000 small calls, after which V8 has compiled everything and most times no longer fall. */
export const WARM_UPS = 40;

/**
 * The number of processes in which a variant's processor time is measured. Each time that a program runs, V8 makes its
 * code a few percent faster or slower.
 */
export const PROCESSES = 2;

/** A variant, and the folder in which it is installed. */
export interface Placed {
  readonly variant: Variant;
  readonly folder: string;
}

export interface RoundsOptions {
  readonly placed: readonly Placed[];
  readonly measured: string;
  readonly order: Order;
  readonly rounds: number;
  /** The number of rounds before those that count. */
  readonly warmUps: number;
  readonly server?: string;
  /** Whether spans and log records are also serialized to OTLP requests. */
  readonly exported?: boolean;
  /** The number of processes per variant, one after the other. They share the rounds. Default 1. */
  readonly processes?: number;
  readonly flags?: readonly string[];
}

/** The values that one variant measured in the rounds, or the reason why it failed. */
export interface Samples {
  readonly values: readonly number[];
  /** The number of spans per operation. */
  readonly spans: number;
  readonly failure?: string;
}

export type SamplesByVariant = ReadonlyMap<string, Samples>;

/**
 * Lets the variants measure in turns. Each round has all of them, and begins with another one, so that other work of
 * the machine disturbs all alike. Once a variant fails, it is left out.
 */
export async function interleave(options: RoundsOptions): Promise<SamplesByVariant> {
  const { rounds, processes = 1 } = options;
  const measured: Measured = { answers: new Map(), failures: new Map() };
  for (let left = processes; left > 0; left--)
    await measureRounds(options, Math.ceil((rounds - roundsOf(measured)) / left), measured);
  const { answers, failures } = measured;
  return new Map(
    options.placed.map(({ variant: { name } }) => [name, samplesOf(answers.get(name), failures.get(name))]),
  );
}

/** The answers and failures so far, by the variant's name. */
interface Measured {
  readonly answers: Map<string, Answer[]>;
  readonly failures: Map<string, string>;
}

function roundsOf({ answers }: Measured): number {
  return Math.max(0, ...[...answers.values()].map(({ length }) => length));
}

async function measureRounds(options: RoundsOptions, rounds: number, measured: Measured): Promise<void> {
  const { warmUps, order } = options;
  const { answers, failures } = measured;
  let workers = await startAll(options, failures);
  for (let round = -warmUps; round < rounds; round++) {
    for (const worker of rotated(workers, round)) {
      try {
        const answer = await worker.tell(order);
        if (round >= 0) answers.set(worker.variant, [...(answers.get(worker.variant) ?? []), answer]);
      } catch (error) {
        failures.set(worker.variant, error instanceof Error ? error.message : String(error));
      }
    }
    workers = workers.filter(({ variant }) => !failures.has(variant));
  }
  for (const worker of workers) worker.stop();
}

async function startAll(options: RoundsOptions, failures: Map<string, string>): Promise<Worker[]> {
  const { placed, measured, server, exported = false, flags } = options;
  const workers: Worker[] = [];
  for (const { variant, folder } of placed.filter((one) => !failures.has(one.variant.name))) {
    const assignment = {
      exported,
      variant: variant.name,
      measured,
      folder,
      ...(server === undefined ? {} : { server }),
    };
    try {
      workers.push(await startWorker(assignment, flags));
    } catch (error) {
      failures.set(variant.name, error instanceof Error ? error.message : String(error));
    }
  }
  return workers;
}

function rotated(workers: readonly Worker[], round: number): readonly Worker[] {
  const first = workers.length === 0 ? 0 : Math.abs(round) % workers.length;
  return [...workers.slice(first), ...workers.slice(0, first)];
}

function samplesOf(answers: readonly Answer[] = [], failure: string | undefined): Samples {
  const values = answers.map(({ value }) => value);
  const spans = answers[0]?.spans ?? 0;
  return failure === undefined ? { values, spans } : { values: [], spans: 0, failure };
}
