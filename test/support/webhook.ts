import { createHmac } from 'node:crypto';

/** What an endpoint of webhooks is sent. */
export interface Webhook {
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** For `new OpenAI({ webhookSecret })`. */
export const WEBHOOK_SECRET: string = `whsec_${Buffer.from('simulated-secret').toString('base64')}`;

/** A webhook as OpenAI sends and signs it, by https://www.standardwebhooks.com. */
export function signWebhook(type: string, data: object, id = 'evt_1'): Webhook {
  const payload = JSON.stringify({ object: 'event', id, type, created_at: 1_700_000_000, data });
  const time = String(Math.floor(Date.now() / 1e3));
  const signature = createHmac('sha256', 'simulated-secret')
    .update(`wh_1.${time}.${payload}`)
    .digest('base64');
  return {
    payload,
    headers: { 'webhook-id': 'wh_1', 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` },
  };
}
