import { type Behaviour, times } from '../behaviour.ts';

/** Lets the SDK try again at once, where it reads these headers. */
const SOON = { 'retry-after-ms': '5', 'retry-after': '0.005' };

/** Clients of all kinds. */
export const CLIENTS: readonly Behaviour[] = [
  {
    name: 'custom-fetch',
    title: 'A custom `fetch`',
    spans: [
      `
      chat gpt-4o
      ├─ attempt  !Error
      └─ attempt
      `,
    ],
  },
  {
    name: 'custom-fetch-that-throws',
    title: 'A `fetch` that throws values of any type',
    spans: [...times(4, 'chat gpt-4o  !APIConnectionError')],
  },
  {
    name: 'call-within-a-call',
    title: 'A call inside another',
    spans: [
      `
      chat gpt-4o
      └─ GET /models/{model}
      `,
    ],
  },
  {
    name: 'workload-identity',
    title: 'Workload identity, with a token that is rejected once',
    answers: [{ status: 401 }],
    spans: [
      `
      chat gpt-4o
      ├─ attempt  !401
      └─ attempt
      `,
      'chat gpt-4o',
    ],
  },
  {
    name: 'api-key-function',
    title: 'An API key from a function',
    spans: ['chat gpt-4o', 'chat gpt-4o  !OpenAIError'],
  },
  {
    name: 'subclass',
    title: 'A subclass that overrides methods',
    answers: [{ status: 500, headers: SOON }],
    spans: [
      `
      chat gpt-4o
      ├─ attempt  !500
      └─ attempt
      `,
      'chat gpt-4o  openai.stream.end=completed',
    ],
  },
  {
    name: 'subclass-of-request',
    title: 'Subclasses that reject calls',
    spans: ({ format, major, parsesInClient }) =>
      // What these CommonJS builds export makes clients of its own class, whatever extends it: they are sent.
      format === 'cjs' && major >= 5 && !parsesInClient ? ['chat gpt-4o', 'chat gpt-4o'] : [],
  },
  {
    name: 'subclass-that-logs-in',
    title: 'A subclass whose requests wait for a login, with the stacks of failures',
    answers: [{ status: 404 }, { status: 404 }, { status: 404 }],
    spans: [...times(2, 'chat gpt-4o  !NotFoundError'), 'GET /models  !NotFoundError', 'chat gpt-4o'],
  },
  {
    name: 'with-options',
    title: '`withOptions()`',
    spans: ['chat gpt-4o', 'chat gpt-4o', 'chat gpt-4o  openai.stream.end=completed'],
  },
  {
    name: 'request-options',
    title: 'Headers, queries and options of clients and calls',
    spans: ['chat gpt-4o'],
  },
  {
    name: 'callable-class',
    title: 'The class called without `new`',
    spans: ({ format, major }) => (format === 'cjs' && major >= 5 ? ['GET /models/{model}'] : []),
  },
  {
    name: 'azure',
    title: 'Azure deployments',
    spans: [
      'chat my-deployment',
      'chat my-deployment  openai.stream.end=completed',
      'chat gpt-4o',
      'GET /models',
    ],
  },
  { name: 'bedrock', title: 'Bedrock', spans: ['chat gpt-4o', 'chat gpt-4o  openai.stream.end=completed'] },
];
