import { type Behaviour, cutSocket } from '../behaviour.ts';

/** Lets the SDK try again at once, where it reads these headers. */
const SOON = { 'retry-after-ms': '5', 'retry-after': '0.005' };

/** The class of the error for each status. */
const CLASSES = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  409: 'ConflictError',
  418: '418',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  502: 'InternalServerError',
  503: 'InternalServerError',
};

/** Calls that fail, are tried again, or are given up. */
export const ERRORS: readonly Behaviour[] = [
  {
    name: 'error-statuses',
    title: 'Errors of every class, with every field',
    answers: Object.keys(CLASSES).map((status) => ({ status: Number(status) })),
    spans: Object.values(CLASSES).map((name) => `chat gpt-4o  !${name}`),
  },
  {
    name: 'error-bodies',
    title: 'Errors with all kinds of bodies',
    answers: [
      { status: 404, body: { error: { message: 'No such model', param: 'model', code: 'model_not_found' } } },
      { status: 400, body: 'plain text' },
      { status: 400, body: '' },
      { status: 500, body: '<html>Bad gateway</html>' },
      { status: 400, body: { error: 'a string' } },
    ],
    spans: [
      'model_not_found',
      'BadRequestError',
      'BadRequestError',
      'InternalServerError',
      'BadRequestError',
    ].map((type) => `chat gpt-4o  !${type}`),
  },
  { name: 'connection-refused', title: 'A refused connection', spans: ['chat gpt-4o  !APIConnectionError'] },
  {
    name: 'cut-socket',
    title: 'A connection that breaks before and within the response',
    answers: [{ break: 'before-headers' }, { break: 'mid-body' }],
    spans: (surroundings) => ['chat gpt-4o  !APIConnectionError', `chat gpt-4o  !${cutSocket(surroundings)}`],
  },
  {
    name: 'invalid-json',
    title: 'A response that is not JSON',
    answers: [{ status: 200, headers: { 'content-type': 'application/json' }, body: '{"cut' }],
    spans: ({ major }) => [`chat gpt-4o  !${major === 4 ? 'FetchError' : 'SyntaxError'}`],
  },
  {
    name: 'empty-answer',
    title: 'A response without a body',
    answers: [
      { status: 204, body: '' },
      { status: 200, headers: { 'content-type': 'application/json', 'content-length': '0' }, body: '' },
    ],
    spans: ({ major, minor }) => [
      'DELETE /models/{model}',
      // From late openai 6 on nothing is no error.
      `GET /models/{model}${{ 4: '  !FetchError', 5: '  !SyntaxError' }[major] ?? (major === 6 && minor === 0 ? '  !SyntaxError' : '')}`,
    ],
  },
  {
    name: 'retries',
    title: 'Retries',
    answers: [
      { status: 500, headers: SOON },
      { status: 429, headers: SOON },
    ],
    spans: [
      `
      chat gpt-4o
      ├─ attempt  !500
      ├─ attempt  !429
      └─ attempt
      `,
    ],
  },
  {
    name: 'retries-exhausted',
    title: 'Retries that all fail',
    answers: [
      { status: 503, headers: SOON },
      { status: 503, headers: SOON },
    ],
    spans: [
      `
      chat gpt-4o  !InternalServerError
      ├─ attempt  !503
      └─ attempt  !503
      `,
    ],
  },
  {
    name: 'retry-refused-by-server',
    title: 'A retry that the server rejects',
    answers: [{ status: 500, headers: { 'x-should-retry': 'false' } }],
    spans: ['chat gpt-4o  !InternalServerError'],
  },
  {
    name: 'retried-stream',
    title: 'A stream that starts on the second attempt',
    answers: [{ status: 500, headers: SOON }],
    spans: [
      `
      chat gpt-4o  openai.stream.end=completed
      ├─ attempt  !500
      └─ attempt
      `,
    ],
  },
  {
    name: 'timeout',
    title: 'A timeout',
    answers: [{ delayMs: 2_000 }],
    spans: ['chat gpt-4o  !APIConnectionTimeoutError'],
  },
  {
    name: 'timeout-then-answer',
    title: 'A timeout, then a response on the second attempt',
    answers: [{ delayMs: 4_000 }],
    spans: [
      `
      chat gpt-4o
      ├─ attempt  !AbortError
      └─ attempt
      `,
    ],
  },
  { name: 'aborted-before', title: 'An abort before the call', spans: ['chat gpt-4o  !APIUserAbortError'] },
  {
    name: 'aborted-during',
    title: 'An abort during the call',
    answers: [{ delayMs: 2_000 }],
    spans: ['chat gpt-4o  !APIUserAbortError'],
  },
  {
    name: 'aborted-while-waiting-to-retry',
    title: 'An abort between two attempts',
    answers: [{ status: 500, headers: { 'retry-after-ms': '2000', 'retry-after': '2' } }],
    spans: ['chat gpt-4o  !APIUserAbortError'],
  },
  { name: 'aborted-after', title: 'An abort after the call', spans: ['chat gpt-4o'] },
  {
    name: 'refused-options',
    title: 'Options that the SDK rejects',
    spans: ['chat gpt-4o  !OpenAIError', 'chat gpt-4o  !OpenAIError'],
  },
];
