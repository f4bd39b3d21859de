import { describe, expect, test, vi } from 'vitest';
import { parseBaseUrl } from '../../src/sdk/provider.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { withoutCredentials, withoutSecrets } from '../../src/telemetry/content/credentials.ts';
import { urlPart } from '../../src/telemetry/content/media.ts';
import { textWithoutUrlSecrets, urlWithoutSecrets } from '../../src/util/url-secrets.ts';
import { responseBody } from '../support/bodies.ts';
import { startProgram } from '../support/program.ts';
import { recordedText } from '../support/telemetry.ts';

/**
 * A program, an end user or a model gives a URL with a password or a signature in it, written in any way that the platform
 * reads as a URL, so that whoever reads the telemetry could open what it names.
 */
const SECRET = 'hunter22';
const CONSENT = {
  config: { captureMessageContent: 'SPAN_AND_EVENT' as const },
  content: true,
  eventContent: true,
};

/** The forms in which a URL bears the secret, and what is recorded of each. */
const FORMS: readonly (readonly [form: string, url: string, shown: string])[] = [
  ['a password', `https://u:${SECRET}@h.example/a?x=1`, 'https://h.example/a?x=1'],
  ['a user name alone', `https://${SECRET}@h.example/`, 'https://h.example/'],
  ['white space before it', ` \u0001 https://u:${SECRET}@h.example/`, 'https://h.example/'],
  ['backslashes', `https:\\\\u:${SECRET}@h.example\\a`, 'https://h.example/a'],
  ['one slash', `https:/u:${SECRET}@h.example/`, 'https://h.example/'],
  ['no slash', `https:u:${SECRET}@h.example/`, 'https://h.example/'],
  ['many slashes', `https:////u:${SECRET}@h.example/`, 'https://h.example/'],
  ['no scheme', `//u:${SECRET}@h.example/`, 'https://h.example/'],
  ['no scheme and backslashes', `\\\\u:${SECRET}@h.example/`, 'https://h.example/'],
  ['a line break in its scheme', `ht\ntps://u:${SECRET}@h.example/`, 'https://h.example/'],
  ['capital letters', `HTTPS://u:${SECRET}@h.example/`, 'https://h.example/'],
  ['an @ in its password', `https://u:a@${SECRET}@h.example/`, 'https://h.example/'],
  ['a scheme inside of another', `jdbc:postgresql://u:${SECRET}@db/x`, 'jdbc:postgresql://REDACTED@db/x'],
  ['an invalid port', `https://u:${SECRET}@h:99999/`, 'https://REDACTED@h:99999/'],
  [
    'a URL behind a proxy',
    `https://p.example/https://u:${SECRET}@h/`,
    'https://p.example/https://REDACTED@h/',
  ],
  ['an encoded name', `https://h/?%73ig=${SECRET}&x=1`, 'https://h/?%73ig=REDACTED&x=1'],
  ['a name encoded twice', `https://h/?%2573ig=${SECRET}`, 'https://h/?%2573ig=REDACTED'],
  ['a line break in the name', `https://h/?s\nig=${SECRET}`, 'https://h/?sig=REDACTED'],
  ['a semicolon', `https://h/?a=1;sig=${SECRET}`, 'https://h/?a=1;sig=REDACTED'],
  ['a parameter of the path', `https://h/a;jsessionid=${SECRET}`, 'https://h/a;jsessionid=REDACTED'],
  ['a fragment', `https://h/#access_token=${SECRET}&x=1`, 'https://h/#access_token=REDACTED&x=1'],
  ['an escaped ampersand', `https://h/?a=1&amp;sig=${SECRET}`, 'https://h/?a=1&amp;sig=REDACTED'],
  ['one that JSON has escaped', `https://h/?a=1\\u0026sig=${SECRET}`, 'https://h/?a=1\\u0026sig=REDACTED'],
  [
    'a URL in a parameter',
    `https://h/?to=https%3A%2F%2Fi%3Fsig%3D${SECRET}%26a%3D1&b=2`,
    'https://h/?to=https%3A%2F%2Fi%3Fsig%3DREDACTED%26a%3D1&b=2',
  ],
  [
    'a signature inside of a parameter',
    `https://h/?hdnts=st=1~exp=2~acl=/*~hmac=${SECRET}&x=1`,
    'https://h/?hdnts=REDACTED&x=1',
  ],
  ...[
    ...'AWSAccessKeyId GoogleAccessId PHPSESSID SAMLResponse access-id bearer key hdnea hdntl'.split(' '),
    ...'hmac jsessionid otp pass passphrase session session_id sid sig ticket'.split(' '),
    ...'credential access_key private_key session_key shared_key secret_key password passwd'.split(' '),
    ...'authorization secret x-amz-security-token Signature'.split(' '),
    'auth',
    'jwt',
    'code',
    'Key-Pair-Id',
    'X-Amz-Signature',
    'api_key',
    'api%5Fkey',
    'subscription-key',
    'pwd',
    'pw',
    'pin',
    'mac',
    'hm',
    'sign',
    'url_sign',
    'verify',
    'rlkey',
    'authkey',
    'auth_key',
    'app_key',
    'license_key',
    'resourcekey',
    'client_assertion',
  ].map(
    (name) =>
      [
        `the parameter ${name}`,
        `https://h/?a=1&${name}=${SECRET}`,
        `https://h/?a=1&${name}=REDACTED`,
      ] as const,
  ),
];

