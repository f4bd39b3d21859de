import { setTimeout as delay } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { expect, it, onTestFinished, vi } from 'vitest';
import { library } from './library.ts';
import { completion, newHelper, startAgents } from './program.ts';

const { Agent } = library;

/** A model of another package, as the library's adapter for the AI SDK reports its calls. */
function newModel(work: () => Promise<void> = async () => undefined): object {
  const answer = {
    usage: new library.Usage({ input_tokens: 12, output_tokens: 3, total_tokens: 15 }),
    output: [
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Hello.' }],
      },
    ],
  };
  return {
    getResponse: () =>
      library.withGenerationSpan(async (span) => {
        await work();
        Object.assign(span.spanData, {
          model: 'claude',
          model_config: { provider: 'another.provider' },
          input: [{ role: 'user', content: 'Hi' }],
          output: [{ role: 'assistant', content: 'Hello.' }],
          usage: { input_tokens: 12, output_tokens: 3, input_tokens_details: { cached_tokens: 8 } },
        });
        return answer;
      }),
  };
}

it.each([{ tracing: true }, { tracing: false }])(
  'records the calls of a model that is no client of openai, tracing $tracing',
  async ({ tracing }) => {
    const { runner, points, expectTree } = await startAgents({ tracing });
    await runner.run(new Agent({ name: 'Helper', model: newModel() }), 'Hi');
    await expectTree(`
      invoke_workflow Agent workflow  openai.total.input_tokens=12
      └─ invoke_agent Helper          openai.total.input_tokens=12
         └─ chat claude               gen_ai.usage.input_tokens=12 gen_ai.usage.output_tokens=3 gen_ai.usage.cache_read.input_tokens=8 gen_ai.provider.name=another.provider
    `);
    expect(await points('gen_ai.client.token.usage')).toHaveLength(2);
  },
);

it.each(['responses', 'chat'] as const)(
  'counts each token once where the program has no context manager: %s',
  async (api) => {
    const { runner, simulator, telemetry, points, answer } = await startAgents({ api, mayLog: true });
    context.disable();
    if (api === 'responses') answer('Hello.');
    else simulator.next({ body: completion('Hello.', [12, 3]) });
    await runner.run(newHelper(), 'Hi');
    expect(telemetry.spans.map(({ name }) => name).toSorted()).toEqual([
      'chat gpt-4o',
      'invoke_agent Helper',
      'invoke_workflow Agent workflow',
    ]);
    expect(await points('gen_ai.client.token.usage')).toHaveLength(2);
  },
);

it.each([-3_600_000, 3_600_000])(
  'times the call of such a model by its own clock while the wall clock is set by %i ms',
  async (jump) => {
    const { runner, telemetry } = await startAgents();
    onTestFinished(() => void vi.restoreAllMocks());
    const model = newModel(async () => {
      await delay(20);
      const date = Date.now.bind(Date);
      vi.spyOn(Date, 'now').mockImplementation(() => date() + jump);
    });
    await runner.run(new Agent({ name: 'Helper', model }), 'Hi');
    const [chat] = telemetry.spans.filter(({ name }) => name === 'chat claude');
    expect(chat?.duration[0]).toBe(0);
    expect(chat?.duration[1]).toBeGreaterThan(15e6);
  },
);

it('records no call that the program wants to have ignored', async () => {
  const { runner, expectTree, answer } = await startAgents({
    config: { ignoreRequestHook: () => true },
  });
  answer('Hello.');
  await runner.run(newHelper(), 'Hi');
  await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
  `);
});
