import { createServer, type RequestListener, type Server } from 'node:http';

/** Where a server listens: on 127.0.0.1, and on ::1 where the machine has it. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Ports that are tried for an advice. */
const MAX_TRIED_PORTS = 50;
const NO_IPV6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Listens on the loopback addresses alone.
 *
 * @param port 0 for any that is free
 * @throws the system's error, such as `EADDRINUSE`
 */
export async function listenLocally(port: number, handle: RequestListener): Promise<Listening> {
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

/** The next free port above; `undefined` if there is none nearby. */
export async function nextFreePort(above: number): Promise<number | undefined> {
  for (let port = above + 1; port <= Math.min(above + MAX_TRIED_PORTS, 65_535); port++) {
    try {
      const listening = await listenLocally(port, () => {});
      await listening.close();
      return port;
    } catch {
      // Taken as well.
    }
  }
  return undefined;
}

export function errorCodeOf(error: unknown): unknown {
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
      // Pages keep a connection open for as long as they are shown.
      server.closeAllConnections();
      return closed;
    }),
  );
}
