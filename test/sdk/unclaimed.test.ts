import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { flush } from '../../src/client.ts';
import { startProgram } from '../support/program.ts';

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

/** A client's `fetch` that says when answers arrive, and keeps them. */
function answers(): { fetch: typeof fetch; arrived(): Promise<Response> } {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return {
    fetch: async (...args) => {
      const response = await fetch(...args);
      resolve(response);
      return response;
    },
    async arrived() {
      const response = await promise;
      await turn();
      return response;
    },
  };
}

test.each([false, true])(
  'flush() records a call that has its answer and that nobody awaits (stream: %s)',
  async (stream) => {
    const { fetch, arrived } = answers();
    const { client, telemetry } = await startProgram({ client: { fetch } });
    const unclaimed = client.chat.completions.create({ ...BODY, stream });
    const response = await arrived();
    expect(telemetry.spans).toEqual([]);
    await flush();
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o-mini']);
    expect(response.bodyUsed).toBe(false);
    // The program may still ask for it.
    expect(await unclaimed).toMatchObject(
      stream ? { controller: expect.anything() } : { object: 'chat.completion' },
    );
    expect(telemetry.spans).toHaveLength(1);
  },
);

test.each(['at once', 'later'])('flush() leaves open what the program has asked for %s', async (when) => {
  const { fetch, arrived } = answers();
  const { client, telemetry } = await startProgram({ client: { fetch } });
  const call = client.chat.completions.create({ ...BODY, stream: true });
  if (when === 'later') await arrived();
  const stream = await call;
  await flush();
  expect(telemetry.spans).toEqual([]);
  for await (const _ of stream);
  expect(telemetry.spans.map(({ attributes }) => attributes['openai.stream.end'])).toEqual(['completed']);
});
