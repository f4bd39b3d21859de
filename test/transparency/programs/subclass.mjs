import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const seen = [];
  class Client extends OpenAI {
    extra = 'extra';
    async prepareOptions(final) {
      seen.push(['prepareOptions', final.method, final.path]);
      await super.prepareOptions(final);
    }
    async prepareRequest(request, { url }) {
      seen.push(['prepareRequest', request.method, new URL(url).pathname]);
      await super.prepareRequest(request, { url });
    }
    request(...args) {
      seen.push(['request', args.length]);
      return super.request(...args);
    }
    makeRequest(...args) {
      seen.push(['makeRequest', args.length]);
      return super.makeRequest(...args);
    }
    fetchWithTimeout(...args) {
      seen.push(['fetchWithTimeout', args.length]);
      return super.fetchWithTimeout(...args);
    }
    defaultQuery() {
      return { flavour: 'vanilla' };
    }
  }
  const client = new Client({ ...options, maxRetries: 1 });
  const value = await client.chat.completions.create(HELLO);
  const stream = await readAll(await client.chat.completions.create({ ...HELLO, stream: true }));
  return { value, stream, seen, extra: client.extra, kind: client instanceof Client };
};
