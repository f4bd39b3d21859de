import { expect, it } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import { startProgram } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';

/** The program's own prices are the only ones, whatever the price package knows. */
const CONFIG = {
  cost: { calcPrice: () => undefined },
  prices: {
    'gpt-4o-mini*': { input_mtok: 1, output_mtok: 4 },
    'gpt-5*': { input_mtok: 20, output_mtok: 80 },
  },
};
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const UNPRICED = 'gpt-next';

it('counts the calls of a conversation whose price or usage is not known, and records no zero for these', async () => {
  const program = await startProgram({ config: CONFIG });
  const { completions } = program.client.chat;
  const ask = { model: 'gpt-4o-mini', messages: HELLO, stream: true as const };
  await withConversation('chat-1', async () => {
    for (const model of ['gpt-4o-mini', UNPRICED]) await completions.create({ model, messages: HELLO });
    for (const [content, usage] of [
      ['Hi', { prompt_tokens: 'five', completion_tokens: 2, total_tokens: 7 }],
      ['Hi', { prompt_tokens: 3, total_tokens: 7 }],
      ['Hi', undefined],
      // Nothing was given, and nothing is missing.
      [undefined, undefined],
    ]) {
      const choices = [{ index: 0, delta: { content }, finish_reason: 'stop' }];
      const data = { id: 'chatcmpl-1', model: 'gpt-4o-mini', choices, usage };
      program.simulator.next({ sse: [{ data }, 'done'] });
      await Array.fromAsync(await completions.create(ask));
    }
    for await (const chunk of await completions.create(ask)) if (chunk.choices[0]?.delta.content) break;
  });
  await program.expectTreeAtEnd(`
    conversation          openai.total.unpriced=5 openai.total.runs=7 openai.total.cost=*
    ├─ chat gpt-4o-mini   gen_ai.usage.input_tokens=* gen_ai.usage.output_tokens=* openai.cost=*
    ├─ chat gpt-next      gen_ai.usage.input_tokens=* gen_ai.usage.output_tokens=*
    ├─ chat gpt-4o-mini   gen_ai.usage.output_tokens=2
    ├─ chat gpt-4o-mini   gen_ai.usage.input_tokens=3
    ├─ chat gpt-4o-mini
    ├─ chat gpt-4o-mini
    └─ chat gpt-4o-mini
  `);
  const counted = [
    ...(await program.points('gen_ai.client.token.usage')),
    ...(await program.points('openai.client.cost')),
  ];
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(2 + 2 + 1 + 1 + 1);
});

it('counts the runs of an Azure deployment, whatever its name, unless the program has a price for it', async () => {
  const runs = [{ steps: [{ message: 'x', usage: { prompt: 100, completion: 0 } }] }];
  const cost = { calcPrice: () => ({ model_price: { input_mtok: 1, output_mtok: 4 } }) };
  const providers = [{ host: '127.0.0.1', provider: 'azure.ai.openai' }];
  const prices = { 'gpt-5*': { input_mtok: 20 } };
  const tutor = await startTutor({ runs: [...runs, ...runs], config: { cost, providers, prices } });
  const { runs: client } = tutor.client.beta.threads;
  const body = { assistant_id: tutor.assistantId };
  await tutor.inSpan(async () => {
    await client.createAndPoll(tutor.threadId, body, { pollIntervalMs: 1 });
    await client.createAndPoll(tutor.threadId, { ...body, model: 'gpt-5' }, { pollIntervalMs: 1 });
  });
  await tutor.expectTree(`
    program
    └─ thread                       openai.total.unpriced=1 openai.total.cost=0.002 openai.total.input_tokens=200
       ├─ invoke_agent Math Tutor   openai.total.unpriced=1 openai.total.input_tokens=100 gen_ai.request.model=gpt-4o-mini
       │  └─ chat gpt-4o-mini       gen_ai.request.model=gpt-4o-mini
       └─ invoke_agent Math Tutor   openai.total.cost=0.002 openai.total.input_tokens=100 gen_ai.request.model=gpt-5
          └─ chat gpt-5             gen_ai.request.model=gpt-5 openai.cost=0.002
  `);
  for (const { attributes } of tutor.telemetry.spans) {
    expect(attributes).not.toHaveProperty(['gen_ai.response.model']);
    if (attributes['gen_ai.request.model'] === 'gpt-4o-mini')
      expect(attributes).not.toHaveProperty(['openai.cost']);
  }
});

it('counts a subagent, whose turn names no model', async () => {
  const items = [{ message: 'It says text.' }];
  const subagent = { name: 'Reader', task: 'Read it.', items, usage: { prompt: 40, completion: 4 } };
  const turn = { items: [{ subagent }], usage: { prompt: 100, completion: 20 } };
  const program = await startAgentProgram([turn], { config: CONFIG });
  await program.inSpan(() => program.converse('Read it.'));
  await program.expectTree(`
    program
    └─ session                       openai.total.unpriced=1 openai.total.input_tokens=140 openai.total.cost=0.0036
       └─ invoke_agent Helper        openai.total.unpriced=1 openai.total.input_tokens=140 openai.total.cost=0.0036
          ├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          ├─ invoke_agent Reader     openai.total.unpriced=1 openai.total.input_tokens=40
          └─ execute_tool close_subagent
  `);
});
