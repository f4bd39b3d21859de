import OpenAI, * as openai from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  if (openai.OAuthError === undefined) return absent('workload identity');
  let subjects = 0;
  const provider = { tokenType: 'jwt', getToken: async () => `subject-${++subjects}` };
  const seen = [];
  const client = new OpenAI({
    ...options,
    apiKey: null,
    workloadIdentity: { identityProviderId: 'idp_1', serviceAccountId: 'sa_1', provider },
    fetch: (url, init) => {
      const exchange = String(url).endsWith('/oauth/token');
      seen.push(exchange ? 'token' : new Headers(init.headers).get('authorization'));
      if (!exchange) return fetch(url, init);
      const token = {
        access_token: `access-${subjects}`,
        issued_token_type: 'x',
        token_type: 'Bearer',
        expires_in: 3600,
      };
      return Promise.resolve(Response.json(token));
    },
  });
  // The first token is refused: the SDK exchanges another one and sends the request again.
  const first = await client.chat.completions.create(HELLO);
  const second = await client.chat.completions.create(HELLO);
  return { first, second, seen };
};
