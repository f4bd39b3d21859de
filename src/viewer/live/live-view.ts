import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { terminalSafe } from '../../util/terminal-safe.ts';
import type { TextStream } from '../../util/text-stream.ts';
import type { OtlpSpans } from '../otlp-json.ts';
import { liveStore } from '../span-store.ts';
import { fileProblem } from '../trace-file.ts';
import { KeptTraces } from './kept-traces.ts';
import { newToken, Receiver } from './receiver.ts';
import { watchTraces } from './watch-traces.ts';

const ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** A page that shows traces as they arrive, and the receiver that they are sent to. */
export interface LiveView {
  readonly address: string;
  /** The address of the page, including the token that grants access. */
  readonly page: string;
  close(): Promise<void>;
}

/**
 * The command `view` without a file, or with `--watch`. Runs until it is interrupted.
 *
 * @returns the exit code if it cannot start: 1
 */
export async function viewLive(
  port: number,
  file: string | undefined,
  keep: string | undefined,
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  try {
    const report = (problem: string): unknown => errors.write(`${terminalSafe(problem)}\n`);
    const { address, page } = await startLiveView(port, file, report, { keep });
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
  readonly token?: string | undefined;
  readonly keep?: string | undefined;
}

/** @throws the system's error if the port is not available, or a sentence if the file cannot be read */
export async function startLiveView(
  port: number,
  file: string | undefined,
  report: (problem: string) => void,
  { token = newToken(), keep }: LiveViewOptions = {},
): Promise<LiveView> {
  const store = liveStore();
  const take = ({ spans, evaluations }: OtlpSpans): void => store.take(spans, evaluations);
  const kept = keep === undefined ? undefined : new KeptTraces(keep, report);
  try {
    if (kept !== undefined) take(kept.read());
  } catch (error) {
    throw new Error(fileProblem(keep ?? '', 'read', error));
  }
  const receiver = new Receiver(store, token, kept);
  const handle = (request: IncomingMessage, response: ServerResponse): void =>
    receiver.handle(request, response);
  let listening: Listening;
  try {
    listening = await listenLocally(port, handle);
  } catch (error) {
    receiver.close();
    throw error;
  }
  const stopWatching =
    file === undefined
      ? undefined
      : watchTraces(file, report, (found) => {
          take(found);
          receiver.announce();
        });
  const address = `http://localhost:${listening.port}`;
  return {
    address,
    page: `${address}/?token=${token}`,
    async close() {
      stopWatching?.();
      receiver.close();
      await listening.close();
    },
  };
}

function startProblem(error: unknown, port: number): string {
  const code = errorCodeOf(error);
  if (code === 'EACCES') return `No permission to use port ${port}. Choose one above 1023 with --port.`;
  if (code !== 'EADDRINUSE') return terminalSafe(error instanceof Error ? error.message : String(error));
  return `Port ${port} is taken. With --port 0, it takes a free one and prints what to set.`;
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

const NO_IPV6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Listens on the loopback addresses only.
 *
 * @param port 0 for any free port
 * @throws the system's error, such as `EADDRINUSE`
 */
async function listenLocally(port: number, handle: RequestListener): Promise<Listening> {
  const first = await listenOn('127.0.0.1', port, handle);
  const taken = portOf(first);
  const servers = [first];
  try {
    servers.push(await listenOn('::1', taken, handle));
  } catch (error) {
    if (!NO_IPV6.has(errorCodeOf(error))) {
      await closeAll(servers);
      throw error;
    }
  }
  return { port: taken, close: () => closeAll(servers) };
}

function errorCodeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function listenOn(host: string, port: number, handle: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handle);
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise((resolve) => server.close(resolve));
      // Open pages keep a connection, so `close` alone would not finish.
      server.closeAllConnections();
      return closed;
    }),
  );
}
