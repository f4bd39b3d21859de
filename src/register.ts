/**
 * Zero code: `node --import opentelemetry-instrumentation-openai/register app.mjs`, or `--require` for CommonJS.
 *
 * Observes every client of `openai`. If the program has set up no tracer provider when it makes its first
 * call, one is set up from the standard `OTEL_*` variables, with `@opentelemetry/sdk-node` if it is installed.
 */
import { findClientClass } from './client/find.ts';
import { onClientLoaded } from './client/load.ts';
import { Seam } from './client/seam.ts';
import { addDefaultObserver } from './default-observers.ts';
import { guard } from './guard.ts';
import { Observer } from './observer.ts';
import { sayNodeVersion, startSdk } from './register/sdk.ts';
import { isSwitchedOff } from './switch.ts';

export { knowImportedApi } from './register/hand-over.ts';

const observer = new Observer({}, { beforeFirstCall: () => startSdk(observer.telemetry) });

guard('setting up', () => {
  if (isSwitchedOff()) return;
  addDefaultObserver(observer);
  onClientLoaded(({ prototype, exported }) => {
    const seam = Seam.of(prototype);
    seam.addDefault(observer);
    seam.watchResources(findClientClass(exported));
  });
  sayNodeVersion();
});
