import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { flush } from '../../src/client.ts';
import { metadataIn, startSpanWithMetadata, withMetadataIn } from '../../src/telemetry/metadata.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import { startProgram } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';

const REMOTE: SpanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };

test.each<[string, SpanContext, Context, object?]>([
  ['is found by a context with nothing but that span', { ...REMOTE }, ROOT_CONTEXT, { 'user.id': 'user-1' }],
  ['is not that of all others below the no-op span', INVALID_SPAN_CONTEXT, ROOT_CONTEXT],
  ['is not that of all others below a remote parent', REMOTE, trace.setSpanContext(ROOT_CONTEXT, REMOTE)],
])('the metadata of a span %s', (_, shared, parent, found) => {
  const startSpan = () => trace.wrapSpanContext(shared);
  const context = withMetadataIn(parent, { userId: 'user-1' });
  const span = startSpanWithMetadata({ startSpan }, 'chat', {}, context, metadataIn(context) ?? {});
  expect(metadataIn(trace.setSpan(ROOT_CONTEXT, span))).toEqual(found);
});

describe('spans that are recorded later have the baggage of the call, as span processors copy it', () => {
  const sampler: Sampler = {
    shouldSample: (parent) => ({
      decision: SamplingDecision.RECORD_AND_SAMPLED,
      attributes: { 'user.id': userIn(parent) ?? 'none' },
    }),
    toString: () => 'user',
  };

  test('steps and tools of a run', async () => {
    const { expectTree, run } = await startTutor({
      sampler,
      runs: [{ steps: [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }] }],
    });
    await context.with(withUser('user-1'), run);
    await flush();
    await expectTree(`
      thread                               user.id=user-1
      └─ invoke_agent Math Tutor           user.id=user-1
         ├─ chat gpt-4o-mini               user.id=user-1
         ├─ execute_tool code_interpreter  user.id=user-1
         └─ chat gpt-4o-mini               user.id=user-1
    `);
  });

  test('turns and tools of a subagent', async () => {
    const items = [{ command: { command: 'ls', output: '' } }];
    const turn = { items: [{ subagent: { name: 'Reader', task: 'Read.', items } }] };
    const { converse, expectTree } = await startAgentProgram([turn], { sampler });
    await context.with(withUser('user-1'), () => converse('Read it.'));
    await flush();
    await expectTree(`
      session                                    user.id=user-1
      └─ invoke_agent Helper                     user.id=user-1
         ├─ execute_tool create_subagent         user.id=user-1
         ├─ execute_tool wait_for_subagents      user.id=user-1
         ├─ invoke_agent Reader                  user.id=user-1
         │  └─ execute_tool command_execution    user.id=user-1
         └─ execute_tool close_subagent          user.id=user-1
    `);
  });

  test('tools of a response, not those of another user who sends their results', async () => {
    const { client, simulator, inSpan, expectTree } = await startProgram({ sampler });
    simulator.respond({
      output: [{ webSearch: { query: 'x' } }, { function: { name: 'solve', arguments: {} } }],
    });
    const question = { role: 'user', content: 'What is x?' } as const;
    const model = 'gpt-4o-mini';
    await inSpan(async () => {
      const { output } = await context.with(withUser('user-1'), () =>
        client.responses.create({ model, input: [question] }),
      );
      const calls = output.filter((item) => item.type === 'function_call');
      const results = calls.map(
        ({ call_id }) => ({ type: 'function_call_output', call_id, output: '4' }) as const,
      );
      await context.with(withUser('user-2'), () =>
        client.responses.create({ model, input: [question, ...calls, ...results] }),
      );
    });
    await expectTree(`
      program                     user.id=none
      ├─ chat gpt-4o-mini         user.id=user-1
      ├─ execute_tool web_search  user.id=user-1
      ├─ execute_tool solve       user.id=user-1
      └─ chat gpt-4o-mini         user.id=user-2
    `);
  });
});

function withUser(value: string): Context {
  return propagation.setBaggage(context.active(), propagation.createBaggage({ user: { value } }));
}

function userIn(parent: Context): string | undefined {
  return propagation.getBaggage(parent)?.getEntry('user')?.value;
}
