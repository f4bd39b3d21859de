import { serve } from '../../support/processes/serve.ts';
import type { Webhook } from '../../support/webhook.ts';

/** A server that has responses made in the background, and is told by webhook when they are there. */
export type WebhookSteps = {
  ask(question: string): Promise<string>;
  /** What a webhook is about, fetched. */
  receive(webhook: Webhook): Promise<string>;
};

await serve<WebhookSteps>(({ client, inSpan }) => ({
  ask: (input) =>
    inSpan('POST /ask', async () => {
      const response = await client.responses.create({ model: 'gpt-4o', input, background: true });
      return response.id;
    }),
  receive: ({ payload, headers }) =>
    inSpan('POST /webhook', async () => {
      const event = await client.webhooks.unwrap(payload, headers);
      if (event.type !== 'response.completed') throw new Error(`The event is ${event.type}.`);
      return (await client.responses.retrieve(event.data.id)).output_text;
    }),
}));
