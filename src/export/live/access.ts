import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Why a request must not be answered. A page on the internet can have a browser send requests to this machine: directly,
 * which `Origin` and `Sec-Fetch-Site` tell, or by a name that its owner points here (DNS rebinding), which `Host` tells.
 *
 * @returns `undefined` if the request may be answered
 */
export function accessProblem(headers: IncomingHttpHeaders): string | undefined {
  const { host = '', origin } = headers;
  if (!LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase()))
    return 'This server answers only at localhost, 127.0.0.1 and [::1].';
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    return 'This server rejects requests from other web pages.';
  const site = headers['sec-fetch-site'];
  // A link to this page on another page is a navigation, which shows the other page nothing.
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (typeof site === 'string' && !/^(?:same-origin|none)$/.test(site) && !isVisit)
    return 'This server rejects requests from other web pages.';
  return undefined;
}

/** A secret that only the user who reads the output of the command knows. Other users of the machine reach the port, too. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

export function matchesToken(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => Buffer.from(text));
  return one !== undefined && other?.length === one.length && timingSafeEqual(one, other);
}
