// The worker: lets the assistant answer questions.
import { once } from 'node:events';
import OpenAI from 'openai';

const client = new OpenAI();

const [{ threadId, assistantId }] = await once(process, 'message');
await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
process.disconnect();
