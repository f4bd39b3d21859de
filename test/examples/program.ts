import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
}

/** Starts an example with this Node, in an environment with nothing set but what is given. */
export function startExample(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningProgram {
  const child = spawn(process.execPath, parameters, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
  return { child, finished };
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
