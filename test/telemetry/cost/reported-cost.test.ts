import { describe, expect, test } from 'vitest';
import { readReportedCost } from '../../../src/telemetry/cost/costs.ts';
import { type Session, startSession } from '../../support/session.ts';

test.each([
  ['openrouter', { cost: 0.012, is_byok: false, cost_details: { upstream_inference_cost: 0.01 } }, 0.012],
  ['openrouter', { cost: 0 }, 0],
  ['openrouter', { cost: 0.5, is_byok: true, cost_details: { upstream_inference_cost: 10 } }, 10.5],
  ['openrouter', { cost: 0.5, is_byok: true }, undefined],
  ['openrouter', { cost: '0.012' }, undefined],
  ['openrouter', { cost: -1 }, undefined],
  ['openrouter', { cost: 1e300 }, undefined],
  [
    'openrouter',
    { cost: 1.7e308, is_byok: true, cost_details: { upstream_inference_cost: 1.7e308 } },
    undefined,
  ],
  ['x_ai', { cost_in_usd_ticks: 37_756_000 }, 0.0037756],
  ['perplexity', { cost: { total_cost: 0.006 } }, 0.006],
  ['openai', { cost: 0.012 }, undefined],
  ['openrouter', undefined, undefined],
  [undefined, { cost: 0.012 }, undefined],
])('%s reports %o, which is %s USD', (provider, usage, cost) => {
  expect(readReportedCost(provider, { usage })).toBe(cost);
});

describe('a cost that OpenRouter reports', () => {
  const MODEL = 'anthropic/claude';
  const USAGE = { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3, cost: 0.5, is_byok: true };
  const REPORTED = { ...USAGE, cost_details: { upstream_inference_cost: 1.5 } };
  const HEAD = { id: 'gen-1', model: MODEL };
  const HELLO = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello' }] };
  const providers = [{ host: '127.0.0.1', provider: 'openrouter' }];
  const choice = { index: 0, finish_reason: 'stop' };

  function costs(session: Session): unknown[] {
    return session.spans.map(({ attributes }) => attributes['openai.cost']);
  }

  test('is recorded, of an answer and of a stream', async () => {
    const session = await startSession({ config: { providers, cost: true } });
    const message = { role: 'assistant', content: 'Hi' };
    session.simulator.next({ body: { ...HEAD, choices: [{ ...choice, message }], usage: REPORTED } });
    await session.client.chat.completions.create(HELLO);
    session.simulator.next({
      sse: [
        { data: { ...HEAD, choices: [{ ...choice, delta: { content: 'Hi' } }] } },
        { data: { ...HEAD, choices: [], usage: REPORTED } },
        'done',
      ],
    });
    await Array.fromAsync(await session.client.chat.completions.create({ ...HELLO, stream: true }));
    expect(costs(session)).toEqual([2, 2]);
    await session.verify();
  });

  test('gives way to a price of the program', async () => {
    const prices = { [MODEL]: { input_mtok: 1e6 } };
    const session = await startSession({ config: { providers, cost: true, prices } });
    const message = { role: 'assistant', content: 'Hi' };
    session.simulator.next({ body: { ...HEAD, choices: [{ ...choice, message }], usage: REPORTED } });
    await session.client.chat.completions.create(HELLO);
    expect(costs(session)).toEqual([3]);
    await session.verify();
  });

  test('is not recorded again when the response is retrieved', async () => {
    const session = await startSession({ config: { providers, cost: true } });
    session.simulator.next({
      body: {
        id: 'resp_1',
        object: 'response',
        status: 'completed',
        model: MODEL,
        output: [],
        usage: REPORTED,
      },
    });
    await session.client.responses.retrieve('resp_1');
    expect(costs(session)).toEqual([undefined]);
    await session.verify();
  });
});
