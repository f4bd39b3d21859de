import { expect, it, onTestFinished, vi } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { type LibraryRunner, library, type StreamedRun } from './library.ts';
import { calling, newHelper, newTool, startAgents, tracingOrNot } from './program.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const { withTrace } = library;
const MINUTE = 60_000;

const helper = newHelper(newTool('echo', () => 'Yes'));

function stream(runner: LibraryRunner, options: object = {}): Promise<StreamedRun> {
  return runner.run(helper, 'Hi', { ...options, stream: true });
}

/** What the function of a trace may return while a run continues, and how the program awaits it. */
const LEAVING = {
  text: async (runner: LibraryRunner) => (await stream(runner)).toTextStream(),
  object: async (runner: LibraryRunner) => ({ run: (await stream(runner)).completed }),
  promise: async (runner: LibraryRunner, options?: object) => {
    const run: Promise<unknown> = runner.run(helper, 'Hi', { ...options });
    // The run has begun when its first call is made.
    await new Promise(setImmediate);
    return { run };
  },
} as const;

const HANGING = `
  invoke_workflow Chat
  └─ invoke_agent Helper
     ├─ chat gpt-4o
     ├─ execute_tool work
     ├─ chat gpt-4o
     └─ execute_tool hang
`;

function tick(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

tracingOrNot((tracing) => {
  it.each(['text', 'object', 'promise'] as const)(
    'ends a workflow when its runs have ended: %s',
    async (kind) => {
      const { runner, simulator, telemetry, points, expectTree } = await startAgents({ tracing });
      simulator.respond(
        { output: [calling('echo')], usage: { prompt: 100, completion: 20 } },
        { output: [{ message: 'Yes.' }], usage: { prompt: 120, completion: 10 } },
      );
      const left = await withTrace<object>('Chat', () => LEAVING[kind](runner));
      expect(telemetry.spans.map(({ name }) => name)).not.toContain('invoke_workflow Chat');
      if ('run' in left) await left.run;
      else await Array.fromAsync(left as AsyncIterable<string>);
      await expectTree(`
    invoke_workflow Chat      openai.total.input_tokens=220 openai.total.output_tokens=30
    └─ invoke_agent Helper   openai.total.input_tokens=220 openai.total.output_tokens=30
       ├─ chat gpt-4o
       ├─ execute_tool echo
       └─ chat gpt-4o
  `);
      expect(await points('gen_ai.invoke_agent.duration')).toMatchObject([{ count: 1 }]);
    },
  );

  it('marks a workflow whose run fails after its function has returned', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer([calling('echo')]);
    const { run } = await withTrace('Chat', () => LEAVING.promise(runner, { maxTurns: 1 }));
    await expect(run).rejects.toThrow('Max turns');
    await expectTree(`
    invoke_workflow Chat      !MaxTurnsExceededError
    └─ invoke_agent Helper    !MaxTurnsExceededError
       ├─ chat gpt-4o
       └─ execute_tool echo
  `);
  });

  it('marks a workflow if the second of its streams fails', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer('Yes.', [calling('echo')]);
    const { runs } = await withTrace('Chat', async () => ({
      runs: [await stream(runner), await stream(runner, { maxTurns: 1 })],
    }));
    const ends = await Promise.allSettled(runs.map(({ completed }) => completed));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expectTree(`
    invoke_workflow Chat      !MaxTurnsExceededError
    ├─ invoke_agent Helper
    │  └─ chat gpt-4o
    └─ invoke_agent Helper    !MaxTurnsExceededError
       ├─ chat gpt-4o
       └─ execute_tool echo
  `);
  });

  it('does not wait for spans of the program', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer('Yes.');
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

  it('ends a workflow ten minutes after something inside has begun or ended last', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { runner, telemetry, expectTree, answer } = await startAgents({ tracing });
    const work = Promise.withResolvers<string>();
    const [working, hanging] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const tools = [
      newTool('work', () => {
        working.resolve();
        return work.promise;
      }),
      newTool('hang', () => {
        hanging.resolve();
        return new Promise(() => undefined);
      }),
    ];
    answer([calling('work')], [calling('hang')]);
    const agent = newHelper(...tools);
    const isRecorded = (): boolean => telemetry.spans.some(({ name }) => name === 'invoke_workflow Chat');
    await withTrace('Chat', () => {
      // The wait begins only after this.
      vi.advanceTimersByTime(12 * MINUTE);
      return Promise.race([runner.run(agent, 'Hi'), working.promise]);
    });
    // The clock that the test sets stands still: what begins later must not begin in the same millisecond.
    await tick(5);
    vi.advanceTimersByTime(8 * MINUTE);
    work.resolve('Done.');
    await hanging.promise;
    await tick(5);
    vi.advanceTimersByTime(8 * MINUTE);
    expect(isRecorded()).toBe(false);
    vi.advanceTimersByTime(4 * MINUTE);
    await expectTree(HANGING);
  });

  // A process exits once.
  it.each(tracing ? (['stop', 'exit'] as const) : (['stop'] as const))(
    'ends a workflow at the end: %s',
    async (kind) => {
      const { runner, telemetry, answer } = await startAgents({ tracing });
      const stop = instrumentAgents();
      answer([calling('hang')]);
      const hanging = Promise.withResolvers<void>();
      const hang = newTool('hang', () => {
        hanging.resolve();
        return new Promise(() => undefined);
      });
      const agent = newHelper(hang);
      await withTrace('Chat', () => Promise.race([runner.run(agent, 'Hi'), hanging.promise]));
      expect(telemetry.openSpans).toContain('invoke_workflow Chat');
      if (kind === 'exit') process.emit('exit', 0);
      else stop();
      expect(telemetry.openSpans).toEqual([]);
      expect(telemetry.spans.map(({ name }) => name)).toContain('invoke_workflow Chat');
    },
  );

  it.each([{ outer: false }, { outer: true }])(
    'keeps what a tool leaves behind in the trace of the tool: $outer',
    async ({ outer }) => {
      const { client, runner, telemetry, inSpan, answer } = await startAgents({ tracing });
      const ended = Promise.withResolvers<void>();
      let left: Promise<unknown> = Promise.resolve();
      const leave = newTool('leave', () => {
        left = ended.promise.then(async () => {
          await inSpan(async () => undefined, 'save');
          await client.responses.create({ model: 'gpt-4o-mini', input: 'Hi' });
        });
        return 'Left.';
      });
      answer([calling('leave')], 'Done.', 'Saved.');
      const agent = newHelper(leave);
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
    const { runner, telemetry, answer } = await startAgents({ tracing });
    answer('Yes.');
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
});
