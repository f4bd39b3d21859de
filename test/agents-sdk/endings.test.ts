import { expect, it } from 'vitest';
import { ConversationIdGenerator } from '../../src/index.ts';
import { functionCall } from '../support/bodies.ts';
import { library, type RunState } from './library.ts';
import { calling, completion, newHelper, newTool, startAgents, tracingOrNot } from './program.ts';

const { Agent } = library;

const failing = newTool('fail', () => {
  throw new TypeError('a secret');
});

/** A completion that asks to delete something important and something else. */
function askingTwice(): object {
  const calls = ['important', 'other'].map((name) =>
    functionCall('delete', JSON.stringify({ name }), `call_${name}`),
  );
  return completion(calls, [100, 20]);
}

/** Deletes all but what is important, which a person approves. */
const deletingSome = newTool('delete', () => 'deleted', {
  needsApproval: async (_: unknown, given: Readonly<Record<string, string>>) => given.name === 'important',
});

const deleting = newTool('delete', () => 'Deleted.', { needsApproval: true });

function approveAll(state: RunState): void {
  for (const each of state.getInterruptions()) state.approve(each);
}

tracingOrNot((tracing) => {
  it.each([
    { stream: false, handled: false },
    { stream: true, handled: false },
    // The oldest version has no handlers of errors.
    ...(library.withTraceContext === undefined
      ? []
      : [
          { stream: false, handled: true },
          { stream: true, handled: true },
        ]),
  ])(
    'ends everything when a run has too many turns, and marks its workflow unless the program handles that: $stream, $handled',
    async ({ stream, handled }) => {
      const { runner, expectTree, answer } = await startAgents({ tracing });
      answer([calling('fail')]);
      const handlers = { errorHandlers: { maxTurns: () => ({ finalOutput: 'Too long.' }) } };
      const run = async (): Promise<unknown> => {
        const options = { maxTurns: 1, stream, ...(handled && handlers) } as { stream: true };
        const started = await runner.run(newHelper(failing), 'Hi', options);
        if (stream) await Array.fromAsync(started);
        await started.completed;
        return started.finalOutput;
      };
      if (handled) expect(await run()).toBe('Too long.');
      else await expect(run()).rejects.toThrow('Max turns');
      await expectTree(`
    invoke_workflow Agent workflow  ${handled ? '' : '!MaxTurnsExceededError'}
    └─ invoke_agent Helper          !MaxTurnsExceededError
       ├─ chat gpt-4o
       └─ execute_tool fail         !ToolCallError
  `);
    },
  );

  it('marks no workflow whose function has caught the error', async () => {
    const { runner, simulator, expectTree } = await startAgents({ tracing });
    simulator.next({ status: 400, body: { error: { code: 'invalid_prompt' } } });
    const caught = library.withTrace('Careful', async () => {
      await runner.run(newHelper(), 'Hi').catch(() => undefined);
      return 'fine';
    });
    expect(await caught).toBe('fine');
    await expectTree(`
    invoke_workflow Careful
    └─ invoke_agent Helper  !invalid_prompt
       └─ chat gpt-4o       !invalid_prompt
  `);
  });

  it('marks a workflow whose function throws nothing that is an error', async () => {
    const { expectTree } = await startAgents({ tracing });
    const thrown = library.withTrace('Careless', () => Promise.reject(undefined));
    await expect(thrown).rejects.toBeUndefined();
    await expectTree(`invoke_workflow Careless  !_OTHER`);
  });

  it('marks no agent whose model call is repeated, by the client or by the library', async () => {
    const { runner, simulator, expectTree, answer } = await startAgents({
      tracing,
      client: { maxRetries: 1 },
    });
    const overloaded = { status: 503, headers: { 'retry-after-ms': '1' }, body: { error: {} } };
    // The client gives up after its second request, and then the library repeats the call.
    for (let request = 0; request < 2; request++) simulator.next(overloaded);
    answer('Yes.');
    const agent = new Agent({
      name: 'Helper',
      model: 'gpt-4o',
      modelSettings: { retry: { maxRetries: 1, policy: () => true, backoff: { initialDelayMs: 1 } } },
    });
    expect((await runner.run(agent, 'Hi')).finalOutput).toBe('Yes.');
    await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o  !InternalServerError http.request.resend_count=1
       │  ├─ attempt   !503
       │  └─ attempt   !503 http.request.resend_count=1
       └─ chat gpt-4o
  `);
  });

  it('records a stream that the program leaves', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer('Left.');
    const left = await runner.run(newHelper(), 'Hi', { stream: true });
    for await (const _ of left) break;
    await left.completed.catch(() => undefined);
    await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       └─ chat gpt-4o
  `);
  });

  it('names the call of a handoff that throws, which is the first', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer([calling('go_home'), calling('go_away'), calling('go_home')]);
    const home = new Agent({ name: 'Home', model: 'gpt-4o' });
    const handoff = Object.assign(library.handoff(home, { toolNameOverride: 'go_home' }), {
      onInvokeHandoff: () => Promise.reject(new TypeError('a secret')),
    });
    const away = library.handoff(home, { toolNameOverride: 'go_away' });
    const agent = new Agent({ name: 'Helper', model: 'gpt-4o', handoffs: [away, handoff] });
    await expect(runner.run(agent, 'Hi')).rejects.toThrow('a secret');
    await expectTree(`
    invoke_workflow Agent workflow  !TypeError
    └─ invoke_agent Helper          !TypeError
       ├─ chat gpt-4o
       └─ execute_tool go_home      !_OTHER gen_ai.tool.call.id=call_000001
  `);
  });

  it.each([{ saved: true }, { saved: false }])(
    'links a run that is resumed after an approval: $saved',
    async ({ saved }) => {
      const { runner, ended, expectTree, answer } = await startAgents({ tracing });
      const agent = newHelper(deleting);
      answer([calling('delete')], 'Done.');
      const asked = await runner.run(agent, 'Delete it');
      const state = saved ? await library.RunState.fromString(agent, asked.state.toString()) : asked.state;
      approveAll(state);
      expect((await runner.run(agent, state)).finalOutput).toBe('Done.');
      await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       └─ chat gpt-4o

    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ execute_tool delete
       └─ chat gpt-4o
  `);
      const [tool] = ended('execute_tool delete');
      // Nothing says which of the earlier calls a resumed run answers.
      expect(tool?.attributes['gen_ai.tool.call.id']).toBeUndefined();
      const [first, second] = ended('invoke_workflow');
      expect(second?.links.map(({ context }) => context.spanId)).toEqual(
        tracing ? [first?.spanContext().spanId] : [],
      );
    },
  );

  it('does not take the call that has run for the one that waits, and counts what each part of the run has spent', async () => {
    for (const api of ['responses', 'chat'] as const) {
      const { runner, simulator, ended, answer } = await startAgents({ tracing, api });
      const agent = newHelper(deletingSome);
      if (api === 'chat') {
        simulator.next({ body: askingTwice() });
        simulator.next({ body: completion('Done.', [120, 5]) });
      } else
        answer([calling('delete', { name: 'important' }), calling('delete', { name: 'other' })], 'Done.');
      const { state } = await runner.run(agent, 'Delete it');
      const [asked] = ended('execute_tool');
      for (const each of state.getInterruptions()) {
        // The one that has run is not the one that waits.
        const waiting = (each as unknown as { rawItem: { callId: string } }).rawItem.callId;
        expect(asked?.attributes['gen_ai.tool.call.id']).toMatch(/^call_/);
        expect(asked?.attributes['gen_ai.tool.call.id']).not.toBe(waiting);
        state.approve(each);
      }
      expect((await runner.run(agent, state)).finalOutput).toBe('Done.');
      const tools = ended('execute_tool');
      expect(tools.slice(1).map(({ attributes }) => attributes['gen_ai.tool.call.id'])).toEqual([undefined]);
      const tokens = (name: string, attribute: string): unknown[] =>
        ended(name).map(({ attributes }) => attributes[attribute]);
      expect(tokens('invoke_workflow', 'openai.total.input_tokens')).toEqual(
        tokens('chat', 'gen_ai.usage.input_tokens'),
      );
    }
  });

  it.each(['one after the other', 'at once'])(
    'takes no run for another of the same trace: %s',
    async (order) => {
      const { runner, ended, answer } = await startAgents({ tracing });
      const agent = newHelper(deleting);
      await library.withTrace('Both', async () => {
        const run = (input: unknown) => runner.run(agent, input);
        const ask = (name: string): void => answer([calling('delete', { name })]);
        ask('A');
        const first = run('A');
        if (order !== 'at once') await first;
        ask('B');
        const runs = await Promise.all([first, run('B')]);
        for (const { state } of runs) {
          approveAll(state);
          ask('C');
          const asked = await run(state);
          approveAll(asked.state);
          answer('Done.');
          expect((await run(asked.state)).finalOutput).toBe('Done.');
        }
      });
      const tools = ended('execute_tool');
      expect(tools.map(({ attributes }) => attributes['gen_ai.tool.call.id'])).toEqual(
        Array(4).fill(undefined),
      );
    },
  );

  it('continues when the program sets the storage anew', async () => {
    const { runner, inSpan, expectTree, answer } = await startAgents({ tracing });
    library.setTracingContextStorage?.(undefined);
    answer('Yes.');
    await inSpan(() => runner.run(newHelper(), 'Hi'));
    await expectTree(`
    program
    └─ invoke_workflow Agent workflow
       └─ invoke_agent Helper
          └─ chat gpt-4o
  `);
  });
});

it('records what a runner without tracing reports, and its handoffs once', async () => {
  const { newRunner, points, inSpan, expectTree, answer } = await startAgents();
  answer([calling('echo'), calling('transfer_to_Tutor')], [calling('echo'), calling('go_home')], 'Yes.');
  const home = new Agent({ name: 'Home', model: 'gpt-4o' });
  const tools = [newTool('echo', () => 'Yes')];
  // The next request does not answer the call.
  const inputFilter = (data: { readonly newItems: readonly { readonly type: string }[] }): object => ({
    ...data,
    newItems: data.newItems.filter(({ type }) => !type.startsWith('handoff')),
  });
  const handoffs = [library.handoff(home, { toolNameOverride: 'go_home', inputFilter })];
  const tutor = new Agent({ name: 'Tutor', model: 'gpt-4o', tools, handoffs });
  const triage = new Agent({ name: 'Triage', model: 'gpt-4o', tools, handoffs: [tutor] });
  await inSpan(() => newRunner({ tracingDisabled: true }).run(triage, 'Hi'));
  await expectTree(`
    program
    └─ invoke_workflow Agent workflow
       ├─ invoke_agent Triage
       │  ├─ chat gpt-4o
       │  ├─ execute_tool echo               openai.tool.type=function
       │  └─ execute_tool transfer_to_Tutor  openai.tool.type=handoff
       ├─ invoke_agent Tutor
       │  ├─ chat gpt-4o
       │  ├─ execute_tool echo               openai.tool.type=function
       │  └─ execute_tool go_home            openai.tool.type=handoff
       └─ invoke_agent Home
          └─ chat gpt-4o
  `);
  const durations = await points('gen_ai.execute_tool.duration');
  const handoff = durations.filter(
    ({ attributes }) => attributes['gen_ai.tool.name'] === 'transfer_to_Tutor',
  );
  expect(handoff).toMatchObject([{ count: 1 }]);
});

it('resumes a run in the same trace where trace ids are derived, in any process', async () => {
  const { runner, telemetry, ended, answer } = await startAgents({
    idGenerator: new ConversationIdGenerator(),
  });
  const agent = newHelper(deleting);
  answer([calling('delete')], 'Done.');
  const asked = await runner.run(agent, 'Delete it');
  const state = await library.RunState.fromString(agent, asked.state.toString());
  approveAll(state);
  await runner.run(agent, state);
  const workflows = ended('invoke_workflow');
  expect(workflows).toHaveLength(2);
  expect(new Set(telemetry.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
});
