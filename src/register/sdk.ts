import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { metrics } from '@opentelemetry/api';
import { ignoredFileOptions } from '../config/declarative-file.ts';
import {
  CONFIG_FILE_VARIABLE,
  hasConfigurationFile,
  isSdkDisabled,
  sdkProblems,
} from '../config/environment.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { noticed, printFinding } from '../diagnostics/report.ts';
import { watchTimeouts, withExportTimeout } from '../export/otlp-exporter.ts';
import { prepareDelivery } from '../telemetry/program-end/exit-delivery.ts';
import { deliverAtExit } from '../telemetry/program-end/program-end.ts';
import { flushOnSignals } from '../telemetry/program-end/signals.ts';
import type { Providers } from '../telemetry/telemetry.ts';
import { guard, guardAsync } from '../util/guard.ts';
import { findPackage, requireOf } from '../util/optional-packages.ts';
import { API_KEY, isNoopMeterProvider, isNoopTracerProvider, olderApiInUse } from '../util/otel-api.ts';
import { endpointsOf, processorsOf } from '../util/otel-sdk.ts';
import { field } from '../util/payload.ts';
import { printToStderr } from '../util/process-warning.ts';
import { readEnvironment } from '../util/variables.ts';
import { endEarly, handOver } from './api-copies.ts';
import { PAGE_VARIABLE, type SdkConfiguration, sdkConfiguration } from './exporters.ts';

const SDK = '@opentelemetry/sdk-node';
const INSTALL = `npm install @opentelemetry/api ${SDK}`;

interface Sdk {
  shutdown(): Promise<void>;
}
interface SdkModule {
  readonly NodeSDK: new (configuration: SdkConfiguration) => Sdk & { start(): void };
  /** `NodeSDK` itself does not read a configuration file. */
  readonly startNodeSdk?: () => Sdk;
  /** The earlier name of `startNodeSdk`. */
  readonly startNodeSDK?: () => Sdk;
}

/**
 * Starts a `NodeSDK` if no tracer provider is registered. If the SDK is missing, prints once how to install
 * it. A provider that the program registers later replaces this SDK.
 */
export function startSdk(providers: Providers): void {
  guard('starting the SDK', startIfMissing, providers);
  if (hasProvider(providers)) endEarly();
}

/** Whether a provider is registered: for traces or, if `NodeSDK` has no exporter for these, for metrics. */
function hasProvider({ provider }: Providers): boolean {
  return !isNoopTracerProvider(provider) || !isNoopMeterProvider(metrics.getMeterProvider());
}

function startIfMissing(providers: Providers): void {
  if (!isNoopTracerProvider(providers.provider)) return;
  if (isSdkDisabled()) return;
  const version = olderApiInUse();
  if (version !== undefined) {
    printFinding(describeFinding('api_too_new', version));
    return;
  }
  const require = findPackage(SDK, createRequire);
  if (require === undefined) {
    printToStderr(
      `no tracer provider is registered and ${SDK} was not found, so nothing is recorded. ` +
        `To see traces: ${INSTALL}`,
    );
    return;
  }
  try {
    start(require, providers);
  } catch (error) {
    printToStderr(`${SDK} could not be started, so nothing is recorded: ${startFailure(error)}`);
  }
}

/** Quotes only the error's first line, because the others list files. */
function startFailure(error: unknown): string {
  const [reason] = String(error).split('\n');
  const isMissing = field(error, 'code') === 'MODULE_NOT_FOUND';
  return `${reason}. ${isMissing ? `Install it again: ${INSTALL}` : 'Check the OTEL_* variables, and `npm ls @opentelemetry/api`.'}`;
}

