import { SCENARIOS } from './scenarios.ts';
import type { Scenario, Stage } from './stage.ts';

/** How a call can fail, with a secret in everything that reports it. */
interface Failure {
  readonly name: string;
  prepare(stage: Stage): Stage;
}

const FAILURES: readonly Failure[] = [
  {
    name: 'a refusal of the API',
    prepare(stage) {
      const { secrets } = stage;
      const refuse = (): Response =>
        Response.json(
          {
            error: {
              message: secrets.make('error message'),
              param: secrets.make('error parameter'),
              type: 'invalid_request_error',
              code: 'invalid_value',
            },
          },
          { status: 400, headers: { 'x-note': secrets.make('error header') } },
        );
      return answered(stage, async () => refuse());
    },
  },
  {
    name: 'a refusal that repeats keys and passwords',
    prepare(stage) {
      const credential = (place: string): string => stage.secrets.make(`error: ${place}`, 'credential');
      return answered(stage, async () => {
        const message = [
          `Incorrect API key provided: ${credential('key')}.`,
          `"authorization": "Bearer ${credential('bearer')}"`,
          `api-key=${credential('header')}`,
          `https://user:${credential('password')}@gateway.example/v1 has refused sk-${credential('whole key')}`,
        ].join(' ');
        return Response.json(
          { error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } },
          { status: 401 },
        );
      });
    },
  },
  {
    name: 'a refusal that repeats the keys it was sent, bare',
    prepare: (stage) =>
      answered(stage, async (_, init) => {
        const keys = [...new Headers(init?.headers)].filter(([name]) =>
          ['authorization', 'cookie', 'api-key'].includes(name),
        );
        const message = `I have got ${keys.map(([, key]) => key.replace('Bearer ', '')).join(' and ')}, Sir.`;
        return Response.json({ error: { message } }, { status: 401 });
      }),
  },
  {
    name: 'a refusal by fetch itself, which repeats the password of the base URL',
    prepare: (stage) => answered(stage, fetch),
  },
  {
    name: 'a refusal of another shape, whose code and type are texts',
    prepare: (stage) =>
      answered(stage, async () =>
        Response.json(
          {
            error: stage.secrets.make('error'),
            code: `${stage.secrets.make('code')} is no word`,
            type: `${stage.secrets.make('type')} is no word`,
          },
          { status: 422 },
        ),
      ),
  },
  {
    name: 'a refusal whose code and type are words of its server',
    prepare: (stage) =>
      answered(stage, async () => {
        const [code, type] = [stage.secrets.make('code'), stage.secrets.make('type')];
        return Response.json({ error: { message: 'No.', code, type } }, { status: 429 });
      }),
  },
  {
    name: 'a refusal that is retried',
    prepare(stage) {
      const { secrets } = stage;
      const refuse: typeof fetch = async () =>
        Response.json(
          { error: { message: secrets.make('error message'), type: 'server_error', code: null } },
          { status: 503, headers: { 'retry-after-ms': '1', 'x-note': secrets.make('error header') } },
        );
      return { ...stage, client: stage.client.withOptions({ fetch: refuse, maxRetries: 1 }) };
    },
  },
  {
    name: 'a page in place of JSON',
    prepare: (stage) =>
      answered(
        stage,
        async () =>
          new Response(`<html>${stage.secrets.make('page')}</html>`, {
            status: 502,
            headers: { 'content-type': 'text/html' },
          }),
      ),
  },
  {
    name: 'JSON that is none',
    prepare: (stage) =>
      answered(
        stage,
        async () =>
          new Response(`{"${stage.secrets.make('broken JSON')}`, {
            headers: { 'content-type': 'application/json' },
          }),
      ),
  },
  {
    name: 'no connection',
    prepare: (stage) =>
      answered(stage, async () => {
        const cause = new Error(`getaddrinfo ENOTFOUND ${stage.secrets.make('cause')}`);
        throw Object.assign(new TypeError(stage.secrets.make('connection')), { cause, code: undefined });
      }),
  },
  {
    name: 'an error with a message of lines that look like frames',
    prepare: (stage) =>
      answered(stage, async () => {
        const line = `    at ${stage.secrets.make('frame')} (file.js:1:1)`;
        throw Object.assign(new Error(`It failed.\n${line}`), { name: stage.secrets.make('error name') });
      }),
  },
  {
    name: 'an error in the middle of a stream',
    prepare: (stage) =>
      answered(stage, async () => {
        const error = {
          message: stage.secrets.make('stream error'),
          type: 'server_error',
          code: stage.secrets.make('code'),
        };
        const events = [
          { id: 'x', object: 'chat.completion.chunk', choices: [] },
          { ...error, type: 'error', error },
          { error },
        ];
        const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
        return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
      }),
  },
];

function answered(stage: Stage, fetch: typeof globalThis.fetch): Stage {
  return { ...stage, client: stage.client.withOptions({ fetch }) };
}

/** Every operation's first call, failed in every way. */
export const FAILING_SCENARIOS: readonly Scenario[] = FAILURES.map(({ name, prepare }) => ({
  name,
  run: async (stage) => {
    for (const scenario of SCENARIOS) {
      // What the program makes of a failure is its own affair.
      await scenario.run(prepare(stage)).catch(() => undefined);
    }
  },
}));
