import { expect, it } from 'vitest';
import { startTutor } from '../support/tutor.ts';

const PRICES = { 'gpt-4o-mini': { input_mtok: 1e6, output_mtok: 1e6 } };
const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
const ZERO = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

it.each<[string, { reported: unknown; step: unknown; input: number; cost: number }]>([
  ['its steps, if it reports none', { reported: null, step: USAGE, input: 5, cost: 8 }],
  ['its steps, if it reports zeros', { reported: ZERO, step: USAGE, input: 5, cost: 8 }],
  ['zero, if nothing else is reported', { reported: ZERO, step: null, input: 0, cost: 0 }],
])('the usage of a run that failed is that of %s', async (_, { reported, step, input, cost }) => {
  const { simulator, ...tutor } = await startTutor({
    config: { prices: PRICES, cost: true },
  });
  const about = { thread_id: tutor.threadId, assistant_id: tutor.assistantId, created_at: 1_700_000_000 };
  const run = { ...about, object: 'thread.run', id: 'run_1', model: 'gpt-4o-mini' };
  const step_details = { type: 'message_creation', message_creation: { message_id: 'msg_1' } };
  const stepAbout = { ...about, object: 'thread.run.step', id: 'step_1', run_id: 'run_1', step_details };
  const failure = { last_error: { code: 'server_error', message: 'x' }, failed_at: 1_700_000_002 };
  simulator.next({
    when: { method: 'POST', path: /runs$/ },
    sse: [
      { event: 'thread.run.in_progress', data: { ...run, status: 'in_progress', usage: null } },
      {
        event: 'thread.run.step.completed',
        data: { ...stepAbout, type: 'message_creation', status: 'completed', usage: step },
      },
      { event: 'thread.run.failed', data: { ...run, ...failure, status: 'failed', usage: reported } },
      'done',
    ],
  });
  await tutor.inSpan(async () => Array.fromAsync(await tutor.events()));
  const totals = `openai.total.input_tokens=${input} openai.total.cost=${cost}`;
  await tutor.expectTree(`
    program
    └─ thread                      ${totals} openai.total.runs=1
       └─ invoke_agent Math Tutor  !server_error ${totals}
          └─ chat gpt-4o-mini      ${step === null ? '' : `gen_ai.usage.input_tokens=${input} openai.cost=${cost}`}
  `);
  const tokens = await tutor.points('gen_ai.client.token.usage');
  const sums = [...tokens, ...(await tutor.points('openai.client.cost'))];
  expect(sums.map(({ count }) => count)).toEqual([1, 1, 1]);
  expect(sums.map(({ sum }) => sum)).toEqual([input, cost - input, cost]);
});
