import { describe, expect, test } from 'vitest';
import {
  redactedMember,
  withoutCredentials,
  withoutSecrets,
} from '../../../src/telemetry/content/credentials.ts';

const SECRET = 'hunter22';

const SECRET_NAMES = [
  ...['secretKey', 'passphrase', 'passwordHash', 'user_password2', 'credentials', 'cookie', 'set-cookie'],
  ...[
    'client_secret_basic',
    'rsaPrivateKeyPem',
    'access_key_id',
    'authorizationHeader',
    'api key',
    'API Key',
  ],
  ...[
    'accessToken',
    'refresh-token',
    'x-api-key',
    'sessionSecret',
    'private_key_id',
    'DB_PASSWORD',
    'DB_PASS',
  ],
  ...['AccountKey', 'SharedAccessKey', 'OPENAI_API_KEY', 'aws_secret_access_key', 'id_token_hint', 'idToken'],
  ...[
    'csrfToken',
    'sessionToken2',
    'dbPwd',
    'passcode',
    'signingKey',
    'webhookSecret',
    'proxy-authorization',
  ],
  ...['Ocp-Apim-Subscription-Key', 'service_account_key', 'token', 'TOKEN', 'clientSecretValue', 'apikeys'],
];

describe.each(SECRET_NAMES)('the name %s marks a secret', (name) => {
  test('of a member', () => expect(redactedMember({}, name, SECRET)).toBe('REDACTED'));

  test.each([
    `{"${name}":"${SECRET} two","x":1}`,
    `{\\"${name}\\": \\"${SECRET} two\\"}`,
    `{"a":"{\\"${name}\\":\\"${SECRET}\\\\\\"two\\"}"}`,
    `{"${name}":["${SECRET}"]}`,
    `{"${name}":{"user":"${SECRET} two"}}`,
    `at ${name}: ${SECRET}, then`,
    `${name}=${SECRET}`,
    `${name} = '${SECRET} two'`,
    `'${name}' => '${SECRET} two'`,
    `headers['${name}'] = "${SECRET} two"`,
    `${name}: "${SECRET}`,
  ])('in the text %s', (text) => {
    for (const clean of [withoutSecrets, withoutCredentials]) expect(clean(text)).not.toMatch(/hunter22|two/);
  });
});

test.each([
  ['authorization: Digest username="ada", response="hunter22"', 'authorization: Digest REDACTED'],
  ['Authorization: AWS4-HMAC-SHA256 Credential=A, Signature=b', 'Authorization: AWS4-HMAC-SHA256 REDACTED'],
  ['Cookie: a=b; session=hunter22\nHost: x', 'Cookie: REDACTED\nHost: x'],
  ['{"authorization":"ApiKey hunter22","x":1}', '{"authorization":"ApiKey REDACTED","x":1}'],
  ['AccountName=a;AccountKey=hunter22==', 'AccountName=a;AccountKey=REDACTED'],
  ['AccountKey=hunter22==', 'AccountKey=REDACTED'],
  ['password=basichunter22, password: true!x', 'password=REDACTED, password: REDACTED'],
  ['{"password":"","user":"ada"}', '{"password":"","user":"ada"}'],
  ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----.', 'REDACTED.'],
  ['use GOCSPX-abcdefghijklmnopqrstuvwxyz12 now', 'use REDACTED now'],
  ['of eyJhbGciOiJkaXIifQ..aXYx.Y2lwaGVy.dGFn.', 'of REDACTED.'],
])('%s', (text, shown) => expect(withoutSecrets(text)).toBe(shown));

test.each([
  'tokens: 5, max_tokens=5, total_tokens: 12, access tokens: 1,234, {"max_tokens":"5"}',
  'author: Ada, {"author":"Ada","authors":["Ada"]}, secretary: Anna, monkey: x, keyboard: qwerty',
  'password_reset_requested: true, {"passwordRequired":false,"password":null}, password: none',
  '{"token_type":"bearer","expires_in":3600,"secret_count":3,"api_key_name":"prod"}',
  'password_changed_at: 2026, authorization_endpoint: https://x.example/a',
  'Unexpected token: }, unexpected token: abc12345, tokenizer: o200k, cookie_consent: given',
  'primary_key: id, public_key: a, prompt_cache_key: a, idempotency-key: a, app_keywords: a',
  'bypass: yes, compass: north, pass: 5 of 7, PWD=/home/ada, pwd: /tmp',
])('no secret is named in %s', (text) => expect(withoutSecrets(text)).toBe(text));

test.each<[name: string, value: unknown, holder?: object]>([
  ['password_reset_requested', true],
  ['hasPassword', false],
  ['max_tokens', '5'],
  ['maxToken', 5],
  ['token', 'Hello', { logprob: -0.5 }],
  ['tokenType', 'bearer'],
  ['passwordPolicy', 'strict'],
  ['author', 'Ada'],
  ['secretary', 'Anna'],
  [`password${'x'.repeat(1e6)}`, 'no name is that long'],
])('the member %s is not a secret', (name, value, holder = {}) => {
  expect(redactedMember(holder, name, value)).toBeUndefined();
});

// In quadratic time, each of these takes minutes.
const timeout = 60_000;
test.each([
  ...[
    'password: "',
    'password={',
    '{"password":"\\"',
    'token:',
    'api key ',
    'Cookie: a; ',
    'access_token',
    'x_',
    'eyJ-',
  ],
])('a text that is all %j is searched in linear time', { timeout }, (piece) => {
  expect(withoutSecrets(piece.repeat(262_144 / piece.length))).toBeTypeOf('string');
});
