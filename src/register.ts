/**
 * Zero code: `node --import opentelemetry-instrumentation-openai/register app.mjs`, or `--require` for CommonJS.
 *
 * Observes every client of `openai`. If the program has set up no tracer provider when it makes its first
 * call, one is set up from the standard `OTEL_*` variables, with `@opentelemetry/sdk-node` if it is installed.
 */
import * as api from '@opentelemetry/api';
import { findClientClass } from './client/find.ts';
import { onClientLoaded } from './client/load.ts';
import { Seam } from './client/seam.ts';
import { addDefaultObserver } from './default-observers.ts';
import { guard } from './guard.ts';
import { Observer } from './observer.ts';
import { connectEarly, startWithFirstSpan } from './register/early-api.ts';
import { knowImportedApi as knowForHandOver } from './register/hand-over.ts';
import { isDisabled, sayNodeVersion, startSdk } from './register/sdk.ts';
import { isSwitchedOff } from './switch.ts';

const observer = new Observer({}, { beforeFirstCall: () => startSdk(observer.telemetry) });

guard('setting up', () => {
  if (isSwitchedOff()) return;
  addDefaultObserver(observer);
  connectApi(api);
  onClientLoaded(({ prototype, exported }) => {
    startWithFirstSpan(() => observer.prepare());
    const seam = Seam.of(prototype);
    seam.addDefault(observer);
    seam.watchResources(findClientClass(exported));
  });
  sayNodeVersion();
});

/** The copy of the API that ES modules share, which nothing but an ES module can find. */
export function knowImportedApi(imported: typeof api): void {
  knowForHandOver(imported);
  if (!isSwitchedOff()) connectApi(imported);
}

function connectApi(copy: typeof api): void {
  if (!isDisabled()) guard('preparing tracers and meters', connectEarly, copy);
}
