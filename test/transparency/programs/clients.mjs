// Clients of all kinds.
import OpenAI, * as openai from 'openai';
import { ask } from '../runtime/calls.mjs';
import { caught, HELLO, readAll } from '../runtime/requests.mjs';

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Made up.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};

/** A call of a client, plain and streamed. */
const askOf = (client) => client.chat.completions.create(HELLO);
const readOf = async (client) => readAll(await client.chat.completions.create({ ...HELLO, stream: true }));

export default {
  async 'custom-fetch'({ options }) {
    const seen = [];
    const answer = async (url, init) => {
      const { method, body, signal } = init;
      const keys = Object.keys(init).sort();
      seen.push({ url: String(url).replace(/:\d+/, ''), method, body, signal: signal?.aborted, keys });
      if (seen.length === 1) throw new Error('The custom fetch fails.');
      return Response.json(COMPLETION, { headers: { 'x-request-id': 'req_custom' } });
    };
    return { value: await ask({ ...options, maxRetries: 1, fetch: answer }), seen };
  },

  async 'custom-fetch-that-throws'({ options }) {
    const outcomes = [];
    for (const what of [new TypeError('fails'), 'a string', undefined, { an: 'object' }]) {
      const outcome = await caught(() => ask({ ...options, fetch: () => Promise.reject(what) }));
      outcomes.push({ outcome, cause: outcome.thrown?.cause === what });
    }
    return outcomes;
  },

  async 'call-within-a-call'({ options }) {
    const inner = [];
    const client = new OpenAI({
      ...options,
      fetch: async (url, init) => {
        if (!String(url).endsWith('/models/inner')) inner.push(await client.models.retrieve('inner'));
        return fetch(url, init);
      },
    });
    return { value: await askOf(client), inner };
  },

  async 'workload-identity'({ options, absent }) {
    if (openai.OAuthError === undefined) return absent('workload identity');
    let subjects = 0;
    const provider = { tokenType: 'jwt', getToken: async () => `subject-${++subjects}` };
    const seen = [];
    const client = new OpenAI({
      ...options,
      apiKey: null,
      workloadIdentity: { identityProviderId: 'idp_1', serviceAccountId: 'sa_1', provider },
      fetch: async (url, init) => {
        const exchange = String(url).endsWith('/oauth/token');
        seen.push(exchange ? 'token' : new Headers(init.headers).get('authorization'));
        if (!exchange) return fetch(url, init);
        const token = { issued_token_type: 'x', token_type: 'Bearer', expires_in: 3600 };
        return Response.json({ access_token: `access-${subjects}`, ...token });
      },
    });
    // The first token is refused: the SDK exchanges another one and sends the request again.
    return { first: await askOf(client), second: await askOf(client), seen };
  },

  async 'api-key-function'({ options, absent }) {
    if (openai.InvalidWebhookSignatureError === undefined) return absent('a key by function');
    let calls = 0;
    const first = await ask({ ...options, apiKey: async () => `sk-${++calls}` });
    const failing = { ...options, apiKey: () => Promise.reject(new Error('no key')) };
    return { first, calls, failing: await caught(() => ask(failing)) };
  },

  async subclass({ options }) {
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
    const value = await askOf(client);
    const stream = await readOf(client);
    return { value, stream, seen, extra: client.extra, kind: client instanceof Client };
  },

  async 'subclass-of-request'({ options }) {
    class Client extends OpenAI {
      makeRequest() {
        return Promise.reject(new Error('never sent'));
      }
    }
    class Refusing extends OpenAI {
      request() {
        throw new Error('refused at once');
      }
    }
    return [await caught(() => askOf(new Client(options))), await caught(() => askOf(new Refusing(options)))];
  },

  async 'subclass-that-logs-in'({ options }) {
    class Client extends OpenAI {
      async makeRequest(...args) {
        await null;
        return await super.makeRequest(...args);
      }
    }
    const client = new Client(options);
    const requests = [
      async () => await client.chat.completions.create(HELLO),
      async () => await client.chat.completions.create(HELLO).asResponse(),
      async () => await client.models.list(),
    ];
    const failures = [];
    for (const request of requests) {
      async function nameOfTheProgram() {
        await request();
      }
      const error = await nameOfTheProgram().catch((thrown) => thrown);
      // The lines between are the SDK's.
      failures.push({ error, named: error.stack.includes('nameOfTheProgram') });
    }
    return { failures, value: await askOf(client) };
  },

  async 'with-options'({ options, absent }) {
    const client = new OpenAI({ ...options, defaultHeaders: { 'x-default': 'one' } });
    if (client.withOptions === undefined) return absent('withOptions');
    const copy = client.withOptions({ defaultHeaders: { 'x-default': 'two' }, timeout: 5_000 });
    return {
      first: await askOf(client),
      second: await askOf(copy),
      third: await readOf(copy.withOptions({})),
      kind: copy instanceof OpenAI,
      timeouts: [client.timeout, copy.timeout],
    };
  },

  async 'request-options'({ options }) {
    const settings = {
      ...options,
      organization: 'org_1',
      defaultHeaders: { 'x-default': 'default' },
      defaultQuery: { flavour: 'vanilla' },
    };
    const headers = { 'x-own': 'own', 'x-default': null };
    return ask(settings, { headers, query: { more: 'yes' }, idempotencyKey: 'key_1' });
  },

  async 'callable-class'({ options }) {
    const made = await caught(() => OpenAI(options));
    const value = made.value === undefined ? undefined : await made.value.models.retrieve('a');
    return { thrown: made.thrown?.constructor.name, value, kind: made.value instanceof OpenAI };
  },

  async azure({ options, absent }) {
    const { AzureOpenAI } = openai;
    if (AzureOpenAI === undefined) return absent('AzureOpenAI');
    const endpoint = new URL(options.baseURL).origin;
    const settings = { apiKey: 'azure-key', apiVersion: '2024-10-21', maxRetries: 0, endpoint };
    const client = new AzureOpenAI({ ...settings, deployment: 'my-deployment' });
    const azureADTokenProvider = async () => 'entra-token';
    const entra = new AzureOpenAI({ ...settings, apiKey: undefined, azureADTokenProvider });
    return {
      value: await client.chat.completions.create({ ...HELLO, model: '' }),
      stream: await readOf(client),
      entra: await askOf(entra),
      models: (await client.models.list()).data,
    };
  },

  async bedrock({ options: { baseURL, maxRetries }, absent }) {
    const { BedrockOpenAI } = openai;
    if (BedrockOpenAI === undefined) return absent('BedrockOpenAI');
    let tokens = 0;
    const bedrockTokenProvider = async () => `token-${++tokens}`;
    const client = new BedrockOpenAI({ baseURL, maxRetries, bedrockTokenProvider });
    return { value: await askOf(client), stream: await readOf(client), tokens };
  },
};
