import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  class Client extends OpenAI {
    async makeRequest(...args) {
      await null;
      return await super.makeRequest(...args);
    }
  }
  const client = new Client({ ...options, maxRetries: 0 });
  const requests = {
    awaited: async () => await client.chat.completions.create(HELLO),
    response: async () => await client.chat.completions.create(HELLO).asResponse(),
    page: async () => await client.models.list(),
  };
  const failures = [];
  for (const request of Object.values(requests)) {
    async function nameOfTheProgram() {
      await request();
    }
    const error = await nameOfTheProgram().catch((thrown) => thrown);
    // The lines between are the SDK's.
    failures.push({ error, named: error.stack.includes('nameOfTheProgram') });
  }
  return { failures, value: await client.chat.completions.create(HELLO) };
};
