import { trace } from '@opentelemetry/api';
import { sdkProblems } from '../config/environment.ts';
import { findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { providerBehind } from '../util/otel-api.ts';
import { processorsOf } from '../util/otel-sdk.ts';
import { printToStderr } from '../util/process-warning.ts';
import { readEnvironment } from '../util/variables.ts';
import { NAME } from '../util/version.ts';
import { otlpPackage, otlpProcessors, wantsOtlp } from './otlp-exporter.ts';

const SDK_PACKAGE = '@opentelemetry/sdk-node';

/** Creates span processors for OTLP, if the `OTEL_*` variables want it. */
export function exportersBesideViews(): unknown[] {
  const environment = readEnvironment();
  for (const problem of sdkProblems(environment)) printToStderr(problem);
  if (!wantsOtlp(environment)) return [];
  const name = otlpPackage(environment);
  const require = findDependenciesOf(SDK_PACKAGE) ?? findPackage(name);
  if (require !== undefined) return otlpProcessors(environment, require);
  printToStderr(`traces are not sent, because ${name} is not installed: npm install ${name}`);
  return [];
}

/** Warns once if the environment names an exporter or endpoint, but all span processors are views. */
export function warnOfUnusedEndpoint(isView: (processor: object) => boolean, call: string): void {
  if (warned || !wantsOtlp(readEnvironment())) return;
  if (!processorsOf(providerBehind(trace.getTracerProvider())).every(isView)) return;
  warned = true;
  printToStderr(
    `traces are not sent to the OTLP endpoint that the environment names, because NodeSDK has only ${call}. ` +
      `To do both: spanProcessors: viewing(${call}), with viewing from ${NAME}/export.`,
  );
}

let warned = false;
