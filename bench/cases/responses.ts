import { type Api, json } from '../api/answer.ts';
import { type Case, expect } from './case.ts';

const TEXT = 'The answer takes about two hundred tokens. '.repeat(20);

function responsesApi(): Api {
  const answer = json({
    id: 'resp_1',
    object: 'response',
    created_at: 1_763_600_000,
    status: 'completed',
    model: 'gpt-5-mini',
    output: [
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: TEXT, annotations: [] }],
      },
    ],
    parallel_tool_calls: true,
    tools: [],
    usage: {
      input_tokens: 64,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 200,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 264,
    },
  });
  return () => answer;
}

export const RESPONSES_CASES: readonly Case[] = [
  {
    name: 'response',
    title: 'response, small',
    requests: 1,
    operations: 800,
    api: responsesApi,
    run: async (client) => {
      const response = await client.responses.create({
        model: 'gpt-5-mini',
        input: 'What is a prime number?',
      });
      expect(response.output_text === TEXT, 'the response');
    },
  },
];
