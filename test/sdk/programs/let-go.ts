// What is kept alive: not what an open stream sent, and not a client that is done.
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/client.ts';
import { client, collectUntil, finish, simulator } from './surroundings.ts';

const collected: string[] = [];
const registry = new FinalizationRegistry<string>((name) => collected.push(name));

const programs: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
  /** Opens a stream and reads it on when the garbage has been collected. */
  async request() {
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    registry.register(messages, 'request');
    const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    return async () => {
      while (!(await iterator.next()).done);
    };
  },
  /** Makes a call with a client that nobody uses again; others with the same settings go on. */
  async client() {
    const settings = {};
    const options = { apiKey: 'k', baseURL: simulator.url };
    const [kept, dropped] = [new OpenAI(options), new OpenAI(options)];
    for (const each of [kept, dropped]) await instrumentOpenAI(each, settings).models.list();
    registry.register(dropped, 'client');
    return async () => void (await kept.models.list());
  },
};

const name = process.argv[2] ?? '';
const proceed = await programs[name]?.();
await collectUntil(() => collected.length > 0);
await proceed?.();
await finish(collected);
