import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { rolldown } from 'rolldown';
import { RUNTIMES_LANE } from './lanes/lanes.ts';
import { laneDirectory } from './lanes/paths.ts';

/** Writes a Worker: one file with everything in it, `openai` and this package too. */
export async function bundleWorker(input: string, folder: string): Promise<void> {
  const bundle = await rolldown({
    input,
    external: [/^node:/, 'async_hooks', 'events'],
    platform: 'browser',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import'] },
  });
  await bundle.write({ file: join(folder, 'worker.mjs'), format: 'esm', codeSplitting: false });
  await bundle.close();
}

function configuration(compatibilityDate: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "network", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ["nodejs_compat"],
  globalOutbound = "network",
);
`;
}

/** Starts the Worker of a folder, and asks it once. */
export async function askWorker(
  folder: string,
  compatibilityDate: string,
  body: string,
  timeout = 60_000,
): Promise<unknown> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'worker.capnp'), configuration(compatibilityDate));
  const workerd = join(laneDirectory(RUNTIMES_LANE.name), 'node_modules', '.bin', 'workerd');
  const child = spawn(workerd, ['serve', 'worker.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout,
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  try {
    const port = await readPort(child.stdio[3] as Readable);
    if (port === undefined) throw new Error(`workerd does not listen: ${errors}`);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    if (!response.ok)
      throw new Error(`The Worker answered ${response.status}: ${await response.text()}\n${errors}`);
    return await response.json();
  } finally {
    child.kill('SIGKILL');
  }
}

/** Which port it listens on, workerd reports on a file descriptor of its own. */
async function readPort(control: Readable): Promise<number | undefined> {
  let text = '';
  for await (const part of control) {
    text += String(part);
    const port = /"port":\s*(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  return undefined;
}
