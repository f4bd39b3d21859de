import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './stage.ts';

type Make = (place: string) => string;

/** How a call can fail, with a secret in everything that reports it. */
const FAILURES: Readonly<Record<string, (make: Make, credential: Make) => typeof fetch>> = {
  'a refusal of the API': (make) =>
    refusing(() => ({
      status: 400,
      headers: { 'x-note': make('error header') },
      error: {
        message: make('error message'),
        param: make('error parameter'),
        type: 'invalid_request_error',
        code: 'invalid_value',
      },
    })),
  'a refusal that repeats keys and passwords': (_, credential) =>
    refusing(() => {
      const message = [
        `Incorrect API key provided: ${credential('error: key')}.`,
        `"authorization": "Bearer ${credential('error: bearer')}"`,
        `api-key=${credential('error: header')}`,
        `https://user:${credential('error: password')}@gateway.example/v1 has refused sk-${credential('error: whole key')}`,
      ].join(' ');
      return { status: 401, error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } };
    }),
  'a refusal that repeats the keys it was sent, bare': () =>
    refusing((init) => {
      const keys = [...new Headers(init?.headers)].filter(([name]) =>
        ['authorization', 'cookie', 'api-key'].includes(name),
      );
      const sent = keys.map(([, key]) => key.replace('Bearer ', '')).join(' and ');
      return { status: 401, error: { message: `I have got ${sent}, Sir.` } };
    }),
  'a refusal by fetch itself, which repeats the password of the base URL': () => fetch,
  'a refusal of another shape, whose code and type are texts': (make) =>
    refusing(() => ({
      status: 422,
      error: make('error'),
      code: `${make('code')} is no word`,
      type: `${make('type')} is no word`,
    })),
  'a refusal whose code and type are words of its server': (make) =>
    refusing(() => ({ status: 429, error: { message: 'No.', code: make('code'), type: make('type') } })),
  'a refusal that is retried': (make) =>
    refusing(() => ({
      status: 503,
      headers: { 'retry-after-ms': '1', 'x-note': make('error header') },
      error: { message: make('error message'), type: 'server_error', code: null },
    })),
  'a page in place of JSON': (make) =>
    answering(`<html>${make('page')}</html>`, { status: 502, headers: { 'content-type': 'text/html' } }),
  'JSON that is none': (make) =>
    answering(`{"${make('broken JSON')}`, { headers: { 'content-type': 'application/json' } }),
  'no connection': (make) => async () => {
    const cause = new Error(`getaddrinfo ENOTFOUND ${make('cause')}`);
    throw Object.assign(new TypeError(make('connection')), { cause, code: undefined });
  },
  'an error with a message of lines that look like frames': (make) => async () => {
    const line = `    at ${make('frame')} (file.js:1:1)`;
    throw Object.assign(new Error(`It failed.\n${line}`), { name: make('error name') });
  },
  'an error in the middle of a stream': (make) => {
    const error = { message: make('stream error'), type: 'server_error', code: make('code') };
    const events = [
      { id: 'x', object: 'chat.completion.chunk', choices: [] },
      { ...error, type: 'error', error },
      { error },
    ];
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    return answering(text, { headers: { 'content-type': 'text/event-stream' } });
  },
};

interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly error: unknown;
  readonly [field: string]: unknown;
}

function refusing(refuse: (init: RequestInit | undefined) => Refusal): typeof fetch {
  return async (_, init) => {
    const { status, headers = {}, ...body } = refuse(init);
    return Response.json(body, { status, headers });
  };
}

function answering(text: string, init: ResponseInit): typeof fetch {
  return async () => new Response(text, init);
}

/** Every operation's first call, failed in every way. */
export const FAILING_SCENARIOS: readonly Scenario[] = Object.entries(FAILURES).map(([name, failure]) => ({
  name,
  run: async (stage) => {
    const { secrets } = stage;
    const make: Make = (place) => secrets.make(place);
    const credential: Make = (place) => secrets.make(place, 'credential');
    const maxRetries = name.endsWith('that is retried') ? 1 : 0;
    const client = stage.client.withOptions({ fetch: failure(make, credential), maxRetries });
    // What the program makes of a failure is its own affair.
    for (const scenario of SCENARIOS) await scenario.run({ ...stage, client }).catch(() => undefined);
  },
}));
