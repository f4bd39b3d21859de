import { guard } from './guard.ts';
import { isOfSandbox } from './sandbox.ts';

/** The part of `node:diagnostics_channel` that is used here. */
interface DiagnosticsChannels {
  subscribe(name: string, listener: (message: unknown) => void): void;
  unsubscribe(name: string, listener: (message: unknown) => void): void;
}

/** The requests of `node:http`. */
export const HTTP_REQUESTS = 'http.client.request.start';

/**
 * Listens to channels of Node, where there are any. In a sandbox, such as Jest's, it does not: the process would keep the
 * sandbox.
 *
 * @returns stops it
 */
export function listenToChannels(
  names: readonly string[],
  where: string,
  hear: (message: unknown) => void,
): () => void {
  const channels = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel') as
    | DiagnosticsChannels
    | undefined;
  if (channels === undefined || isOfSandbox(channels.subscribe)) return () => undefined;
  const listener = (message: unknown): void => void guard(where, hear, message);
  for (const name of names) channels.subscribe(name, listener);
  return () => {
    for (const name of names) channels.unsubscribe(name, listener);
  };
}
