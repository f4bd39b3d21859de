import { once } from 'node:events';
import {
  Agent,
  type ClientRequest,
  createServer,
  type RequestOptions,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchTimeouts, whyUnreachable } from '../../../src/telemetry/program-end/unsent.ts';
import { VIEW_HEADER } from '../../../src/util/version.ts';

let server: Server;
let answers: boolean | 'begins';
let agent: Agent;
let endpoint: string;
beforeEach(async () => {
  answers = true;
  server = createServer((incoming, response) => {
    incoming.resume();
    if (answers === 'begins') response.flushHeaders();
    else if (answers) response.end('x'.repeat(1_000_000));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  watchTimeouts([endpoint]);
});
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

/** Sends a request whose answer nobody reads. */
async function send(timeout?: number, more: RequestOptions = {}): Promise<ClientRequest> {
  const sent = request(endpoint, {
    method: 'POST',
    agent,
    ...(timeout !== undefined && { timeout }),
    ...more,
  });
  sent.on('timeout', () => sent.destroy(new Error('timeout')));
  sent.on('error', () => undefined);
  sent.end('spans');
  await new Promise<void>((resolve) => void sent.once('close', resolve));
  return sent;
}

test('an answer that nobody reads is discarded, as without us', async () => {
  await send();
  // The agent reuses a socket only after the whole answer was discarded.
  expect((await send()).reusedSocket).toBe(true);
});

test('a server that lets a request time out is known until it answers', async () => {
  expect(await whyUnreachable(endpoint)).toBeUndefined();
  answers = false;
  await send(1);
  expect(await whyUnreachable(endpoint)).toBe('timeout');
  answers = true;
  await send();
  expect(await whyUnreachable(endpoint)).toBeUndefined();
});

test('so is one whose answer never ends', async () => {
  answers = 'begins';
  await send(200);
  expect(await whyUnreachable(endpoint)).toBe('timeout');
});

test.each<[string, RequestOptions]>([
  ['of another method', { method: 'GET' }],
  ['to the command view', { headers: { [VIEW_HEADER]: '1' } }],
])('a request %s says nothing about it', async (_, options) => {
  answers = false;
  await send(1, options);
  expect(await whyUnreachable(endpoint)).toBeUndefined();
  await send(1);
  answers = true;
  await send(undefined, options);
  expect(await whyUnreachable(endpoint)).toBe('timeout');
});

test('requests to an endpoint can get a timeout, and no others of its host', async () => {
  watchTimeouts([endpoint], 50);
  answers = false;
  const errors: unknown[] = [];
  const other = request(endpoint.replace('traces', 'other'), { method: 'POST' }).end();
  other.on('error', (error) => errors.push(error));
  await send();
  expect(await whyUnreachable(endpoint)).toBe('timeout');
  expect(errors).toEqual([]);
  other.destroy();
});
