import { afterEach, expect, test, vi } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { ask } from '../support/ask.ts';
import { openSession } from '../support/use-session.ts';

afterEach(() => vi.unstubAllEnvs());

test('gen_ai/dup: the older attribute names are recorded beside the new ones', async () => {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', 'http/dup, gen_ai/dup');
  const session = await openSession();
  await ask(session.client, 'Hello?', { n: 2 });
  assertSpanTree(
    session.spans,
    'chat gpt-4o  gen_ai.system=openai gen_ai.provider.name=openai gen_ai.response.finish_reason=stop',
  );
});

test('gen_ai/dup: the older names are on every span of a run, with their older values', async () => {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', 'gen_ai/dup');
  const session = await openSession();
  const client = session.client.withOptions({
    baseURL: 'https://api.x.ai/v1',
    fetch: () => Promise.reject(new TypeError('fetch failed')),
  });
  await expect(ask(client)).rejects.toThrow();
  assertSpanTree(
    session.spans,
    'chat gpt-4o  !APIConnectionError gen_ai.system=xai gen_ai.provider.name=x_ai',
  );
  const assistant = await session.client.beta.assistants.create({ model: 'gpt-4o-mini' });
  await session.client.beta.threads.createAndRunPoll({ assistant_id: assistant.id }, { pollIntervalMs: 1 });
  await session.provider.shutdown();
  const systems = session.spans.slice(1).map(({ name, attributes }) => [name, attributes['gen_ai.system']]);
  expect(systems).toEqual([
    ['create_agent', 'openai'],
    ['chat gpt-4o-mini', 'openai'],
    ['invoke_agent', 'openai'],
    ['thread', 'openai'],
  ]);
  expect(session.spans.at(-2)?.attributes['gen_ai.response.finish_reason']).toBe('stop');
});
