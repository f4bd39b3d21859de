/**
 * Zero code: `node --import opentelemetry-instrumentation-openai/register app.mjs`, or `--require` for CommonJS.
 *
 * Observes every client of `openai`. If the program has set up no tracer provider when it makes its first
 * call, one is set up from the standard `OTEL_*` variables, with `@opentelemetry/sdk-node` if it is installed.
 */
import * as api from '@opentelemetry/api';
import { isSwitchedOff } from './config/kill-switch.ts';
import { Observer } from './pipeline/observer.ts';
import { addDefaultObserver } from './pipeline/observer-registry.ts';
import { connectEarly, startWithFirstSpan } from './register/early-api.ts';
import { knowImportedApi } from './register/hand-over.ts';
import { isDisabled, sayNodeVersion, startSdk } from './register/sdk.ts';
import { findClientClass } from './sdk/find-client.ts';
import { onClientLoaded } from './sdk/module-hooks.ts';
import { Seam } from './sdk/seam.ts';
import { guard } from './util/guard.ts';

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
export function setImportedApi(imported: typeof api): void {
  knowImportedApi(imported);
  if (!isSwitchedOff()) connectApi(imported);
}

function connectApi(copy: typeof api): void {
  if (!isDisabled()) guard('preparing tracers and meters', connectEarly, copy);
}
