import { notice } from '../../diagnostics/report.ts';
import type { Usage } from '../cost/usage.ts';
import type { Failure } from '../error.ts';
import type { Operation } from '../operation.ts';

/** The tokens that a result reports. */
export function usageOf(operation: Operation, result: unknown): Usage | undefined {
  return operation.usage?.(result);
}

/** The failure that a result reports. */
export function failureOf(operation: Operation, result: unknown): Failure | undefined {
  return operation.failure?.(result);
}

/** Only streams of chat completions omit their usage unless the request asks for it. */
export function missUsage({ name, traits }: Operation, usage: Usage | undefined): void {
  if (name === 'chat' && traits?.reportsUsageOnRequest === true && usage === undefined)
    notice('stream_without_usage');
}
