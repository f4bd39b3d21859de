/** Longer texts that a program sends by itself are sound, and not parsed, unless they name something else. */
const MAX_RAW_FRAME_LENGTH = 65_536;
const MAY_BE_READ = /"(?:(?:response|conversation)\.|session\.update)/;

/** A frame that the program has serialised itself. */
export function parseFrame(data: unknown): unknown {
  const isLong = typeof data === 'string' && data.length > MAX_RAW_FRAME_LENGTH;
  return isLong && !MAY_BE_READ.test(data) ? undefined : parseReceived(data);
}

/** A frame of a server: `undefined` for one that is not JSON. */
export function parseReceived(data: unknown): unknown {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Ids are unique at an origin, whatever the protocol. */
export function httpUrl({ protocol, host, pathname }: URL): string {
  return `${protocol.replace('ws', 'http')}//${host}${pathname}`;
}
