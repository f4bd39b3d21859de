import { builtIn, isOfSandbox } from './built-in.ts';
import { guard } from './guard.ts';

/** The channel on which Node publishes each request of `node:http`. */
export const HTTP_REQUESTS = 'http.client.request.start';

/**
 * Listens to diagnostics channels of Node until the returned function is called. Does nothing in a sandbox,
 * such as Jest's: the channels belong to the process and would keep the sandbox in memory.
 */
export function listenToChannels(
  names: readonly string[],
  where: string,
  receive: (message: unknown) => void,
): () => void {
  const channels = builtIn('node:diagnostics_channel');
  if (channels === undefined || isOfSandbox(channels.subscribe)) return () => undefined;
  let isStopped = false;
  const listener = (message: unknown): void => {
    if (!isStopped) guard(where, receive, message);
  };
  for (const name of names) channels.subscribe(name, listener);
  return () => {
    isStopped = true;
    // Later: in Node 20.0, a request fails if its channel loses the last listener while it is published.
    queueMicrotask(() => {
      for (const name of names) channels.unsubscribe(name, listener);
    });
  };
}
