import OpenAI from 'openai';
import { afterEach } from 'vitest';
import type { RunScript } from './script.ts';
import { type Simulator, startSimulator } from './simulator.ts';

/** What the tests of this folder begin with: a simulator, a real client and an assistant with a thread. */
export interface Conversation {
  readonly simulator: Simulator;
  readonly client: OpenAI;
  readonly assistantId: string;
  readonly threadId: string;
}

const open: Simulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

/** Starts a simulator that is closed when the test ends. */
export async function simulate(...runs: RunScript[]): Promise<{ simulator: Simulator; client: OpenAI }> {
  const simulator = await startSimulator({ runs });
  open.push(simulator);
  return { simulator, client: clientOf(simulator) };
}

export function clientOf(simulator: Simulator): OpenAI {
  return new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
}

export async function converse(...runs: RunScript[]): Promise<Conversation> {
  const { simulator, client } = await simulate(...runs);
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] });
  return { simulator, client, assistantId: assistant.id, threadId: thread.id };
}
