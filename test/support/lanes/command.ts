import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { SHELL_SETTINGS } from '../environment.ts';
import { ROOT } from './paths.ts';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
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

/** Runs a command to its end, whatever that is. */
export function run(
  command: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<Completed> {
  const { cwd, env = {}, timeout = 120_000, uid, gid } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd,
      env: { ...userEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
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
