import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Made up.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};

export default async ({ options }) => {
  const seen = [];
  const client = new OpenAI({
    ...options,
    maxRetries: 1,
    fetch: async (url, init) => {
      const { signal, body } = init;
      seen.push({
        url: String(url).replace(/:\d+/, ''),
        method: init.method,
        body,
        signal: signal?.aborted,
        keys: Object.keys(init).sort(),
      });
      if (seen.length === 1) throw new Error('The custom fetch fails.');
      return new Response(JSON.stringify(COMPLETION), {
        headers: { 'content-type': 'application/json', 'x-request-id': 'req_custom' },
      });
    },
  });
  return { value: await client.chat.completions.create(HELLO), seen };
};
