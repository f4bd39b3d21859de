import { DiagLogLevel, diag } from '@opentelemetry/api';

/** What is logged from now on, as lines. */
export function collectLines(logLevel: DiagLogLevel = DiagLogLevel.WARN): string[] {
  const lines: string[] = [];
  const write = (text: string, ...details: unknown[]): void => void lines.push([text, ...details].join(' '));
  const logger = { error: write, warn: write, info: write, debug: write, verbose: write };
  diag.setLogger(logger, { logLevel, suppressOverrideMessage: true });
  return lines;
}
