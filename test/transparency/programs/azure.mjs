import * as openai from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { AzureOpenAI } = openai;
  if (AzureOpenAI === undefined) return absent('AzureOpenAI');
  const settings = { apiKey: 'azure-key', apiVersion: '2024-10-21', maxRetries: 0 };
  const origin = new URL(options.baseURL).origin;
  const client = new AzureOpenAI({ ...settings, endpoint: origin, deployment: 'my-deployment' });
  const entra = new AzureOpenAI({
    ...settings,
    apiKey: undefined,
    endpoint: origin,
    azureADTokenProvider: async () => 'entra-token',
  });
  return {
    value: await client.chat.completions.create({ ...HELLO, model: '' }),
    stream: await readAll(await client.chat.completions.create({ ...HELLO, stream: true })),
    entra: await entra.chat.completions.create(HELLO),
    models: (await client.models.list()).data,
  };
};
