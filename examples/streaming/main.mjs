import OpenAI from 'openai';

const client = new OpenAI();

const stream = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Tell me of the sea.' }],
  stream: true,
  // Without this, the API does not report a stream's tokens. The option `streamUsage: 'include'` does it for all.
  stream_options: { include_usage: true },
});

for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
process.stdout.write('\n');
