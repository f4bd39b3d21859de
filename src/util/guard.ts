import { diag } from '@opentelemetry/api';

const MAX_REPORTED = 100;
const reported = new Set<string>();

/**
 * Runs a piece of the instrumentation so that nothing it throws reaches the program. The first failure of
 * each place is logged through `diag`; the result is then `undefined`.
 *
 * This is the one place where the instrumentation's own errors end. Every call passes it often, so that arguments
 * are handed on one by one: collecting them would allocate.
 *
 * @param where names the place in the log line, and is what "once" counts
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
    report(where, error);
    return undefined;
  }
}

/** Like {@link guard} for work that nobody waits for: a rejection ends here too. */
export async function guardAsync(where: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    report(where, error);
  }
}

/** Logs a warning once for each key; keys are a handful of fixed texts. */
export function warnOnce(key: string, message: string): void {
  if (reported.has(key) || reported.size >= MAX_REPORTED) return;
  reported.add(key);
  log('warn', message);
}

/** The one place that writes to OpenTelemetry's log. */
export function log(level: 'warn' | 'info', message: string): void {
  const line = `opentelemetry-instrumentation-openai: ${message}`;
  try {
    if (level === 'warn') diag.warn(line);
    else diag.info(line);
  } catch {
    // The logger is the program's, and there is nobody else to tell.
  }
}

function report(where: string, error: unknown): void {
  let described: string = typeof error;
  try {
    described = describeError(error);
  } catch {
    // It is the program's, and may be anything: its stack may be no text, and to look at it may throw.
  }
  warnOnce(where, `${where} failed, the call goes on without it: ${described}`);
}

/** Class and stack frames, never the message: it may quote what the program sent or received. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { message, stack = '' } = error;
  // A message may have lines that look like frames.
  const start = stack.indexOf(message);
  const frames = (start < 0 ? '' : stack.slice(start + message.length))
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return [error.constructor.name, ...frames.slice(0, 5)].join('\n');
}
