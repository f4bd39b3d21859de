import type { Answer } from '../../support/simulator/index.ts';
import type { Behaviour } from '../behaviour.ts';

/** Held at its first chunk, so that nobody but the client ends it. */
const HELD: Answer = { holdAfter: 1 };

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: '{"answer":"yes"}', annotations: [] }],
};

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-4o-2024-08-06',
  status: 'completed',
  output: [MESSAGE],
  usage: {
    input_tokens: 3,
    output_tokens: 5,
    total_tokens: 8,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  },
};

/** Where an event of a streamed response belongs. */
const PLACE = { item_id: 'msg_1', output_index: 0, content_index: 0 };

const RESPONSE_EVENTS: NonNullable<Answer['sse']> = [
  event('response.created', { response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } }),
  event('response.output_item.added', {
    output_index: 0,
    item: { ...MESSAGE, status: 'in_progress', content: [] },
  }),
  event('response.content_part.added', {
    ...PLACE,
    part: { type: 'output_text', text: '', annotations: [] },
  }),
  event('response.output_text.delta', { ...PLACE, delta: '{"answer":"yes"}' }),
  event('response.output_text.done', { ...PLACE, text: '{"answer":"yes"}' }),
  event('response.content_part.done', { ...PLACE, part: MESSAGE.content[0] }),
  event('response.output_item.done', { output_index: 0, item: MESSAGE }),
  event('response.completed', { response: RESPONSE }),
];

function event(type: string, data: object): { event: string; data: object } {
  return { event: type, data: { type, ...data } };
}

/** Helpers of the SDK that make calls themselves. */
export const HELPERS: readonly Behaviour[] = [
  {
    name: 'chat-stream-helper',
    title: '`chat.completions.stream`, with all its events',
    spans: ['chat gpt-4o  openai.stream.end=completed'],
  },
  {
    name: 'chat-stream-helper-aborted',
    title: '`chat.completions.stream`, aborted',
    answers: [HELD],
    spans: ['chat gpt-4o  openai.stream.end=aborted'],
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
  {
    name: 'chat-parse',
    title: '`chat.completions.parse`',
    spans: ['chat gpt-4o'],
  },
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
  {
    name: 'chat-parse-raw-response',
    title: '`asResponse()` of `chat.completions.parse`',
    spans: ['chat gpt-4o  openai.response.parsed=false'],
  },
  {
    name: 'response-created',
    title: '`responses.create`',
    answers: [{ body: RESPONSE }],
    spans: ['chat gpt-4o'],
  },
  {
    name: 'response-streamed',
    title: '`responses.create`, streamed',
    answers: [{ sse: RESPONSE_EVENTS }],
    spans: ['chat gpt-4o  openai.stream.end=completed'],
  },
  {
    name: 'response-stream-helper',
    title: '`responses.stream`, with its events',
    answers: [{ sse: RESPONSE_EVENTS }],
    spans: ['chat gpt-4o  openai.stream.end=completed'],
  },
  {
    name: 'response-parsed',
    title: '`responses.parse`',
    answers: [{ body: RESPONSE }],
    spans: ['chat gpt-4o'],
  },
];
