import type { metrics, trace } from '@opentelemetry/api';
import { connectEarlyMeters } from './early-meters.ts';
import { connectEarlyTracers } from './early-tracers.ts';

interface ApiCopy {
  readonly trace: typeof trace;
  readonly metrics: typeof metrics;
}

/** The copies that are connected: API 1.9 has the same one for `import` and `require`. */
const knownCopies = new WeakSet<object>();
const connections: (() => void)[] = [];
let startEarlySdk: (() => void) | undefined;
let hasEnded = false;

/** Connects the tracers and meters that the program gets from a copy of the API before the SDK starts. */
export function connectEarly(copy: ApiCopy): void {
  if (knownCopies.has(copy.trace)) return;
  knownCopies.add(copy.trace);
  connectEarlyTracers(copy.trace, () => startEarlySdk?.());
  if (!hasEnded) connections.push(connectEarlyMeters(copy.metrics));
}

/** Starts the SDK with the program's own first span, so that the request in progress is recorded. */
export function startWithFirstSpan(start: () => void): void {
  startEarlySdk = start;
}

/** Called when a provider is registered, or none will be. */
export function endEarly(): void {
  startEarlySdk = undefined;
  hasEnded = true;
  for (const connect of connections.splice(0)) connect();
}
