import { diag } from '@opentelemetry/api';
import { terminalSafeLines } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { diagLogger } from './otel-api.ts';
import { emitWarning } from './process-warning.ts';

const MAX_REPORTED = 100;
const MAX_LOGGED_FRAMES = 5;
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
export function logOnce(key: string, message: string): void {
  if (isFirst(key)) log('warn', message);
}

/** Does what {@link warn} does, once for each key. */
export function warnOnce(key: string, message: string): void {
  if (isFirst(key)) warn(message);
}

function isFirst(key: string): boolean {
  if (reported.has(key) || reported.size >= MAX_REPORTED) return false;
  reported.add(key);
  return true;
}

/** Reports a mistake of the program. Without a logger for `diag`, Node warns of it: nobody would notice it otherwise. */
export function warn(message: string): void {
  if (diagLogger() === undefined) emitWarning(message);
  else log('warn', message);
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
  logOnce(where, `${where} failed; your program is not affected: ${described}`);
}

/** The class and stack frames of an error. The message is left out: it may quote what the program sent or received. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = framesOf(error.stack ?? '', error.message);
  return [error.constructor.name, ...frames.slice(0, MAX_LOGGED_FRAMES)].join('\n');
}

const FRAME = /^\s+at \S.*(?::\d+:\d+\)?|\((?:<anonymous>|native)\))$/;

/**
 * Returns a stack's frames without the message before them, whose lines may look like frames. The stack's
 * message may differ from the error's, so only the last `Error.stackTraceLimit` lines count.
 */
export function framesOf(stack: string, message: string | undefined): readonly string[] {
  const at = message === undefined ? -1 : stack.indexOf(message);
  const lines = (at < 0 ? stack : stack.slice(at + (message?.length ?? 0))).split('\n');
  const { stackTraceLimit } = Error;
  let first = lines.length;
  while (lines.length - first < stackTraceLimit && /^\s+at /.test(lines[first - 1] ?? '')) first--;
  return lines.slice(first).filter((line) => FRAME.test(line));
}
