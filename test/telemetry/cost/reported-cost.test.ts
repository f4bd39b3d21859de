import { describe, expect, test } from 'vitest';
import { readReportedCost } from '../../../src/telemetry/cost/costs.ts';
import { ask, askStreaming } from '../../support/ask.ts';
import { completionBody, responseBody } from '../../support/bodies.ts';
import type { Session } from '../../support/session.ts';
import { openSession } from '../../support/use-session.ts';

test.each([
  ['openrouter', { cost: 0.012, is_byok: false, cost_details: { upstream_inference_cost: 0.01 } }, 0.012],
  ['openrouter', { cost: 0 }, 0],
  ['openrouter', { cost: 0.5, is_byok: true, cost_details: { upstream_inference_cost: 10 } }, 10.5],
  ['openrouter', { cost: 0.5, is_byok: true }, undefined],
  ['openrouter', { cost: '0.012' }, undefined],
  ['openrouter', { cost: -1 }, undefined],
  ['openrouter', { cost: 1e15 }, 1e15],
  ['openrouter', { cost: 2e15 }, undefined],
  ['openrouter', { cost: 1e300 }, undefined],
  ['openrouter', { cost: 1e308, is_byok: true, cost_details: { upstream_inference_cost: 1e308 } }, undefined],
  ['x_ai', { cost_in_usd_ticks: 37_756_000 }, 0.0037756],
  ['perplexity', { cost: { total_cost: 0.006 } }, 0.006],
  ['vercel.ai_gateway', { cost: 0.012, is_byok: false }, 0.012],
  ['vercel.ai_gateway', { cost: 0, is_byok: true }, undefined],
  ['deepinfra', { estimated_cost: 0.0007 }, 0.0007],
  ['deepinfra', { estimated_cost: -1 }, undefined],
  ['openai', { cost: 0.012, estimated_cost: 1 }, undefined],
  ['openrouter', undefined, undefined],
  [undefined, { cost: 0.012 }, undefined],
])('%s reports %o, which is %s USD', (provider, usage, cost) => {
  expect(readReportedCost(provider, { usage })).toBe(cost);
});

describe('a cost that OpenRouter reports', () => {
  const model = 'anthropic/claude';
  const usage = {
    prompt_tokens: 3,
    completion_tokens: 0,
    total_tokens: 3,
    cost: 0.5,
    is_byok: true,
    cost_details: { upstream_inference_cost: 1.5 },
  };
  const config = { providers: [{ host: '127.0.0.1', provider: 'openrouter' }], cost: true };

  function costs({ spans }: Session): unknown[] {
    return spans.map(({ attributes }) => attributes['openai.cost']);
  }

  test('is recorded, of an answer and of a stream', async () => {
    const session = await openSession({ config });
    session.simulator.next({ body: completionBody('Hi', { model, usage }) });
    await ask(session.client, 'Hello', { model });
    const choices = [{ index: 0, finish_reason: 'stop', delta: { content: 'Hi' } }];
    const chunks = [{ choices }, { choices: [], usage }];
    session.simulator.next({
      sse: [...chunks.map((each) => ({ data: { id: 'gen-1', model, ...each } })), 'done'],
    });
    await askStreaming(session.client, 'Hello', { model });
    expect(costs(session)).toEqual([2, 2]);
  });

  test('gives way to a price of the program', async () => {
    const session = await openSession({ config: { ...config, prices: { [model]: { input_mtok: 1e6 } } } });
    session.simulator.next({ body: completionBody('Hi', { model, usage }) });
    await ask(session.client, 'Hello', { model });
    expect(costs(session)).toEqual([3]);
  });

  test('is not recorded again when the response is retrieved', async () => {
    const session = await openSession({ config });
    session.simulator.next({ body: responseBody([], { model, usage }) });
    await session.client.responses.retrieve('resp_1');
    expect(costs(session)).toEqual([undefined]);
  });
});
