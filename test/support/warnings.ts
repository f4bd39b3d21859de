import { diag } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { collectLines } from './diag-lines.ts';

/** What is logged as a warning or an error from now on, until the test ends. */
export function collectWarnings(): string[] {
  onTestFinished(() => diag.disable());
  return collectLines();
}
