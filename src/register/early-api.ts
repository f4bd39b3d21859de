import type { metrics, trace } from '@opentelemetry/api';
import { connectEarlyMeters } from './early-meters.ts';
import { connectEarlyTracers } from './early-tracers.ts';

interface ApiCopy {
  readonly trace: typeof trace;
  readonly metrics: typeof metrics;
}

/** API 1.9 has one copy for `import` and `require`. */
const knownCopies = new WeakSet<object>();
const connections: (() => void)[] = [];
let startEarlySdk: (() => void) | undefined;

/** Lets tracers and meters that the program takes of a copy of the API from now on work with the SDK that starts later. */
export function connectEarly(copy: ApiCopy): void {
  if (knownCopies.has(copy.trace)) return;
  knownCopies.add(copy.trace);
  connectEarlyTracers(copy.trace, () => startEarlySdk?.());
  connections.push(connectEarlyMeters(copy.metrics));
}

/** From now on a span of the program's own starts the SDK, so that the request under way is not lost. */
export function startWithFirstSpan(start: () => void): void {
  startEarlySdk = start;
}

/** A provider is registered, or none will be. */
export function endEarly(): void {
  startEarlySdk = undefined;
  for (const connect of connections.splice(0)) connect();
}
