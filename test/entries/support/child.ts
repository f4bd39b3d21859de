import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { laneDirectory } from '../../support/lanes/paths.ts';

export interface ChildProgram {
  readonly lane: string;
  /** Where the program stands instead. */
  readonly directory?: string;
  readonly format: 'cjs' | 'mjs';
  readonly text: string;
  /** Flags before the program. */
  readonly parameters?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sent each time the program writes a line that says `ready`, in this order. */
  readonly signals?: readonly NodeJS.Signals[];
}

/** How a program ended, as its parent process sees it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const PACKAGE = 'opentelemetry-instrumentation-openai';

/** Longer than any program takes; the exporters give up after ten seconds. */
const TIMEOUT = 40_000;

/** What Node has compiled before starts a program sooner, and changes nothing else. */
const { PATH, NODE_COMPILE_CACHE = '' } = process.env;

/** Runs a program in a lane to its end, whatever that is. Nothing else of this process's environment reaches it. */
export async function runChild(program: ChildProgram): Promise<Ended> {
  const { lane, directory = laneDirectory(lane), format, text } = program;
  const { parameters = [], env = {}, signals = [] } = program;
  const file = join(directory, `entry-${randomUUID()}.${format}`);
  await writeFile(file, text);
  try {
    return await follow([...parameters, file], directory, env, signals);
  } finally {
    await rm(file);
  }
}

function follow(
  parameters: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  signals: readonly NodeJS.Signals[],
): Promise<Ended> {
  const waiting = [...signals];
  const child = spawn(process.execPath, parameters, {
    cwd,
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  let heard = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    const ready = stdout.split('ready\n').length - 1;
    for (; heard < ready; heard++) {
      const signal = waiting.shift();
      if (signal !== undefined) child.kill(signal);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
