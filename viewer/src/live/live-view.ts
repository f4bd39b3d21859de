import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { terminalSafe } from '../shared/terminal-safe.ts';
import type { TextStream } from '../shared/text-stream.ts';
import { liveStore } from '../span-store.ts';
import { fileProblem } from '../trace-file.ts';
import { keptToken } from './kept-token.ts';
import { KeptTraces } from './kept-traces.ts';
import { newToken, Receiver } from './receiver.ts';

const ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

export interface LiveView {
  readonly address: string;
  /** The address of the page, including the token that grants access. */
  readonly page: string;
  close(): Promise<void>;
}

/**
 * The command `view` without a file. Runs until it is interrupted.
 *
 * @returns the exit code if it cannot start: 1
 */
export async function viewLive(
  port: number,
  options: LiveViewOptions,
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  try {
    const report = (problem: string): unknown => errors.write(`${terminalSafe(problem)}\n`);
    const { address, page } = await startLiveView(port, report, options);
    output.write(
      `Traces are shown at ${page}\n` +
        `To send them, start the program with ${ENDPOINT_VARIABLE}=${address}\nStop with Ctrl+C.\n`,
    );
  } catch (error) {
    errors.write(`${startProblem(error, port)}\n`);
    return 1;
  }
  // A promise that never settles: the server keeps the process running.
  return new Promise(() => {});
}

interface LiveViewOptions {
  /** The token that grants access; by default, the one beside the kept traces, or else a new one. */
  readonly token?: string | undefined;
  /** The path of the file that keeps the traces. */
  readonly keep?: string | undefined;
  /** Whether a new token replaces the one beside the kept traces. */
  readonly isTokenRenewed?: boolean | undefined;
}

/** @throws the system's error if the port is not available, or a sentence if the file cannot be read */
export async function startLiveView(
  port: number,
  report: (problem: string) => void,
  { token, keep, isTokenRenewed = false }: LiveViewOptions = {},
): Promise<LiveView> {
  const store = liveStore();
  let [kept, secret]: [KeptTraces | undefined, string | undefined] = [undefined, token];
  if (keep !== undefined)
    try {
      kept = new KeptTraces(keep, report);
      store.take(kept.read().spans);
      secret ??= keptToken(keep, isTokenRenewed);
    } catch (error) {
      throw new Error(fileProblem(keep, 'read', error));
    }
  secret ??= newToken();
  const receiver = new Receiver(store, secret, kept);
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    const taken = await listen(servers, '127.0.0.1', port, receiver.handle);
    await listen(servers, '::1', taken, receiver.handle).catch((error: unknown) => {
      if (!NO_IPV6.has(errorCodeOf(error))) throw error;
    });
    const address = `http://localhost:${taken}`;
    return { address, page: `${address}/?token=${secret}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startProblem(error: unknown, port: number): string {
  const code = errorCodeOf(error);
  if (code === 'EACCES') return `No permission to use port ${port}. Choose one above 1023 with --port.`;
  if (code !== 'EADDRINUSE') return terminalSafe(error instanceof Error ? error.message : String(error));
  return `Port ${port} is in use. Choose another with --port, or let --port 0 pick a free one.`;
}

const NO_IPV6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

function errorCodeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/**
 * @param port 0 for any free port
 * @returns the port
 * @throws the system's error, such as `EADDRINUSE`
 */
async function listen(
  servers: Server[],
  host: string,
  port: number,
  handle: RequestListener,
): Promise<number> {
  const server = createServer(handle);
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server): Promise<unknown> {
  const closed = new Promise((resolve) => server.close(resolve));
  // Open pages keep a connection, so `close` alone would not finish.
  server.closeAllConnections();
  return closed;
}
