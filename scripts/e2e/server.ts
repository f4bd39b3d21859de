import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CACHE } from './install.ts';

const READY_WITHIN = 180_000;

export interface ServerOptions {
  readonly command: string;
  readonly parameters?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder, which also has its data. */
  readonly directory: string;
  /** A URL that answers with a status below 500 once the server is ready. */
  readonly ready: string;
}

/** Starts a server and waits until it is ready. @returns a function that stops it */
export async function startServer(options: ServerOptions): Promise<() => Promise<void>> {
  const { command, parameters = [], env = {}, directory, ready } = options;
  const log = join(directory, 'log');
  const output = await open(log, 'w');
  const child = spawn(command, parameters, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', output.fd, output.fd],
    // Its own process group, so that its child processes end with it.
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  const end = (): void => endGroup(child);
  process.once('exit', end);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', end);
    end();
    await ended;
    await output.close();
    await rm(directory, { recursive: true, force: true });
  };
  const failure = await Promise.race([ended, answers(ready)]);
  if (failure === undefined) return stop;
  const said = await readFile(log, 'utf8');
  await stop();
  throw new Error(`${command}: ${failure}\n${said.slice(-3000)}`);
}

/** Creates a folder for a server's data. */
export async function dataDirectory(name: string): Promise<string> {
  const parent = join(CACHE, 'data');
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${name}-`));
}

/** Finds ports on which nothing listens. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @throws Error with the server's answer if its status is not 2xx */
export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function answers(url: string): Promise<string | undefined> {
  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined && response.status < 500) return undefined;
    await wait(200);
  }
  return `${url} does not answer`;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
