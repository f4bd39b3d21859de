import { guard, guardAsync } from '../util/guard.ts';
import { arrayField, field } from '../util/payload.ts';
import { atExit } from '../util/process-exit.ts';
import { writeTo } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { settledWithin } from '../util/wait.ts';
import { refusalOf, sayUnsent } from './collector.ts';
import { endpointsIn } from './provider-endpoints.ts';

/** How long the end of a program waits until everything is sent, in milliseconds. */
export const FLUSH_TIMEOUT_MS = 2_000;

/** Ends what is open before the spans of a provider are sent for the last time. */
export interface ProgramEndListener {
  /** Ends what is open. */
  shutdown(): Promise<void>;
  /** Ends conversations with nothing under way. */
  endIdle?(): Promise<void>;
  /** The meter and logger providers that are flushed together with the tracer provider. */
  readonly otherProviders?: readonly object[];
}

/** Whether a tracer provider may hold spans of ours that nobody flushed yet. */
export interface SendState {
  unsent: boolean;
  /** Those who listen to the provider, kept by whoever wraps its methods. */
  listeners(): readonly ProgramEndListener[];
}

const states = new WeakMap<object, SendState>();
const providers = new Set<WeakRef<object>>();
let listeningForEnd = false;
/** The collector refuses connections, which was said. */
let unreachable = false;

export function sendStateOf(provider: object): SendState {
  const state = states.get(provider) ?? { unsent: false, listeners: () => [] };
  states.set(provider, state);
  return state;
}

/** Like {@link sendStateOf} for a tracer provider, which is flushed when the program ends. */
export function flushAtProgramEnd(provider: object): SendState {
  const state = sendStateOf(provider);
  if (typeof field(provider, 'forceFlush') !== 'function' || live().includes(provider)) return state;
  for (const each of providers) if (each.deref() === undefined) providers.delete(each);
  providers.add(new WeakRef(provider));
  listenForEnd();
  return state;
}

function listenForEnd(): void {
  if (listeningForEnd || typeof process !== 'object' || typeof process.once !== 'function') return;
  listeningForEnd = true;
  process.once('beforeExit', () => void guardAsync('sending what is recorded', sendRest));
  atExit(() => guard('counting lost spans', reportLostSpans), { last: true });
}

/**
 * Sends what is left when the program ends by itself. Once only: what the program does after that, in a `beforeExit`
 * listener of its own, is not waited for.
 */
async function sendRest(): Promise<void> {
  const unsent = live().filter((provider) => states.get(provider)?.unsent === true);
  if (unsent.length > 0) await endWithin(FLUSH_TIMEOUT_MS, unsent);
}

/** Ends what is open and sends it, for as long as a program that ends may wait. */
export function endWithin(milliseconds: number, tracerProviders: readonly object[]): Promise<void> {
  return within(milliseconds, async () => {
    const listeners = await prepareForEnd(tracerProviders, (listener) => listener.shutdown());
    // Exporters retry for as long as they may, and keep the process alive meanwhile.
    const targets = [...tracerProviders.flatMap(processorsOf), ...otherProvidersOf(listeners)];
    await flushAll(await withoutRefused(targets));
  });
}

/**
 * Ends every conversation with nothing under way and sends what is recorded, while the program goes on.
 *
 * @param tracerProviders by default all that have spans of ours
 */
export function sendWithin(milliseconds: number, tracerProviders: readonly object[] = live()): Promise<void> {
  return within(milliseconds, async () => {
    const listeners = await prepareForEnd(
      tracerProviders,
      (listener) => listener.endIdle?.() ?? Promise.resolve(),
    );
    await flushAll(new Set([...tracerProviders, ...otherProvidersOf(listeners)]));
  });
}

function within(milliseconds: number, run: () => Promise<void>): Promise<void> {
  return settledWithin(milliseconds, [guardAsync('sending what is recorded', run)]);
}

async function prepareForEnd(
  tracerProviders: readonly object[],
  run: (listener: ProgramEndListener) => Promise<void>,
): Promise<ProgramEndListener[]> {
  const listeners = tracerProviders.flatMap((provider) => states.get(provider)?.listeners() ?? []);
  await Promise.all(listeners.map((each) => guardAsync('ending what is open', () => run(each))));
  return listeners;
}

function otherProvidersOf(listeners: readonly ProgramEndListener[]): Set<object> {
  return new Set(listeners.flatMap(({ otherProviders = [] }) => otherProviders));
}

/** The span processors of a provider, where they are found: views are flushed even if the collector is away. */
function processorsOf(provider: object): object[] {
  const processors = arrayField(field(provider, '_activeSpanProcessor'), '_spanProcessors');
  const found = processors.filter((each) => typeof each === 'object' && each !== null);
  return found.length === 0 ? [provider] : found;
}

/** Leaves out what only sends to collectors that refuse connections, and says so. */
async function withoutRefused(targets: readonly object[]): Promise<object[]> {
  const refused = await Promise.all(
    targets.map(async (target) => {
      const endpoints = endpointsIn(target);
      const refusals = await Promise.all(endpoints.map((each) => refusalOf(each, process.env)));
      if (refusals.length === 0 || refusals.includes(undefined)) return false;
      const [endpoint = '', refusal = ''] = [endpoints[0], refusals[0]];
      if (!isTraceTarget(target)) return true;
      unreachable = true;
      sayUnsent(endpoint, refusal);
      return true;
    }),
  );
  return targets.filter((_, index) => refused[index] !== true);
}

/** Metrics and log records have providers, and these make meters and loggers. */
function isTraceTarget(target: object): boolean {
  return ['getMeter', 'getLogger'].every((name) => typeof field(target, name) !== 'function');
}

async function flushAll(flushed: Iterable<object>): Promise<void> {
  await Promise.all(
    [...flushed].map((each) => guardAsync('sending what is recorded', () => flushAtEnd(each))),
  );
}

async function flushAtEnd(provider: object): Promise<void> {
  const forceFlush = field(provider, 'forceFlush');
  if (typeof forceFlush === 'function') await forceFlush.call(provider);
}

function live(): object[] {
  return [...providers].flatMap((each) => each.deref() ?? []);
}

/** After `process.exit()` or an uncaught error nothing can be sent any more. */
function reportLostSpans(): void {
  const lost = live().reduce((sum, provider) => sum + countQueuedSpans(provider), 0);
  if (lost === 0 || unreachable) return;
  const spans = lost === 1 ? '1 span was' : `${lost} spans were`;
  writeTo(
    process.stderr,
    `${NAME}: ${spans} lost because the program ended before sending them. ` +
      `Before process.exit(), await flush() of ${NAME}/client.\n`,
  );
}

/** The SDK's batching processors keep their queue in this field in both lines; no API tells its length. */
function countQueuedSpans(provider: object): number {
  return Math.max(
    0,
    ...processorsOf(provider).map((processor) => arrayField(processor, '_finishedSpans').length),
  );
}
