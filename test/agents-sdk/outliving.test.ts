import { describe, expect, it } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { type LibraryRunner, library, type StreamedRun } from './library.ts';
import { calling, newTool, startAgents } from './program.ts';

const { Agent, withTrace } = library;

const helper = new Agent({ name: 'Helper', model: 'gpt-4o', tools: [newTool('echo', () => 'Yes')] });

function stream(runner: LibraryRunner, options: object = {}): Promise<StreamedRun> {
  return runner.run(helper, 'Hi', { ...options, stream: true });
}

/** What the function of a trace may return while a run continues, and how the program awaits it. */
const LEAVING = {
  text: async (runner: LibraryRunner) => (await stream(runner)).toTextStream(),
  object: async (runner: LibraryRunner) => ({ run: (await stream(runner)).completed }),
  promise: async (runner: LibraryRunner) => {
    const run = runner.run(helper, 'Hi');
    // The run has begun when its first call is made.
    await new Promise(setImmediate);
    return { run };
  },
} as const;

/** The agent that ends with its workflow, and the call that it has made, if any. */
const WITHOUT_CALL = `
      ├─ invoke_agent Helper`;
const WITH_CALL = `${WITHOUT_CALL}
      │  └─ chat gpt-4o        gen_ai.usage.input_tokens=100`;
const FIRST_CALL = `
         ├─ chat gpt-4o        gen_ai.usage.input_tokens=100`;

describe.each([{ tracing: true }, { tracing: false }])(
  'where the library traces: $tracing',
  ({ tracing }) => {
    it.each(['text', 'object', 'promise'] as const)(
      'records what outlasts its workflow, in a second agent if the first has begun: %s',
      async (kind) => {
        const { runner, simulator, telemetry, expectTree } = await startAgents({ tracing });
        simulator.respond(
          { output: [calling('echo')], usage: { prompt: 100, completion: 20 } },
          { output: [{ message: 'Yes.' }], usage: { prompt: 120, completion: 10 } },
        );
        const left = await withTrace<object>('Chat', () => LEAVING[kind](runner));
        expect(telemetry.spans.map(({ name }) => name)).toContain('invoke_workflow Chat');
        if ('run' in left) await left.run;
        else await Array.fromAsync(left as AsyncIterable<string>);
        expect(telemetry.openSpans).toEqual([]);
        const begun = kind === 'promise' ? WITH_CALL : WITHOUT_CALL;
        await expectTree(`
      invoke_workflow Chat${tracing ? begun : ''}
      └─ invoke_agent Helper${tracing && kind === 'promise' ? '' : FIRST_CALL}
         ├─ execute_tool echo
         └─ chat gpt-4o        gen_ai.usage.input_tokens=120
    `);
      },
    );

    it('marks the agent of a run that fails after its workflow has ended', async () => {
      const { runner, simulator, expectTree } = await startAgents({ tracing });
      simulator.respond({ output: [calling('echo')] });
      const { run } = await withTrace('Chat', async () => ({ run: await stream(runner, { maxTurns: 1 }) }));
      await expect(run.completed).rejects.toThrow('Max turns');
      await expectTree(`
      invoke_workflow Chat${tracing ? WITHOUT_CALL : ''}
      └─ invoke_agent Helper    !MaxTurnsExceededError
         ├─ chat gpt-4o
         └─ execute_tool echo
    `);
    });

    it('does not wait for spans of the program', async () => {
      const { runner, simulator, expectTree } = await startAgents({ tracing });
      simulator.respond({ output: [{ message: 'Yes.' }] });
      await withTrace('Chat', async () => {
        void library.withCustomSpan(() => new Promise(() => undefined), { data: { name: 'worker' } });
        await runner.run(helper, 'Hi');
      });
      await expectTree(`
      invoke_workflow Chat
      ├─ worker
      └─ invoke_agent Helper
         └─ chat gpt-4o
    `);
    });

    it('ends what outlasts its workflow when it stops listening', async () => {
      const { runner, simulator, telemetry } = await startAgents({ tracing });
      const stop = instrumentAgents();
      simulator.respond({ output: [calling('hang')] });
      const hanging = Promise.withResolvers<void>();
      const hang = newTool('hang', () => {
        hanging.resolve();
        return new Promise(() => undefined);
      });
      const agent = new Agent({ name: 'Helper', model: 'gpt-4o', tools: [hang] });
      await withTrace('Chat', async () => void runner.run(agent, 'Hi'));
      await hanging.promise;
      expect(telemetry.openSpans).toContain('execute_tool hang');
      stop();
      expect(telemetry.openSpans).toEqual([]);
    });

    it.each([{ outer: false }, { outer: true }])(
      'keeps what a tool leaves behind in the trace of the tool: $outer',
      async ({ outer }) => {
        const { client, runner, simulator, telemetry, inSpan } = await startAgents({ tracing });
        const ended = Promise.withResolvers<void>();
        let left: Promise<unknown> = Promise.resolve();
        const leave = newTool('leave', () => {
          left = ended.promise.then(async () => {
            await inSpan(async () => undefined, 'save');
            await client.responses.create({ model: 'gpt-4o-mini', input: 'Hi' });
          });
          return 'Left.';
        });
        simulator.respond(
          { output: [calling('leave')] },
          { output: [{ message: 'Done.' }] },
          { output: [{ message: 'Saved.' }] },
        );
        const agent = new Agent({ name: 'Helper', model: 'gpt-4o', tools: [leave] });
        const run = (): Promise<unknown> => runner.run(agent, 'Hi');
        await (outer ? inSpan(run) : run());
        ended.resolve();
        await left;
        const late = telemetry.spans.filter(({ name }) => ['save', 'chat gpt-4o-mini'].includes(name));
        const above = late.map(({ parentSpanContext: parent }) =>
          telemetry.spans.find((span) => span.spanContext().spanId === parent?.spanId),
        );
        const name = outer ? 'program' : 'invoke_agent Helper';
        expect(above.map((span) => span?.name)).toEqual([name, name]);
      },
    );

    it('ends a workflow that fails at once', async () => {
      const { runner, simulator, telemetry } = await startAgents({ tracing });
      simulator.respond({ output: [{ message: 'Yes.' }] });
      let run: Promise<unknown> = Promise.resolve();
      const failed = withTrace('Chat', async () => {
        run = (await stream(runner)).completed;
        throw new TypeError('Left');
      });
      await expect(failed).rejects.toThrow('Left');
      await new Promise(setImmediate);
      expect(telemetry.spans.map(({ name }) => name)).toContain('invoke_workflow Chat');
      await run;
    });
  },
);
