import { setTimeout as wait } from 'node:timers/promises';
import { type Backend, NotAvailable, type Page, type Protocol, type RunningBackend } from './backend.ts';
import { type Comparison, comparePoints, compareSpans } from './compare.ts';
import type { Sent } from './sent.ts';
import { runTutor } from './tutor.ts';

/** The outcome for one backend and one protocol. */
export interface Outcome {
  readonly backend: Backend;
  readonly protocol: Protocol;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** The numbers of spans and of metric points that were sent and read back. */
  readonly spans: number;
  readonly points: number;
  /** What else was checked; otherwise empty. */
  readonly checked: string;
  /** Why it failed or was skipped; otherwise empty. */
  readonly reason: string;
  /** What the backend stores differently. */
  readonly notes: readonly string[];
}

/** Looks at a trace's page while the backend runs. */
export type Look = (backend: Backend, page: Page) => Promise<void>;

/** The milliseconds within which the telemetry must arrive. */
const ARRIVES_WITHIN = 30_000;

/** Installs and starts a backend, sends it the Math Tutor's telemetry over each protocol, and reads it back. */
export async function tryBackend(backend: Backend, look: Look | undefined): Promise<Outcome[]> {
  const all = (result: Outcome['result'], reason: string): Outcome[] =>
    backend.protocols.map((protocol) => ({ ...nothing(backend, protocol), result, reason }));
  let running: RunningBackend;
  try {
    running = await backend.start(await backend.install());
  } catch (error) {
    if (error instanceof NotAvailable) return all('skipped', error.message);
    console.error(error);
    return all('failed', 'it does not start');
  }
  try {
    const outcomes: Outcome[] = [];
    for (const protocol of backend.protocols)
      outcomes.push(await tryProtocol(backend, running, protocol, look));
    return outcomes;
  } finally {
    await running.stop();
  }
}

async function tryProtocol(
  backend: Backend,
  running: RunningBackend,
  protocol: Protocol,
  look: Look | undefined,
): Promise<Outcome> {
  const outcome = nothing(backend, protocol);
  try {
    const sent = await runTutor(protocol, running.environment(protocol));
    const { difference, notes } = await untilItArrives(() => compareAll(running, sent));
    if (difference !== undefined) throw new Error(difference);
    const checked = (await running.check?.()) ?? '';
    const [root] = sent.spans;
    if (look !== undefined && running.page !== undefined && root !== undefined) {
      await look(backend, await running.page(root.traceId));
    }
    return {
      ...outcome,
      result: 'passed',
      spans: running.readSpans === undefined ? 0 : sent.spans.length,
      points: running.readPoints === undefined ? 0 : sent.metrics.length,
      checked,
      notes,
    };
  } catch (error) {
    console.error(error);
    return { ...outcome, result: 'failed', reason: 'what is read back is not what was sent' };
  }
}

async function compareAll({ readSpans, readPoints }: RunningBackend, sent: Sent): Promise<Comparison> {
  const [root] = sent.spans;
  const traces =
    readSpans === undefined || root === undefined
      ? { difference: undefined, notes: [] }
      : compareSpans(sent.spans, await readSpans(root.traceId));
  if (readPoints === undefined || traces.difference !== undefined) return traces;
  const names = new Map(sent.metrics.map(({ metric, unit }) => [metric, unit]));
  const points = await Promise.all([...names].map(([metric, unit]) => readPoints(metric, unit)));
  return { ...traces, difference: comparePoints(sent.metrics, points.flat()) };
}

/** Repeats a comparison until it succeeds, because backends store telemetry with a delay. */
async function untilItArrives(compare: () => Promise<Comparison>): Promise<Comparison> {
  const deadline = Date.now() + ARRIVES_WITHIN;
  for (;;) {
    const comparison = await compare().catch((error: Error) => ({ difference: error.message, notes: [] }));
    if (comparison.difference === undefined || Date.now() > deadline) return comparison;
    await wait(500);
  }
}

function nothing(backend: Backend, protocol: Protocol): Outcome {
  return { backend, protocol, result: 'failed', spans: 0, points: 0, checked: '', reason: '', notes: [] };
}
