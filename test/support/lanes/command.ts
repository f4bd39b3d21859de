import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { SHELL_SETTINGS } from '../environment.ts';
import { ROOT } from './paths.ts';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which the command is killed. Default: two minutes. */
  readonly timeout?: number;
  /** The user who runs it, if it is another. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface Completed {
  /** `null`: it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly finished: Promise<Completed>;
}

/** Starts a command in an environment with nothing set but what is given. */
export function start(
  command: string,
  parameters: readonly string[],
  { cwd, env = {}, timeout = 120_000, uid, gid }: CommandOptions,
): RunningCommand {
  const child = spawn(command, parameters, {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  const finished = new Promise<Completed>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
  return { child, finished };
}

/** Runs a command to its end, whatever that is, as from a user's shell. */
export function run(
  command: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<Completed> {
  return start(command, parameters, { ...options, env: { ...userEnvironment(), ...options.env } }).finished;
}

/**
 * @returns what it wrote to standard output
 * @throws Error with all of its output, when it does not exit with 0
 */
export async function mustRun(
  command: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { code, stdout, stderr } = await run(command, parameters, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${parameters.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}

/** The environment as a user's shell has it: without what npm and the test runner add, without OpenTelemetry's. */
function userEnvironment(): NodeJS.ProcessEnv {
  const added =
    /^(npm_(lifecycle|package|command|execpath|node_execpath|config_local_prefix)|INIT_CWD|NODE_OPTIONS|NODE_ENV|VITEST|TEST)/;
  const kept = Object.entries(process.env).filter(
    ([name]) => !added.test(name) && !SHELL_SETTINGS.test(name),
  );
  // npm itself runs on the Node that the project brings.
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}
