import { context, logs, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import OpenAI from 'openai';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { forgetObservers } from '../support/process-state.ts';
import { startSimulator } from '../support/simulator/index.ts';
import { recordTelemetry } from '../support/telemetry.ts';

const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

beforeEach(() => {
  for (const api of [trace, metrics, logs, context]) api.disable();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});

/** A client that reports in which contexts it sends, in a program without an SDK. */
async function startSilent(config: OpenAIInstrumentationConfig = {}) {
  forgetObservers();
  const simulator = await startSimulator({ runs: [] });
  const contexts: unknown[] = [];
  const bodies: unknown[] = [];
  const client = new OpenAI({
    apiKey: 'test',
    baseURL: simulator.url,
    fetch: (input, init) => {
      contexts.push(context.active());
      bodies.push(JSON.parse(String(init?.body)));
      return fetch(input, init);
    },
  });
  instrumentOpenAI(client, { cost: false, ...config });
  return { client, contexts, bodies };
}

describe('if nothing takes what is recorded', () => {
  it('a call is made in the context of the program, as it is without us', async () => {
    const { client, contexts } = await startSilent();
    const own = context.active().setValue(Symbol('own'), 1);
    await context.with(own, () => client.chat.completions.create(HELLO));
    expect(contexts).toEqual([own]);
    expect(contexts[0]).toBe(own);
  });

  it('a request is sent as the program made it, whatever is to be asked for where somebody listens', async () => {
    const { client, bodies } = await startSilent({ streamUsage: 'include' });
    const chunks = await Array.fromAsync(await client.chat.completions.create({ ...HELLO, stream: true }));
    expect(chunks.length).toBeGreaterThan(1);
    expect(bodies).toEqual([{ ...HELLO, stream: true }]);
  });

  it('calls are recorded from the moment at which somebody listens', async () => {
    const { client } = await startSilent();
    await client.chat.completions.create(HELLO);
    const telemetry = recordTelemetry();
    await client.chat.completions.create(HELLO);
    await telemetry.provider.forceFlush();
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o-mini']);
    await telemetry.verify();
  });
});

describe('without an SDK', () => {
  it('a completion hook still gets what it asked for', async () => {
    const completionHook = vi.fn();
    const { client } = await startSilent({ completionHook });
    await client.chat.completions.create(HELLO);
    await vi.waitUntil(() => completionHook.mock.calls.length > 0);
    expect(completionHook).toHaveBeenCalledOnce();
  });

  it('so do a sink of events and the hooks around a call', async () => {
    const sink = vi.fn();
    const responseHook = vi.fn();
    const { client } = await startSilent({ events: { sink }, responseHook });
    await client.chat.completions.create(HELLO);
    expect(sink).toHaveBeenCalled();
    expect(responseHook).toHaveBeenCalledOnce();
  });
});