/** What nobody opens anything with stays as it is, to the letter. */
const HONEST: readonly string[] = [
  'https://h.example/?redesign=1&assign=ada&callsign=x&pinned=1&machine=2&verified=1',
  'https://images.example/cat.png?size=2#top',
  'https://example.com/@ada?design=big&keyboard=1',
  'https://h.example/a@b/c?x=@y&mail=ada@example.com',
  'https://h.example/?encode=1&passage=2&signal=3&sort_key=4&author=ada',
  ' https://h.example/ ',
  'https:\\\\h.example\\a',
  '//h.example/a',
  '/files/a;version=2',
  'mailto:ada@example.com',
  'file-abc123',
  'https://h.example/caf%C3%A9?q=%20%zz',
  '',
];

test.each(FORMS)(
  'a URL is recorded without credentials, as content and as what is requested: %s',
  (_, url, shown) => {
    expect(urlWithoutSecrets(url)).toBe(shown);
    expect(urlPart(url, 'image')).toEqual({ type: 'uri', modality: 'image', uri: shown });
    const routes = [url, `/files/${url}`].map((path) => matchRoute('GET', path).route);
    expect(JSON.stringify([parseBaseUrl(url), ...routes])).not.toContain(SECRET);
  },
);

// A line break ends a URL in a text, and what follows a space is no URL any more.
test.each(FORMS.filter(([, url]) => !url.includes('\n')))(
  'a text with a URL is recorded without credentials: %s',
  (_, url) => {
    const text = `It could not open "${url}", and gave up. Write to ada@example.com.`;
    for (const clean of [textWithoutUrlSecrets, withoutSecrets, withoutCredentials]) {
      expect(clean(text)).not.toContain(SECRET);
      expect(clean(text)).toMatch(
        /^It could not open ".*REDACTED.*", and gave up\. Write to ada@example\.com\.$/s,
      );
    }
  },
);

test.each(HONEST)('a URL without credentials is recorded unchanged, alone and in a text: %s', (url) => {
  expect(urlWithoutSecrets(url)).toBe(url);
  const text = `See "${url}". Is it 5 // 2; or what? a = b; c=d`;
  expect(textWithoutUrlSecrets(text)).toBe(text);
});

