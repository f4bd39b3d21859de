import { builtIn } from './built-in.ts';
import { makeSuppressed } from './context.ts';
import { failureReason, NO_ANSWER } from './failure-reason.ts';

/** Why no connection to a server can be opened; `undefined` if it can, or in a runtime without `node:net`. */
export async function connectionFailure(
  { hostname, port, protocol }: URL,
  timeoutMs: number,
): Promise<string | undefined> {
  const net = builtIn('node:net');
  if (net === undefined) return undefined;
  const address = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
  return new Promise((resolve) => {
    // Suppressed: otherwise, the connection would get a span if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...address, timeout: timeoutMs }));
    const end = (reason?: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(NO_ANSWER));
    // Not `once`: a second error would have no listener, so it would be thrown in the program.
    socket.on('error', (error) => end(failureReason(error)));
  });
}
