import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** The running command `view`, which shows traces as they arrive. */
export interface LivePage {
  readonly address: string;
  close(): void;
}

export async function startLivePage(port: number, ...options: readonly string[]): Promise<LivePage> {
  const child: ChildProcess = spawn(process.execPath, [COMMAND, 'view', '--port', String(port), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const [address] = /http:\S+/.exec(String(said)) ?? [];
  if (address === undefined) throw new Error(`The command did not start: ${said}`);
  return { address, close: () => child.kill() };
}