test.each(FORMS)('all URLs in content are recorded without credentials: %s', async (_, url) => {
  const program = await startProgram(CONSENT);
  const { client, simulator } = program;
  const output = [
    {
      type: 'web_search_call',
      id: 'ws_1',
      status: 'completed',
      action: { type: 'search', sources: [{ type: 'url', url }] },
    },
    { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'open_page', url } },
    {
      type: 'computer_call',
      id: 'cu_1',
      call_id: 'c',
      status: 'completed',
      action: { type: 'navigate', url },
    },
    { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', outputs: [{ type: 'image', url }] },
    { type: 'mcp_call', id: 'mcp_1', name: 'ask', server_label: 'wiki', error: { message: `At "${url}".` } },
    { type: 'mcp_list_tools', id: 'mcp_2', server_label: 'wiki', tools: [], error: `At "${url}".` },
  ];
  simulator.next({ body: responseBody(output) });
  const content = [
    { type: 'input_image' as const, image_url: url, detail: 'auto' as const },
    { type: 'input_file' as const, file_url: url },
  ];
  await client.responses.create({
    model: 'gpt-4o',
    input: [{ role: 'user', content }],
    tools: [{ type: 'mcp', server_label: 'wiki', server_url: url }],
  });
  const image = { type: 'image_url' as const, image_url: { url } };
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: [image] }] });
  await program.telemetry.provider.forceFlush();
  const text = recordedText(program.telemetry);
  expect(text).toContain('web_search');
  // In a text a line break ends a URL.
  if (!url.includes('\n')) expect(text).not.toContain(SECRET);
});

test.each(['data:image/png;base64,AAAA', ' data:image/png;base64,AAAA', 'DATA:image/png;base64,AAAA'])(
  'the bytes of a picture are not searched as a URL, with any media type: %s',
  (url) => {
    expect(urlPart(url, 'image')).toEqual({
      type: 'blob',
      modality: 'image',
      mime_type: 'image/png',
      content: 'AAAA',
    });
  },
);

describe('a text is searched in linear time', () => {
  const pieces = [
    'https:',
    '@',
    '//',
    '/',
    'a@//',
    '?a&',
    '%26',
    ';sig',
    '?sig=',
    '\\u0026',
    ';a%3',
    'https://u:p@h/ ',
  ];
  test.each([...pieces, 'x'])('and only its start, if it is a URL: %j, repeated', (piece) => {
    const rest = piece.repeat(5_000_000 / piece.length);
    const read = vi.spyOn(globalThis, 'URL');
    const shown = urlWithoutSecrets(`https://u:${SECRET}@h/?x=${rest}`);
    expect(Math.max(...read.mock.calls.map(([url]) => String(url).length))).toBe(20_480);
    expect(shown.length).toBeLessThanOrEqual(16_385);
    expect(shown).toMatch(/^(?:https:\/\/h\/\?x=.*)?…$/);
    expect(shown).not.toContain(SECRET);
    read.mockRestore();
  });

  test('and nothing of a secret that reaches the cut is shown', () => {
    for (const length of [10, 4_000, 30_000, 100_000])
      for (const before of [0, 16_370, 16_384, 20_470]) {
        const secret = `${SECRET}${'y'.repeat(length)}`;
        const path = 'x'.repeat(before);
        for (const url of [`https://h/${path}?sig=${secret}`, `https://u:${secret}@h/${path}`])
          expect(urlWithoutSecrets(url)).not.toMatch(/hunter|yy/);
      }
  });

  // In quadratic time each of these takes minutes.
  test.each(pieces)('%j, repeated', (piece) => {
    const text = piece.repeat(1_000_000 / piece.length);
    textWithoutUrlSecrets(`${text} @`);
    urlWithoutSecrets(`https://u:p@h/${text}`);
  });

  test('a long name before the path', () => {
    const urls = Array.from(
      { length: 300 },
      (_, index) => `${'x'.repeat(16_000 + index)}/?${'y'.repeat(9_000)}`,
    );
    // In quadratic time they take minutes.
    expect(urls.map(urlWithoutSecrets).every((shown) => /^x+\/\?y*…$/.test(shown))).toBe(true);
  });
});
