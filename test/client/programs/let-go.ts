// What a stream that is open keeps alive: not what was sent.
import { client, collectUntil, finish } from './surroundings.ts';

const sent = { collected: false };
const registry = new FinalizationRegistry<undefined>(() => {
  sent.collected = true;
});

function open(): ReturnType<typeof ask> {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  registry.register(messages, undefined);
  return ask(messages);
}

async function ask(messages: { role: 'user'; content: string }[]): Promise<AsyncIterator<unknown>> {
  const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  return iterator;
}

const iterator = await open();
await collectUntil(() => sent.collected);
while (!(await iterator.next()).done);
await finish(sent);
