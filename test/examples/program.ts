import { fileURLToPath } from 'node:url';
import { type RunningCommand, start } from '../support/lanes/command.ts';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** Starts an example with this Node, in an environment with nothing set but what is given. */
export function startExample(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return start(process.execPath, parameters, {
    cwd: ROOT,
    env: { PATH, NODE_COMPILE_CACHE, ...environment },
  });
}

/** A duration, with the column around it that depends on its width. */
const DURATION = / +<?[\d.]+ (?:ms|s|min)(?: {2}|$)/;

/** The lines of trees, without durations; those of tables and panels end in a bar. */
export function treeLines(text: string): string[] {
  const lines = text
    .split('\n')
    .filter((line) => /^(?:[ │]*[├└]|[^\s|]).*[^│]$/.test(line) && DURATION.test(line));
  return lines.map((line) => line.replace(DURATION, '  ').trimEnd());
}
