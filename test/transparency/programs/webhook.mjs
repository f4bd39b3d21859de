import OpenAI from 'openai';
import { caught } from '../runtime/requests.mjs';

const SECRET = 'whsec_c2ltdWxhdGVkLXNlY3JldA==';

async function sign(text) {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey(
    'raw',
    new TextEncoder().encode('simulated-secret'),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const bytes = new Uint8Array(await subtle.sign('HMAC', key, new TextEncoder().encode(text)));
  return `v1,${btoa(String.fromCharCode(...bytes))}`;
}

export default async ({ options, absent }) => {
  const { webhooks } = new OpenAI({ ...options, webhookSecret: SECRET });
  if (webhooks?.unwrap === undefined) return absent('webhooks');
  const payload = JSON.stringify({
    object: 'event',
    id: 'evt_1',
    type: 'response.completed',
    data: { id: 'resp_1' },
  });
  const time = String(Math.floor(Date.now() / 1000));
  const headers = {
    'webhook-id': 'wh_1',
    'webhook-timestamp': time,
    'webhook-signature': await sign(`wh_1.${time}.${payload}`),
  };
  const forged = { ...headers, 'webhook-signature': await sign('something else') };
  const event = await webhooks.unwrap(payload, headers);
  // Clocks may be coarse: spans that start at one time have no order.
  await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    event,
    forged: await caught(() => webhooks.unwrap(payload, forged)),
  };
};
