import { atExit } from '../at-exit.ts';
import { writeTo } from '../export/text-stream.ts';
import { guard, guardAsync } from '../guard.ts';
import { settledWithin } from '../patience.ts';
import { arrayField, field } from '../payload.ts';
import { NAME } from '../version.ts';

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
let listening = false;
const refusals: (() => Promise<boolean>)[] = [];
/** A collector refuses connections. */
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
  listen();
  return state;
}

/** Asks an exporter of ours, before a program that ends waits for it, whether its collector refuses connections. */
export function beforeProgramEnd(isRefused: () => Promise<boolean>): void {
  refusals.push(isRefused);
}

function listen(): void {
  if (listening || typeof process !== 'object' || typeof process.once !== 'function') return;
  listening = true;
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
    const refused = await Promise.all(refusals.map((isRefused) => isRefused()));
    unreachable = refused.includes(true);
    await send(tracerProviders, (listener) => listener.shutdown());
  });
}

/**
 * Ends every conversation with nothing under way and sends what is recorded, while the program goes on.
 *
 * @param tracerProviders by default all that have spans of ours
 */
export function sendWithin(milliseconds: number, tracerProviders: readonly object[] = live()): Promise<void> {
  return within(milliseconds, () =>
    send(tracerProviders, (listener) => listener.endIdle?.() ?? Promise.resolve()),
  );
}

function within(milliseconds: number, run: () => Promise<void>): Promise<void> {
  return settledWithin(milliseconds, [guardAsync('sending what is recorded', run)]);
}

async function send(
  tracerProviders: readonly object[],
  prepare: (listener: ProgramEndListener) => Promise<void>,
): Promise<void> {
  const listeners = tracerProviders.flatMap((provider) => states.get(provider)?.listeners() ?? []);
  await Promise.all(listeners.map((each) => guardAsync('ending what is open', () => prepare(each))));
  // Metrics and log records go to the same collector: no use to wait for another refusal.
  const others = unreachable ? [] : listeners.flatMap(({ otherProviders = [] }) => otherProviders);
  await flushAll(new Set([...tracerProviders, ...others]));
}

async function flushAll(flushed: Iterable<object>): Promise<void> {
  await Promise.all([...flushed].map((each) => guardAsync('sending what is recorded', () => flush(each))));
}

async function flush(provider: object): Promise<void> {
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
  const processors = arrayField(field(provider, '_activeSpanProcessor'), '_spanProcessors');
  return Math.max(0, ...processors.map((processor) => arrayField(processor, '_finishedSpans').length));
}
