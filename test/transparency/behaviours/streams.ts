import type { Answer } from '../../support/simulator/index.ts';
import { type Behaviour, cutSocket, streamed, UNPARSED } from '../behaviour.ts';

/** Held in the middle, so that nobody but the client ends it. */
const HELD: Answer = { holdAfter: 2 };

const CHUNK = {
  data: {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'gpt-4o',
    choices: [{ index: 0, delta: { content: 'Hi' } }],
  },
};

/** What a program does with a stream. */
export const STREAMS: readonly Behaviour[] = [
  { name: 'stream-full', title: 'A stream read to its end', spans: streamed('completed') },
  {
    name: 'stream-early-break',
    title: 'A stream left early: the server sees it',
    answers: [HELD],
    spans: streamed('cancelled'),
  },
  {
    name: 'stream-reader-throws',
    title: 'A reader that throws',
    answers: [HELD],
    spans: streamed('cancelled'),
  },
  {
    name: 'stream-controller-abort',
    title: '`stream.controller.abort()`',
    answers: [HELD],
    spans: streamed('aborted'),
  },
  {
    name: 'stream-signal-abort',
    title: 'An abort through the signal of the call',
    answers: [HELD],
    spans: streamed('aborted'),
  },
  {
    name: 'stream-aborted-unread',
    title: '`stream.controller.abort()` before reading starts',
    answers: [HELD],
    spans: streamed('aborted'),
  },
  {
    name: 'stream-let-go',
    title: 'A stream that is aborted and never read',
    answers: [HELD],
    spans: streamed('aborted'),
  },
  {
    name: 'stream-error-event',
    title: 'An error among the events',
    answers: [
      {
        sse: [
          CHUNK,
          { data: { error: { message: 'Overloaded', code: 'server_error', type: 'server_error' } } },
          'done',
        ],
      },
    ],
    spans: ['chat gpt-4o  !server_error openai.stream.end=error'],
  },
  {
    name: 'stream-malformed-event',
    title: 'An event that is not JSON',
    answers: [{ sse: [CHUNK, { data: '{"cut' }, 'done'] }],
    spans: ['chat gpt-4o  !SyntaxError openai.stream.end=error'],
  },
  {
    name: 'stream-cut-socket',
    title: 'A connection that breaks in the middle',
    answers: [{ break: 'mid-body', eventDelayMs: 20 }],
    spans: (surroundings) => [`chat gpt-4o  !${cutSocket(surroundings)} openai.stream.end=error`],
  },
  {
    name: 'stream-of-failure',
    title: 'A stream that is rejected',
    answers: [{ status: 429 }],
    spans: ['chat gpt-4o  !RateLimitError'],
  },
  {
    name: 'stream-empty',
    title: 'An empty stream',
    answers: [{ sse: ['done'] }],
    spans: ['POST /brand/{id}/stream  openai.stream.end=completed'],
  },
  { name: 'stream-tee', title: '`tee()`', spans: streamed('completed') },
  { name: 'stream-to-readable-stream', title: '`toReadableStream()`', spans: streamed('completed') },
  {
    name: 'stream-to-readable-stream-cancelled',
    title: '`toReadableStream()`, cancelled',
    answers: [HELD],
    spans: ({ parsesInClient }) => [
      `chat gpt-4o  openai.stream.end=${parsesInClient ? 'aborted' : 'cancelled'}`,
    ],
  },
  {
    name: 'stream-second-iteration',
    title: 'A second iteration after the first',
    spans: streamed('completed'),
  },
  {
    name: 'stream-second-iteration-early',
    title: 'A second iteration during the first',
    spans: streamed('completed'),
  },
  { name: 'stream-by-hand', title: '`next()` and `return()` called directly', spans: streamed('cancelled') },
  {
    name: 'stream-thrown-into',
    title: '`throw()` called directly',
    spans: ({ parsesInClient }) => [
      `chat gpt-4o  ${parsesInClient ? 'openai.stream.end=cancelled' : '!Error openai.stream.end=error'}`,
    ],
  },
  {
    name: 'stream-never-read',
    title: 'A stream that is never read',
    ends: 'collected',
    spans: streamed('abandoned'),
  },
  {
    name: 'stream-no-longer-read',
    title: 'A stream that is not read to its end',
    ends: 'collected',
    spans: streamed('abandoned'),
  },
  {
    name: 'stream-never-awaited',
    title: 'A stream without await',
    ends: 'collected',
    spans: streamed('abandoned'),
  },
  { name: 'stream-with-response', title: '`withResponse()` of a stream', spans: streamed('completed') },
  { name: 'stream-raw-response', title: '`asResponse()` of a stream', spans: UNPARSED },
  {
    name: 'stream-legacy-completions',
    title: 'A stream of `completions`',
    answers: [
      {
        sse: [
          {
            data: {
              id: 'cmpl-1',
              object: 'text_completion',
              model: 'gpt-3.5-turbo-instruct',
              choices: [{ index: 0, text: 'Hi', finish_reason: 'stop' }],
            },
          },
          'done',
        ],
      },
    ],
    spans: ['text_completion gpt-3.5-turbo-instruct  openai.stream.end=completed'],
  },
];
