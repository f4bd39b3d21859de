// The web process: accepts questions, and lets a worker answer them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import OpenAI from 'openai';

const client = new OpenAI();

const assistant = await client.beta.assistants.create({ name: 'Math Tutor', model: 'gpt-4o-mini' });
const thread = await client.beta.threads.create();
await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'What is x, if 3x = 12?' });

// Stands in for a queue and a long-running process.
const worker = fork(new URL('worker.mjs', import.meta.url));
worker.send({ threadId: thread.id, assistantId: assistant.id });
await once(worker, 'exit');

const messages = await client.beta.threads.messages.list(thread.id);
console.log(messages.data[0].content[0].text.value);
