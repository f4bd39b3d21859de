import type { Variant } from '../variants/index.ts';
import type { Answer, Order } from '../worker/protocol.ts';
import { startWorker, type Worker } from '../worker/worker.ts';

/** Rounds after which the times of most cases no longer fall, since V8 has compiled what it will: 32,000 small calls. */
export const WARM_UPS = 40;

/**
 * Processes for the processor time of one variant: V8 compiles the same code a few percent faster or slower each time
 * that it is run.
 */
export const PROCESSES = 2;

/** A variant, and where it is installed. */
export interface Placed {
  readonly variant: Variant;
  readonly folder: string;
}

export interface RoundsOptions {
  readonly placed: readonly Placed[];
  readonly measured: string;
  readonly order: Order;
  readonly rounds: number;
  /** Rounds before those that count. */
  readonly warmUps: number;
  readonly server?: string;
  /** Whether what is recorded becomes OTLP requests, too. */
  readonly exported?: boolean;
  /** Processes that each variant has, one after another: the rounds are shared out among them. Default 1. */
  readonly processes?: number;
  readonly flags?: readonly string[];
}

/** What one variant has measured in each round; or why it did not. */
export interface Samples {
  readonly values: readonly number[];
  /** Spans for each operation. */
  readonly spans: number;
  readonly failure?: string;
}

export type SamplesByVariant = ReadonlyMap<string, Samples>;

/**
 * Has all variants measure the same, in turns: every round has all of them, each time in another order, so that
 * what else the machine does disturbs all alike. A variant that fails is left out from then on.
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

/** By the name of the variant. */
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
