import { createRequire } from 'node:module';
import OpenAI from 'openai';

// The instrumentations of HTTP and Express hook `require`.
const express = createRequire(import.meta.url)('express');
const client = new OpenAI();

const server = express()
  .get('/summaries/:place', async ({ params }, response) => {
    const { choices } = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: `How do I get to ${params.place}?` }],
    });
    response.json({ summary: choices[0].message.content });
  })
  .listen(0, () => console.log(`http://localhost:${server.address().port}/summaries/Hamburg`));