function start(require: NodeJS.Require, providers: Providers): void {
  for (const problem of sdkProblems(readEnvironment())) printToStderr(problem);
  const module = require(SDK) as SdkModule;
  const dependencies = requireOf(SDK, require, createRequire);
  const sdk = hasConfigurationFile(readEnvironment())
    ? startFromFile(module, providers)
    : startFromVariables(module, dependencies);
  if (sdk === undefined) return;
  printRejectedVariables();
  const { flushed, otherProviders, provider } = providers;
  guard('watching the exporters', () =>
    watchTimeouts([...processorsOf(provider), ...otherProviders].flatMap(endpointsOf)),
  );
  guard('preparing the exit', () => deliverAtExit(prepareDelivery([provider, ...otherProviders])));
  const stop = flushOnSignals(flushed);
  handOver(dependencies, () => {
    stop();
    void guardAsync('flushing', () => sdk.shutdown());
  });
}

function startFromVariables({ NodeSDK }: SdkModule, dependencies: NodeJS.Require): Sdk {
  const configuration = sdkConfiguration(readEnvironment(), process.stderr.isTTY === true, dependencies);
  return withExportTimeout(readEnvironment(), () => {
    const made = new NodeSDK(configuration);
    withoutArguments(() => made.start());
    return made;
  });
}

/**
 * `NodeSDK` exports the command line as an attribute of the resource. Its arguments may be prompts or keys, so they are
 * hidden from it, unless the environment names what it shall detect.
 */
function withoutArguments(start: () => void): void {
  const { argv, execArgv } = process;
  // With `node --eval`, the first argument takes the place of the program.
  const shown = argv.slice(0, isAbsolute(argv[1] ?? '') ? 2 : 1);
  if (!readEnvironment().OTEL_NODE_RESOURCE_DETECTORS?.trim())
    Object.assign(process, { argv: shown, execArgv: [] });
  try {
    start();
  } finally {
    Object.assign(process, { argv, execArgv });
  }
}

/** @returns `undefined` if nothing was registered, for example because the file cannot be read */
function startFromFile(module: SdkModule, providers: Providers): Sdk | undefined {
  const startWithFile = module.startNodeSdk ?? module.startNodeSDK;
  if (startWithFile === undefined) {
    printToStderr(
      `${CONFIG_FILE_VARIABLE} is set, which ${SDK} does not read, so nothing is recorded. Update ${SDK}.`,
    );
    return undefined;
  }
  if (readEnvironment()[PAGE_VARIABLE]?.trim())
    printToStderr(`${PAGE_VARIABLE} has no effect with ${CONFIG_FILE_VARIABLE}.`);
  for (const problem of ignoredFileOptions(configurationFile())) printToStderr(problem);
  const sdk = withOwnLogger(startWithFile);
  return hasProvider(providers) || providers.events.provider !== undefined ? sdk : undefined;
}

/**
 * Starts the SDK from a configuration file. The SDK always registers a logger for `diag`, which prints to standard
 * output. That logger is removed, unless the file has a `log_level`. If the program has a logger, that one stays.
 */
function withOwnLogger<T>(start: () => T): T {
  const before = globalOfApi()?.diag;
  // Without this, the SDK would log that it replaces a logger.
  delete globalOfApi()?.diag;
  try {
    return start();
  } finally {
    const after = globalOfApi();
    if (before === undefined && !asksForLogger()) delete after?.diag;
    else if (before !== undefined && after !== undefined) after.diag = before;
  }
}

function asksForLogger(): boolean {
  return /^["'{\s]*log_level\b/m.test(configurationFile());
}

/** Empty if the file cannot be read, which the SDK reports. */
function configurationFile(): string {
  try {
    return readFileSync(readEnvironment()[CONFIG_FILE_VARIABLE]?.trim() ?? '', 'utf8');
  } catch {
    return '';
  }
}

function globalOfApi(): { diag?: unknown } | undefined {
  return field(globalThis, API_KEY) as { diag?: unknown } | undefined;
}

/** Prints which variables have no effect. A user who changes no code has no logger for `diag` to say so. */
function printRejectedVariables(): void {
  for (const finding of noticed()) if (finding.code === 'option_not_accepted') printFinding(finding);
}
