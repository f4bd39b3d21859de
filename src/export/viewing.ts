import { trace } from '@opentelemetry/api';
import { exporterProblem } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import { findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { providerBehind } from '../util/otel-api.ts';
import { processorsOf } from '../util/otel-sdk.ts';
import { printToStderr } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { exportersFromEnvironment, isExportConfigured, processorsFromEnvironment } from './otlp-exporter.ts';

const SDK_PACKAGE = '@opentelemetry/sdk-node';

/** Creates span processors for the exporters that the `OTEL_*` variables name. */
export function exportersBesideViews(): unknown[] {
  const environment = globalThis.process?.env;
  if (environment === undefined) return [];
  const problem = exporterProblem(environment);
  if (problem !== undefined) printToStderr(problem);
  const wanted = exportersFromEnvironment(environment);
  const [first] = wanted;
  if (first === undefined) return [];
  const require = findDependenciesOf(SDK_PACKAGE) ?? findPackage(first[0]);
  if (require === undefined) {
    printToStderr(`traces are not sent, because ${first[0]} is not installed: npm install ${first[0]}`);
    return [];
  }
  return processorsFromEnvironment(environment, require);
}

/** Warns once if the environment names an exporter or endpoint, but all span processors are views. */
export function warnOfUnusedEndpoint(isView: (processor: object) => boolean, call: string): void {
  const environment: Environment = globalThis.process?.env ?? {};
  if (warned || !isExportConfigured(environment, 'TRACES')) return;
  if (exportersFromEnvironment(environment).length === 0) return;
  if (!processorsOf(providerBehind(trace.getTracerProvider())).every(isView)) return;
  warned = true;
  printToStderr(
    `traces are not sent to the OTLP endpoint that the environment names, because spanProcessors has only ${call}. ` +
      `To do both: spanProcessors: viewing(${call}), with viewing from ${NAME}/export.`,
  );
}

let warned = false;
