import express from 'express';
import OpenAI from 'openai';
import { span, withMetadata } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();
const assistant = await client.beta.assistants.create({ name: 'Math Tutor', model: 'gpt-4o-mini' });

/** One thread for each user. A real server keeps them in its database. */
const threads = new Map();

async function threadOf(user) {
  if (!threads.has(user)) threads.set(user, (await client.beta.threads.create()).id);
  return threads.get(user);
}

async function answer(user, question) {
  const thread = await threadOf(user);
  await client.beta.threads.messages.create(thread, { role: 'user', content: question });
  const run = await client.beta.threads.runs.createAndPoll(thread, { assistant_id: assistant.id });
  const messages = await client.beta.threads.messages.list(thread, { run_id: run.id });
  return messages.data[0].content[0].text.value;
}

const server = express()
  .use(express.json())
  // `span` represents the HTTP instrumentation of a real server: a request is a trace.
  .post('/ask', async ({ body: { user, question } }, response) => {
    const text = await span('POST /ask', () => withMetadata({ userId: user }, () => answer(user, question)));
    response.json({ answer: text });
  })
  .listen(process.env.PORT ?? 3000, () => console.log(`http://localhost:${server.address().port}/ask`));
