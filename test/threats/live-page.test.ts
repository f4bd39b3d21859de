import { networkInterfaces } from 'node:os';
import { type LiveView, startLiveView } from 'openai-traces-viewer/live/live-view.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { get, listsOf, otlp, post, send } from '../../viewer/test/live/requests.ts';

let live: LiveView;
let port: string;
beforeEach(async () => {
  live = await startLiveView(0, () => {});
  ({ port } = new URL(live.address));
});
afterEach(() => live.close());

const BODY = otlp({ traceId: 't', spanId: '1', name: 'x' });

describe('a page on the internet cannot', () => {
  test.each(['/', '/api/spans', '/api/spans?after=0', '/api/spans?wait', '/v1/traces', '/nothing'])(
    'ask for %s by a name that its owner points here',
    async (path) => {
      for (const host of [
        'evil.example',
        `evil.example:${port}`,
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        '0.0.0.0',
      ]) {
        const answer = await get(live.page, path, { host });
        expect(answer.status, host).toBe(403);
        expect(answer.text).not.toContain('traces":');
      }
    },
  );

  test.each(['https://evil.example', 'http://localhost:1', 'https://localhost', 'null', 'file://'])(
    'send or read anything from the origin %s',
    async (origin) => {
      expect((await post(`${live.address}/v1/traces`, BODY, { origin })).status).toBe(403);
      expect((await get(live.page, '/api/spans', { origin })).status).toBe(403);
      expect(
        (await send(`${live.address}/v1/traces`, { method: 'OPTIONS', headers: { origin } })).status,
      ).toBe(403);
      expect((await listsOf(live.page)).traces).toEqual([]);
    },
  );

  test('load anything as an image, script or frame', async () => {
    for (const dest of ['image', 'script', 'iframe', 'empty', 'object']) {
      const headers = {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': dest === 'iframe' ? 'navigate' : 'no-cors',
        'sec-fetch-dest': dest,
      };
      for (const path of ['/', '/api/spans', '/api/spans?after=0'])
        expect((await get(live.page, path, headers)).status, dest).toBe(403);
    }
  });

  test('be let in by any answer', async () => {
    await post(`${live.address}/v1/traces`, BODY);
    for (const path of ['/', '/api/spans', '/api/spans?after=0', '/nothing']) {
      const { headers } = await get(live.page, path);
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
  expect((await get(live.page, '/', headers)).status).toBe(200);
});

test.each(['localhost', '127.0.0.1', '[::1]'])('the page itself may ask at %s', async (host) => {
  const headers = {
    host: `${host}:${port}`,
    origin: `http://${host}:${port}`,
    'sec-fetch-site': 'same-origin',
  };
  expect((await get(live.page, '/api/spans', headers)).status).toBe(200);
  expect((await post(`${live.address}/v1/traces`, BODY, headers)).status).toBe(200);
});

test('the page may connect to itself, and load nothing', async () => {
  const { headers, text } = await get(live.page, '/');
  const policy = String(headers['content-security-policy']);
  expect(policy.split('; ').filter((part) => !/^(?:script|style)-src 'sha256-[\w+/=]+'$/.test(part))).toEqual(
    [
      "default-src 'none'",
      "connect-src 'self'",
      'img-src data:',
      'media-src data:',
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

describe('another user of the machine, who knows the port but not the token,', () => {
  const paths = ['/', '/api/spans', '/api/spans?after=0', '/api/spans?wait'];

  test.each(['', 'token=', 'token=0', `token=${'0'.repeat(32)}`, `token=${'é'.repeat(32)}`])(
    'reads nothing with %j',
    async (query) => {
      await post(`${live.address}/v1/traces`, BODY);
      for (const path of paths) {
        const answer = await send(`${live.address}${path}${path.includes('?') ? '&' : '?'}${query}`);
        expect(answer.status, path).toBe(403);
        expect(answer.text).toBe('Open the address that the command printed last. Its token lets you in.\n');
      }
    },
  );

  test('has another one to guess at each start', async () => {
    const other = await startLiveView(0, () => {});
    await other.close();
    const tokens = [live, other].map(({ page }) => new URL(page).searchParams.get('token'));
    expect(tokens[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens[1]).not.toBe(tokens[0]);
  });
});
