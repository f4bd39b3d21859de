import { type Behaviour, times, UNPARSED } from '../behaviour.ts';

/** What a program does with the promise of a call. */
export const PROMISES: readonly Behaviour[] = [
  { name: 'awaited-value', title: 'An awaited value', spans: ['chat gpt-4o'] },
  { name: 'awaited-twice', title: 'The same promise awaited twice', spans: ['chat gpt-4o'] },
  { name: 'awaited-late', title: 'A promise awaited after the response has arrived', spans: ['chat gpt-4o'] },
  {
    name: 'then-catch-finally',
    title: '`then`, `catch` and `finally`',
    answers: [{}, { status: 400 }],
    spans: ['chat gpt-4o', 'chat gpt-4o  !BadRequestError'],
  },
  { name: 'with-response', title: '`withResponse()`', spans: ['chat gpt-4o'] },
  { name: 'raw-response', title: '`asResponse()`, the body unread', spans: UNPARSED },
  {
    name: 'raw-response-of-failure',
    title: '`asResponse()` of a call that fails',
    answers: [{ status: 404 }],
    spans: ['chat gpt-4o  !NotFoundError'],
  },
  { name: 'raw-response-then-value', title: '`asResponse()`, then the value', spans: UNPARSED },
  { name: 'unwrapped-value', title: 'A value made with `_thenUnwrap`', spans: ['chat gpt-4o'] },
  {
    name: 'unwrapped-raw-response',
    title: '`asResponse()` of a promise made with `_thenUnwrap`',
    spans: UNPARSED,
  },
  { name: 'never-awaited', title: 'A call without await', ends: 'collected', spans: UNPARSED },
  {
    name: 'never-awaited-failures',
    title: 'Failures without await: the same number of unhandled rejections',
    answers: Array.from({ length: 5 }, () => ({ status: 400 })),
    anyOrder: true,
    ends: 'collected',
    spans: [
      'chat gpt-4o  !BadRequestError',
      'chat gpt-4o  !BadRequestError',
      'chat gpt-4o  !BadRequestError',
      'GET /models  !BadRequestError',
      'chat gpt-4o  !BadRequestError',
    ],
  },
  {
    name: 'many-at-once',
    title: 'Many calls at once',
    anyOrder: true,
    spans: [...times(21, 'GET /models/{model}')],
  },
  {
    name: 'order-of-results',
    title: 'Results in order of arrival',
    spans: ['GET /models/{model}', 'GET /models/{model}', 'GET /models/{model}'],
  },
  {
    name: 'shapes',
    title: 'Names, kinds and lengths of all members of an object',
    spans: ['chat gpt-4o', 'GET /models', 'chat gpt-4o  openai.stream.end=cancelled'],
  },
  {
    name: 'untouched-parameters',
    title: 'Parameters are unchanged, even frozen ones',
    spans: ['chat gpt-4o'],
  },
];
