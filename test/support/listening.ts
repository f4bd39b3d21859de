import { once } from 'node:events';
import { createServer, Server as HttpServer, type RequestListener } from 'node:http';
import type { AddressInfo, NetConnectOpts, Server } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/**
 * A server of one test.
 *
 * @returns its address, which begins with `http://`
 */
export async function listen(answer: RequestListener | Server = () => undefined): Promise<string> {
  const server = typeof answer === 'function' ? createServer(answer) : answer;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    if (server instanceof HttpServer) server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
