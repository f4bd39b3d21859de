import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LiveView, startLiveView } from '../../src/export/live/live-view.ts';
import { listsOf, otlp, post, send } from '../export/live/requests.ts';

let live: LiveView;
let port: string;
beforeEach(async () => {
  live = await startLiveView(0, undefined, () => {});
  ({ port } = new URL(live.address));
});
afterEach(() => live.close());

const BODY = otlp({ traceId: 't', spanId: '1', name: 'x' });

describe('a page on the internet cannot', () => {
  test.each(['/', '/api/lists', '/api/changes', '/api/trace?id=t', '/v1/traces', '/nothing'])(
    'ask for %s by a name that its owner points here',
    async (path) => {
      for (const host of [
        'evil.example',
        `evil.example:${port}`,
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        '0.0.0.0',
      ]) {
        const answer = await send(live.address + path, { headers: { host } });
        expect(answer.status, host).toBe(403);
        expect(answer.text).not.toContain('traces":');
      }
    },
  );

  test.each(['https://evil.example', 'http://localhost:1', 'https://localhost', 'null', 'file://'])(
    'send or read anything from the origin %s',
    async (origin) => {
      expect((await post(`${live.address}/v1/traces`, BODY, { origin })).status).toBe(403);
      expect((await send(`${live.address}/api/lists`, { headers: { origin } })).status).toBe(403);
      expect(
        (await send(`${live.address}/v1/traces`, { method: 'OPTIONS', headers: { origin } })).status,
      ).toBe(403);
      expect((await listsOf(live.address)).traces).toEqual([]);
    },
  );

  test('load anything as an image, script or frame', async () => {
    for (const dest of ['image', 'script', 'iframe', 'empty', 'object']) {
      const headers = {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': dest === 'iframe' ? 'navigate' : 'no-cors',
        'sec-fetch-dest': dest,
      };
      for (const path of ['/', '/api/lists', '/api/trace?id=t'])
        expect((await send(live.address + path, { headers })).status, dest).toBe(403);
    }
  });

  test('be let in by any answer', async () => {
    await post(`${live.address}/v1/traces`, BODY);
    for (const path of ['/', '/api/lists', '/api/trace?id=t', '/nothing']) {
      const { headers } = await send(live.address + path);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
  });
});

test('a link on another page opens the page', async () => {
  const headers = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };
  expect((await send(live.address, { headers })).status).toBe(200);
});

test.each(['localhost', '127.0.0.1', '[::1]'])('the page itself may ask at %s', async (host) => {
  const headers = {
    host: `${host}:${port}`,
    origin: `http://${host}:${port}`,
    'sec-fetch-site': 'same-origin',
  };
  expect((await send(`${live.address}/api/lists`, { headers })).status).toBe(200);
  expect((await post(`${live.address}/v1/traces`, BODY, headers)).status).toBe(200);
});

test('the page may connect to itself, and load nothing', async () => {
  const { headers, text } = await send(live.address);
  const policy = String(headers['content-security-policy']);
  expect(policy.split('; ').filter((part) => !/^(?:script|style)-src 'sha256-[\w+/=]+'$/.test(part))).toEqual(
    [
      "default-src 'none'",
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ],
  );
  expect(text).toContain("default-src 'none'; connect-src 'self';");
});

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address;

test.skipIf(elsewhere === undefined)('other machines cannot connect', async () => {
  const headers = { host: `localhost:${port}` };
  await expect(send(`http://${elsewhere}:${port}/`, { headers })).rejects.toThrow('ECONNREFUSED');
});
