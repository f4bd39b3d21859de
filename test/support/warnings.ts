import { DiagLogLevel, diag } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';

/** What is logged as a warning or an error from now on, until the test ends. */
export function collectWarnings(): string[] {
  const warnings: string[] = [];
  const log = (text: string): void => void warnings.push(text);
  const logger = { error: log, warn: log, info: log, debug: log, verbose: log };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  onTestFinished(() => diag.disable());
  return warnings;
}
