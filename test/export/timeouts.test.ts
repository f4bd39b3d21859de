import { Agent, type ClientRequest, request } from 'node:http';
import { VIEW_HEADER } from 'openai-traces-viewer/shared/names.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchTimeouts } from '../../src/export/otlp-exporter.ts';
import * as unsent from '../../src/telemetry/program-end/unsent.ts';
import { listen } from '../support/listening.ts';

vi.mock(import('../../src/telemetry/program-end/unsent.ts'), { spy: true });
const noted = vi.mocked(unsent.noteTimeout);

let answers: boolean;
let agent: Agent;
let endpoint: string;
beforeEach(async () => {
  noted.mockClear();
  answers = true;
  const address = await listen((incoming, response) => {
    incoming.resume();
    if (answers) response.end('x'.repeat(1_000_000));
  });
  endpoint = `${address}/v1/traces`;
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(() => agent.destroy());

/** Sends a request whose answer nobody reads, and which its sender gives up after a millisecond if it has a timeout. */
async function send(url: string, hasTimeout: boolean, headers = {}): Promise<ClientRequest> {
  const sent = request(url, { method: 'POST', agent, headers, ...(hasTimeout && { timeout: 1 }) });
  if (hasTimeout) sent.on('timeout', () => sent.destroy(new Error('timeout')));
  sent.on('error', () => undefined);
  sent.end('spans');
  await new Promise<void>((resolve) => void sent.once('close', resolve));
  return sent;
}

test('an answer that nobody reads is discarded, as without us', async () => {
  watchTimeouts([endpoint]);
  await send(endpoint, false);
  // The agent reuses a socket only after the whole answer was discarded.
  expect((await send(endpoint, false)).reusedSocket).toBe(true);
  expect(noted).not.toHaveBeenCalled();
});

test('a request that times out is noted', async () => {
  watchTimeouts([endpoint]);
  answers = false;
  await send(endpoint, true);
  expect(noted).toHaveBeenCalledOnce();
});

test.each<[string, string, object]>([
  ['of another path', '/more', {}],
  ['to the command view', '', { [VIEW_HEADER]: '1' }],
])('a request %s is not', async (_, path, headers) => {
  watchTimeouts([endpoint]);
  answers = false;
  await send(endpoint + path, true, headers);
  expect(noted).not.toHaveBeenCalled();
});
