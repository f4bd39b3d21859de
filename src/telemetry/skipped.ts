import type { Attributes } from '@opentelemetry/api';
import { notice } from '../diagnostics/report.ts';

/** Adds how many tool calls or steps have no span, and reports once that there are any. */
export function addSkippedCalls(attributes: Attributes, name: string, count: number): void {
  if (count === 0) return;
  attributes[name] = count;
  notice('calls_skipped');
}
