import { createRequire } from 'node:module';
import { hasSeenClientClass } from '../diagnostics/copies.ts';
import { noticed } from '../diagnostics/report.ts';
import { withExportTimeout } from '../export/otlp-exporter.ts';
import { endWithin, FLUSH_TIMEOUT_MS, sendWithin } from '../telemetry/program-end.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { guard, guardAsync } from '../util/guard.ts';
import { findPackage, requireOf } from '../util/optional-packages.ts';
import { isNoopTracerProvider } from '../util/otel-api.ts';
import { atExit } from '../util/process-exit.ts';
import { writeTo } from '../util/text-stream.ts';
import { endEarly } from './early-api.ts';
import { flushOnSignals } from './exit.ts';
import { type SdkConfiguration, sdkConfiguration } from './exporters.ts';
import { giveWay } from './hand-over.ts';

const SDK = '@opentelemetry/sdk-node';
const INSTALL = `npm install @opentelemetry/api ${SDK}`;

/** Programs have imported what they use by then. */
const NODE_VERSION_DELAY_MS = 5_000;

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}
type SdkClass = new (configuration: SdkConfiguration) => Sdk;

/**
 * Starts a `NodeSDK` where no tracer provider has been registered. Without the package it says once how to
 * install it and leaves the program alone. It gives way to a provider that the program registers later.
 */
export function startSdk(telemetry: Telemetry): void {
  guard('starting the SDK', startIfMissing, telemetry);
  if (!isNoopTracerProvider(telemetry.provider)) guard('connecting tracers and meters', endEarly);
}

function startIfMissing(telemetry: Telemetry): void {
  if (!isNoopTracerProvider(telemetry.provider)) return;
  if (isDisabled()) return;
  const require = findPackage(SDK, createRequire);
  if (require === undefined) {
    printToStderr(
      `no tracer provider is registered and ${SDK} is not installed, so nothing is recorded. ` +
        `To see traces: ${INSTALL}`,
    );
    return;
  }
  try {
    start(require, telemetry);
  } catch (error) {
    printToStderr(`${SDK} could not be started, so nothing is recorded: ${String(error)}`);
  }
}

/** Whether OpenTelemetry's own switch is off. */
export function isDisabled(): boolean {
  return process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

function start(require: NodeJS.Require, telemetry: Telemetry): void {
  const { NodeSDK } = require(SDK) as { NodeSDK: SdkClass };
  const dependencies = requireOf(SDK, require, createRequire);
  const configuration = sdkConfiguration(process.env, process.stderr.isTTY === true, dependencies);
  const sdk = withExportTimeout(process.env, () => {
    const made = new NodeSDK(configuration);
    made.start();
    return made;
  });
  const { provider } = telemetry;
  const stop = flushOnSignals({
    flush: () => sendWithin(FLUSH_TIMEOUT_MS, [provider]),
    finish: () => endWithin(FLUSH_TIMEOUT_MS, [provider]),
  });
  giveWay(dependencies, () => {
    stop();
    void guardAsync('sending what is recorded', () => sdk.shutdown());
  });
}

/**
 * Says that calls cannot be seen here, unless a client is instrumented in another way: by `…/openai`, by
 * `instrumentOpenAI`, or because it is CommonJS. A server hears of it while it runs.
 */
export function sayNodeVersion(): void {
  const finding = noticed().find(({ code }) => code === 'node_too_old');
  if (finding === undefined || isDisabled()) return;
  const say = (): void => {
    stop();
    clearTimeout(timer);
    if (!hasSeenClientClass()) printToStderr(`${finding.message} ${finding.action}`);
  };
  const stop = atExit(say);
  const timer = setTimeout(say, NODE_VERSION_DELAY_MS);
  timer.unref();
}

function printToStderr(message: string): void {
  writeTo(process.stderr, `opentelemetry-instrumentation-openai: ${message}\n`);
}
