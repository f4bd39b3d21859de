import type { Answer, ResponseScript } from '../../support/simulator/index.ts';
import { type Behaviour, streamed, UNPARSED } from '../behaviour.ts';

/** Held at its first chunk, so that nobody but the client ends it. */
const HELD: Answer = { holdAfter: 1 };

const ANSWER: ResponseScript = { output: [{ message: '{"answer":"yes"}' }] };

/** Helpers of the SDK that make calls themselves. */
export const HELPERS: readonly Behaviour[] = [
  {
    name: 'chat-stream-helper',
    title: '`chat.completions.stream`, with all its events',
    spans: streamed('completed'),
  },
  {
    name: 'chat-stream-helper-aborted',
    title: '`chat.completions.stream`, aborted',
    answers: [HELD],
    spans: streamed('aborted'),
  },
  {
    name: 'chat-run-tools',
    title: '`runTools`',
    spans: [
      `
      invoke_workflow runTools
      ├─ chat gpt-4o
      ├─ execute_tool get_weather
      └─ chat gpt-4o
      `,
    ],
  },
  {
    name: 'chat-run-tools-streamed',
    title: '`runTools`, streamed',
    spans: [
      `
      invoke_workflow runTools
      ├─ chat gpt-4o               openai.stream.end=completed
      ├─ execute_tool get_weather
      └─ chat gpt-4o               openai.stream.end=completed
      `,
    ],
  },
  { name: 'chat-parse', title: '`chat.completions.parse`', spans: ['chat gpt-4o'] },
  {
    name: 'chat-parse-cut-off',
    title: '`chat.completions.parse` of a truncated answer',
    answers: [
      {
        body: {
          id: 'chatcmpl-1',
          object: 'chat.completion',
          model: 'gpt-4o',
          choices: [{ index: 0, message: { role: 'assistant', content: '{' }, finish_reason: 'length' }],
          usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
        },
      },
    ],
    spans: ['chat gpt-4o'],
  },
  { name: 'chat-parse-raw-response', title: '`asResponse()` of `chat.completions.parse`', spans: UNPARSED },
  { name: 'response-created', title: '`responses.create`', responses: [ANSWER], spans: ['chat gpt-4o'] },
  {
    name: 'response-streamed',
    title: '`responses.create`, streamed',
    responses: [ANSWER],
    spans: streamed('completed'),
  },
  {
    name: 'response-stream-helper',
    title: '`responses.stream`, with its events',
    responses: [ANSWER],
    spans: streamed('completed'),
  },
  { name: 'response-parsed', title: '`responses.parse`', responses: [ANSWER], spans: ['chat gpt-4o'] },
];
