import { diag } from '@opentelemetry/api';
import { terminalSafeLines } from './terminal-safe.ts';

const MAX_REPORTED = 100;
const reported = new Set<string>();

/**
 * Runs a piece of the instrumentation so that nothing it throws reaches the program. Every error ends here
 * or, on the hot path, in a `catch` that calls {@link logError}. Arguments are passed one by one: collecting
 * them would allocate.
 *
 * @param where names the place in the log line. Each place is logged only once
 * @returns what `run` returns; `undefined` if it throws
 */
export function guard<Arguments extends readonly unknown[] & { readonly length: 0 | 1 | 2 | 3 | 4 }, Result>(
  where: string,
  run: (...args: Arguments) => Result,
  ...args: Arguments
): Result | undefined;
export function guard(
  where: string,
  run: (...args: readonly unknown[]) => unknown,
  first?: unknown,
  second?: unknown,
  third?: unknown,
  fourth?: unknown,
): unknown {
  try {
    return run(first, second, third, fourth);
  } catch (error) {
    logError(where, error);
    return undefined;
  }
}

export async function guardAsync(where: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    logError(where, error);
  }
}

/** Logs a warning once for each key. Keys are constants of this package. */
export function warnOnce(key: string, message: string): void {
  if (reported.has(key) || reported.size >= MAX_REPORTED) return;
  reported.add(key);
  log('warn', message);
}

/** The only function that writes to OpenTelemetry's diagnostic log. */
export function log(level: 'warn' | 'info', message: string): void {
  const line = terminalSafeLines(`opentelemetry-instrumentation-openai: ${message}`);
  try {
    if (level === 'warn') diag.warn(line);
    else diag.info(line);
  } catch {
    // The logger belongs to the program; there is nowhere else to report to.
  }
}

/** Only the first error in each place is logged. */
export function logError(where: string, error: unknown): void {
  let described: string = typeof error;
  try {
    described = describeError(error);
  } catch {
    // A program may throw any value: even reading its stack may throw.
  }
  warnOnce(where, `${where} failed; your program is not affected: ${described}`);
}

/** The class and stack frames of an error. The message is left out: it may quote what the program sent or received. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { message, stack = '' } = error;
  // A message may contain lines that look like frames.
  const start = stack.indexOf(message);
  const frames = (start < 0 ? '' : stack.slice(start + message.length))
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return [error.constructor.name, ...frames.slice(0, 5)].join('\n');
}
