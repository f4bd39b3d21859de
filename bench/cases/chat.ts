import type OpenAI from 'openai';
import { type Api, json } from '../api/answer.ts';
import { type Case, expect } from './case.ts';

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming;

const ANSWER = 'The answer takes about two hundred tokens. '.repeat(20);

const SMALL: Request = {
  model: 'gpt-4o-mini',
  temperature: 0.5,
  max_completion_tokens: 400,
  messages: [
    { role: 'system', content: 'You are a friendly tutor of mathematics.' },
    { role: 'user', content: 'What is a prime number?' },
    { role: 'assistant', content: 'One that only itself and one divide.' },
    { role: 'user', content: 'Is one prime?' },
    { role: 'user', content: 'And two?' },
  ],
};

const PARAGRAPH = 'He said "no", and went on to the next line.\n'.repeat(100).slice(0, 4_096);

/** A long conversation, or a prompt with many documents: 100 messages of 4 KB. */
export const LARGE: Request = {
  ...SMALL,
  messages: Array.from({ length: 100 }, (_, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content: PARAGRAPH,
  })),
};

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_763_600_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: ANSWER, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 64,
    completion_tokens: 200,
    total_tokens: 264,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_1',
};

export function chatApi(): Api {
  const answer = json(COMPLETION);
  return () => answer;
}

function asking(request: Request): Case['run'] {
  return async (client) => {
    const completion = await client.chat.completions.create({ ...request });
    expect(completion.choices[0]?.message.content === ANSWER, 'the completion');
  };
}

const small = { requests: 1, operations: 800, api: chatApi, run: asking(SMALL) };
const large = { requests: 1, operations: 40, api: chatApi, run: asking(LARGE) };

export const CHAT_CASES: readonly Case[] = [
  { ...small, name: 'chat', title: 'chat, small' },
  { ...small, name: 'chat-unmetered', title: 'chat, small, without a meter', metered: false },
  { ...small, name: 'chat-unsampled', title: 'chat, small, not sampled', sampled: false },
  { ...small, name: 'chat-no-sdk', title: 'chat, small, no SDK', silent: 'no SDK' },
  { ...small, name: 'chat-suppressed', title: 'chat, small, inside `suppressTracing`', silent: 'suppressed' },
  {
    ...small,
    name: 'chat-content',
    title: 'chat, small, with content',
    content: true,
    config: { captureMessageContent: 'SPAN_ONLY' },
  },
  { ...large, name: 'chat-large', title: 'chat, 100 messages of 4 KB' },
  {
    ...large,
    name: 'chat-large-content',
    title: 'the same, with content',
    content: true,
    config: { captureMessageContent: 'SPAN_ONLY' },
  },
  {
    ...large,
    name: 'chat-large-unlimited',
    title: 'the same, with content and no limits',
    content: true,
    config: {
      captureMessageContent: 'SPAN_ONLY',
      maxContentLength: 2 ** 30,
      maxSpanContentLength: 2 ** 30,
    },
  },
];
