import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';

/**
 * Listens on a port during the tests of a file.
 *
 * @returns gives the address, without a scheme
 */
export function startListening(): () => string {
  let server: Server;
  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());
  return () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Calls something for each connection that is opened during a test. */
export function onConnect(listener: () => void): void {
  const net = process.getBuiltinModule('node:net');
  const connect = net.connect.bind(net);
  const spy = vi.spyOn(net, 'connect').mockImplementation(((options: NetConnectOpts) => {
    listener();
    return connect(options);
  }) as typeof net.connect);
  onTestFinished(() => spy.mockRestore());
}
