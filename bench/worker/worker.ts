import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Answer, Assignment, Message, Order } from './protocol.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const SERVER = join(import.meta.dirname, '..', 'api', 'server.ts');

/** A process that runs one variant of a program. */
export interface Worker {
  readonly variant: string;
  /** @throws Error with the worker's failure */
  tell(order: Order): Promise<Answer>;
  stop(): void;
}

/**
 * @param flags flags of Node
 * @throws Error if the variant cannot be set up
 */
export async function startWorker(assignment: Assignment, flags: readonly string[] = []): Promise<Worker> {
  const child = fork(MAIN, [JSON.stringify(assignment)], {
    execArgv: ['--expose-gc', ...flags],
    env: userEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit').then(([code]): Message => ({ failed: `The worker ended with ${code}` }));
  await hear(child, gone);
  return {
    variant: assignment.variant,
    async tell(order) {
      const heard = hear(child, gone);
      child.send(order);
      const answer = await heard;
      if ('ready' in answer) throw new Error('The worker has started anew');
      return answer;
    },
    stop: () => void child.kill(),
  };
}

/** @param gone resolves when the worker has ended */
async function hear(child: ChildProcess, gone: Promise<Message>): Promise<Answer | { readonly ready: true }> {
  const heard = new AbortController();
  const said = once(child, 'message', { signal: heard.signal }).then(([message]) => message as Message);
  const message = await Promise.race([said, gone]);
  heard.abort();
  said.catch(() => undefined);
  if ('failed' in message) {
    child.kill();
    throw new Error(message.failed);
  }
  return message;
}

/** Starts a server with the answers of a case, in a separate process. */
export async function startServer(measured: string): Promise<{ readonly url: string; stop(): void }> {
  const child = fork(SERVER, [measured], { env: userEnvironment() });
  const [url] = (await once(child, 'message')) as [string];
  return { url, stop: () => void child.kill() };
}

/** Runs a program once, in a separate process. @returns what it prints */
export async function outputOf(program: string, parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...parameters], {
    env: userEnvironment(),
  });
  return stdout;
}

/** The environment without variables that a user has set for other programs. They would change the measurements. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|OPENAI_|NODE_OPTIONS)/.test(name));
  return Object.fromEntries(kept);
}
