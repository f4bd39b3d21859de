/**
 * Instruments `openai` without code changes: `node --import opentelemetry-instrumentation-openai/register
 * app.mjs`, or `--require` for CommonJS.
 *
 * This instruments every client, and `@openai/agents`. If the program has registered no tracer provider by
 * its first call, `register` starts a `NodeSDK` from the standard `OTEL_*` variables, which requires
 * `@opentelemetry/sdk-node`.
 */

import * as api from '@opentelemetry/api';
import { isSdkDisabled, isSwitchedOff } from './config/environment.ts';
import { recordAgents } from './pipeline/agents-tracing.ts';
import { removeDefaultObserver } from './pipeline/default-observers.ts';
import { observeProcess } from './pipeline/observe-process.ts';
import { Observer } from './pipeline/observer.ts';
import { connectEarlyTracers, rememberApi, startWithFirstSpan } from './register/api-copies.ts';
import { startSdk } from './register/sdk.ts';
import { onTraceProvider } from './sdk/agents-sdk/library.ts';
import { Providers } from './telemetry/telemetry.ts';
import { guard } from './util/guard.ts';

const observer = new Observer({}, beforeFirstCall);

/** Reads the variables again, because the program may load its `.env` file after this package. */
function beforeFirstCall(): boolean {
  if (isSwitchedOff()) {
    removeDefaultObserver(observer);
    return false;
  }
  observer.configure({});
  // Only the registered providers count, whichever an instrumentation of the program has been given.
  startSdk(new Providers());
  return true;
}

guard('setting up', () => {
  if (isSwitchedOff()) return;
  connectApi(api);
  observeProcess(observer, {
    clientLoaded: () => startWithFirstSpan(() => observer.prepare()),
    // If this package is installed outside the program's folder, the program loads another copy of the API.
    api: (copy) => connectApi(copy as typeof api),
  });
  // In the built package, the first use of `recordAgents` loads its code.
  onTraceProvider(() => void recordAgents());
});

/**
 * Sets the copy of the API that ES modules share. Only an ES module can import it.
 *
 * @internal
 */
export function setImportedApi(imported: typeof api): void {
  if (!isSwitchedOff()) connectApi(imported);
}

function connectApi(copy: typeof api): void {
  rememberApi(copy);
  if (!isSdkDisabled()) guard('preparing tracers', connectEarlyTracers, copy);
}
