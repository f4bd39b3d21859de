import { printToStderr } from '../util/text-stream.ts';
import { refusalOf } from './connection-probe.ts';
import { adviceFor, failureReason, type Signal, ZIPKIN_ADVICE } from './export-advice.ts';
import { addressWithoutSecrets } from './otlp-address.ts';
import { type CollectorEnvironment, NO_SCHEME, NOT_A_URL, zipkinEndpoint } from './otlp-environment.ts';

let hasReported = false;
let firstReport: Promise<void> | undefined;

/** Prints once to standard error that a signal could not be sent, and what to do. */
export function reportUnsent(endpoint: string, reason: string, signal: Signal = 'traces'): void {
  if (hasReported || typeof process !== 'object') return;
  hasReported = true;
  const address = reason === NOT_A_URL ? 'its endpoint' : addressWithoutSecrets(endpoint);
  const shown = reason === NO_SCHEME ? address.replace(/^http:\/\//, '') : address;
  printToStderr(
    `could not send ${signal} to ${shown} (${reason}). ${
      endpoint === zipkinEndpoint(process.env) ? ZIPKIN_ADVICE : adviceFor(reason, process.env, signal)
    }`,
  );
}

/**
 * The same for a failed export. The error after retries is often a timeout, so this checks whether the endpoint refuses
 * connections.
 */
export async function reportFailedExport(
  endpoint: string,
  error: unknown,
  environment: CollectorEnvironment,
): Promise<void> {
  if (hasReported) return;
  // Others that fail meanwhile wait for the report of the first.
  firstReport ??= refusalOf(endpoint, environment).then((refusal) =>
    reportUnsent(endpoint, refusal ?? failureReason(error)),
  );
  await firstReport;
}
