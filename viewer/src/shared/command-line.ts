import { terminalSafe } from './terminal-safe.ts';
import type { TextStream } from './text-stream.ts';

export const HELP_OPTIONS: ReadonlySet<string> = new Set(['--help', '-h']);

/**
 * Reads the parameters of a command, or prints its usage if they ask for help. If `read` throws, prints the first
 * sentence of the error, and the usage.
 *
 * @returns what `read` returns, or the exit code of the command: 0 for help, 2 for wrong parameters
 */
export function commandParameters<Wanted extends object>(
  usage: string,
  [output, errors]: readonly [output: TextStream, errors: TextStream],
  parameters: readonly string[],
  read: (args: string[]) => Wanted,
): Wanted | 0 | 2 {
  if (parameters.some((each) => HELP_OPTIONS.has(each))) {
    output.write(usage);
    return 0;
  }
  try {
    return read([...parameters]);
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    const sentence = code === undefined ? message : `${message.split('. ')[0]}.`;
    errors.write(`${terminalSafe(sentence)}\n${usage}`);
    return 2;
  }
}
