import { metrics } from '@opentelemetry/api';
import { ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { functionCall } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { completions, MODEL, repeating } from './users.ts';

/*
 * The channel: answers to tool calls that this process does not know, from servers that repeat call ids. Bob's result must
 * not be taken for that of Alice, who was asked the same.
 */

/** As OpenAI gives them to one call only. */
const UNIQUE = 'call_T9rXw2LbQm4KzVy8NcHd0PfA';
const REPEATED = 'call_0';

const said = (user: string) => `I am ${user}. What is my balance?`;
const balanceOf = (user: string): string => `{"of":"${user}"}`;

/** A step before, whose result is the same for every user. */
const LOGIN = 'call_00';

const LOOPS = [
  completions('chat completions', { said }),
  completions('chat completions in the second step', {
    said,
    steps: [
      { role: 'assistant', content: null, tool_calls: [functionCall('login', '{}', LOGIN)] },
      { role: 'tool', tool_call_id: LOGIN, content: 'ok' },
    ],
  }),
  repeating('Responses', { said }),
  repeating('Responses in the second step', {
    said,
    steps: [
      { type: 'function_call', call_id: LOGIN, name: 'login', arguments: '{}' },
      { type: 'function_call_output', call_id: LOGIN, output: 'ok' },
    ],
  }),
];

function start(sampler?: Sampler): Promise<Program> {
  const sampled = sampler === undefined ? {} : { sampler };
  return startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true, ...sampled });
}

const ALONE = `
  chat ${MODEL}

  chat ${MODEL}
`;
const LOOP = `
  chat ${MODEL}
  ├─ execute_tool get_balance  gen_ai.tool.call.result=${JSON.stringify(balanceOf('alice'))}
  └─ chat ${MODEL}
`;

afterEach(() => vi.useRealTimers());

describe.each(LOOPS)('in a loop over $name, the result of a user', ({ of }) => {
  const ask = ({ client, simulator }: Program, user: string, id: string) =>
    of(client, simulator).ask(user, [{ id, given: '{}' }]);
  const answer = ({ client, simulator }: Program, user: string, id: string) =>
    of(client, simulator).answer(user, [{ id, given: '{}' }], balanceOf(user));

  it('is not taken for that of another if the calls are not sampled', async () => {
    let roots = 0;
    const decide = {
      shouldSample: () => ({
        decision: roots++ === 0 ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
      }),
    };
    const program = await start(new ParentBasedSampler({ root: { ...decide, toString: () => 'the first' } }));
    // Without a meter, nobody hears of calls that are not sampled.
    metrics.disable();
    // Both say the same.
    await ask(program, 'alice', REPEATED);
    await ask(program, 'alice', REPEATED);
    await answer(program, 'alice', REPEATED);
    await program.expectTree(`chat ${MODEL}`);
  });

  it('is not taken for that of another whose call another process knows', async () => {
    const program = await start();
    await ask(program, 'alice', REPEATED);
    await answer(program, 'bob', REPEATED);
    await program.expectTree(ALONE);
  });

  it('is not taken for that of another if it comes when nothing is known of its call', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const program = await start();
    await ask(program, 'bob', REPEATED);
    vi.advanceTimersByTime(660_000);
    await ask(program, 'carol', 'call_1');
    vi.advanceTimersByTime(660_000);
    await ask(program, 'alice', REPEATED);
    await answer(program, 'bob', REPEATED);
    expect(program.telemetry.spans.map(({ name }) => name)).toEqual(Array(4).fill(`chat ${MODEL}`));
    expect(new Set(program.telemetry.spans.map((span) => span.spanContext().traceId)).size).toBe(4);
  });

  it('is recorded in the trace of its call, be the id unique or not', async () => {
    for (const id of [REPEATED, UNIQUE]) {
      const program = await start();
      await ask(program, 'alice', id);
      await answer(program, 'alice', id);
      await program.expectTree(LOOP);
    }
  });
});
