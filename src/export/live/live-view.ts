import type { IncomingMessage, ServerResponse } from 'node:http';
import { terminalSafe } from '../../util/terminal-safe.ts';
import { COMMAND } from '../../util/version.ts';
import type { ViewParameters } from '../view-parameters.ts';
import { newToken } from './access.ts';
import { errorCodeOf, type Listening, listenLocally, nextFreePort } from './listen.ts';
import { Receiver } from './receiver.ts';
import { TraceStore } from './trace-store.ts';
import { watchTraces } from './watch-traces.ts';

const ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

interface LiveOutput {
  write(text: string): unknown;
}

/** A page that shows traces as they arrive, and the receiver that takes them. */
export interface LiveView {
  /** The endpoint of OTLP. */
  readonly address: string;
  /** The address of the page, with the token that lets its reader in. */
  readonly page: string;
  close(): Promise<void>;
}

/**
 * The command `view` without a file, or with `--watch`. Runs until it is interrupted.
 *
 * @returns the exit code if it cannot start: 1
 */
export async function viewLive(
  { port, file }: Pick<ViewParameters, 'port' | 'file'>,
  output: LiveOutput,
  errors: LiveOutput,
): Promise<number> {
  try {
    const { address, page } = await startLiveView(port, file, (problem) =>
      errors.write(`${terminalSafe(problem)}\n`),
    );
    output.write(
      `Traces are shown at ${page}\n` +
        `To send them, start the program with ${ENDPOINT_VARIABLE}=${address}\nStop with Ctrl+C.\n`,
    );
  } catch (error) {
    errors.write(`${await startProblem(error, port)}\n`);
    return 1;
  }
  // The server keeps the process running.
  return new Promise(() => {});
}

/** @throws the system's error if the port cannot be had, or the file cannot be read */
export async function startLiveView(
  port: number,
  file: string | undefined,
  report: (problem: string) => void,
  token: string = newToken(),
): Promise<LiveView> {
  const store = new TraceStore();
  const receiver = new Receiver(store, token);
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
      : watchTraces(file, report, ({ spans, evaluations }) => {
          store.add(spans);
          store.annotate(evaluations);
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

async function startProblem(error: unknown, port: number): Promise<string> {
  const code = errorCodeOf(error);
  if (code === 'EACCES') return `No permission to use port ${port}. Choose one above 1023 with --port.`;
  if (code !== 'EADDRINUSE') return terminalSafe(error instanceof Error ? error.message : String(error));
  const free = await nextFreePort(port);
  const advice =
    free === undefined
      ? 'Choose another one with --port.'
      : `${free} is free: ${COMMAND} view --port ${free}, and set ${ENDPOINT_VARIABLE}=http://localhost:${free}`;
  return `Port ${port} is taken. ${advice}`;
}
