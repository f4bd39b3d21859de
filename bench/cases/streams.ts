import type OpenAI from 'openai';
import { type Api, events } from '../api/answer.ts';
import { type Case, expect } from './case.ts';

export const CHUNKS = 1_000;

export const STREAMED: OpenAI.ChatCompletionCreateParamsStreaming = {
  model: 'gpt-4o-mini',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'Tell me about prime numbers.' }],
};

export function streamApi(chunks: number = CHUNKS): () => Api {
  return () => {
    const answer = events(chunksOf(chunks));
    return () => answer;
  };
}

/** The last two chunks have the finish reason and the usage. */
function chunksOf(count: number): unknown[] {
  const common = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_763_600_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_1',
  };
  const delta = (content: object, finishReason: string | null): object => ({
    ...common,
    choices: [{ index: 0, delta: content, logprobs: null, finish_reason: finishReason }],
    usage: null,
  });
  return [
    ...Array.from({ length: count - 2 }, (_, index) => delta({ content: ` word ${index}` }, null)),
    delta({}, 'stop'),
    { ...common, choices: [], usage: { prompt_tokens: 12, completion_tokens: 998, total_tokens: 1_010 } },
  ];
}

async function readAll(client: OpenAI): Promise<void> {
  let chunks = 0;
  for await (const _ of await client.chat.completions.create({ ...STREAMED })) chunks++;
  expect(chunks === CHUNKS, 'all chunks');
}

/** Drops a stream without reading or aborting it. */
async function abandon(client: OpenAI): Promise<void> {
  const stream = await client.chat.completions.create({ ...STREAMED });
  expect(typeof stream[Symbol.asyncIterator] === 'function', 'a stream');
}

export const STREAM_CASES: readonly Case[] = [
  {
    name: 'stream',
    title: 'stream of 1,000 chunks',
    requests: 1,
    operations: 8,
    api: streamApi(),
    run: readAll,
  },
  {
    name: 'stream-unmetered',
    title: 'the same, without a meter',
    requests: 1,
    operations: 8,
    api: streamApi(),
    run: readAll,
    metered: false,
  },
  {
    name: 'stream-content',
    title: 'the same, with content',
    requests: 1,
    operations: 8,
    api: streamApi(),
    run: readAll,
    content: true,
    config: { captureMessageContent: 'SPAN_ONLY' },
  },
];

/** Measured for the memory and spans that it leaves behind, not for its speed. */
export const ABANDONED_STREAMS: Case = {
  name: 'abandoned',
  title: 'streams that nobody reads',
  requests: 1,
  operations: 200,
  api: streamApi(20),
  run: abandon,
};
