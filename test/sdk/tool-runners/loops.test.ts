import { SpanKind, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { startProgram } from '../../support/program.ts';
import { unhandledRejection } from '../../support/unhandled-rejection.ts';

type Runner = ReturnType<OpenAI['chat']['completions']['runTools']>;

function run(client: OpenAI, look: () => unknown = () => 'sunny', options = {}): Runner {
  const { completions } = client.chat;
  const tool = {
    type: 'function' as const,
    function: {
      name: 'look',
      description: '',
      function: look,
      parse: JSON.parse,
      parameters: { type: 'object' },
    },
  };
  return completions.runTools(
    {
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Look.' }],
      tools: [tool as never],
    },
    options,
  ) as unknown as Runner;
}

describe('a loop that runTools runs', () => {
  it('is one trace without an active span: a workflow, which is measured and has no usage of its own', async () => {
    const program = await startProgram();
    await run(program.client).done();
    await program.expectTree(`
      invoke_workflow runTools
      ├─ chat gpt-4o-mini
      ├─ execute_tool look
      └─ chat gpt-4o-mini
    `);
    const workflow = program.telemetry.spans.find(({ name }) => name === 'invoke_workflow runTools');
    expect(workflow?.kind).toBe(SpanKind.INTERNAL);
    expect(workflow?.attributes).toEqual({
      'gen_ai.operation.name': 'invoke_workflow',
      'gen_ai.workflow.name': 'runTools',
    });
    const measured = await program.points('gen_ai.invoke_workflow.duration');
    expect(measured.map(({ attributes }) => attributes)).toEqual([{ 'gen_ai.workflow.name': 'runTools' }]);
  });

  it('is recorded without content of its own', async () => {
    const seen: string[] = [];
    const program = await startProgram({
      config: {
        captureMessageContent: true,
        completionHook: ({ operation }) => void seen.push(String(operation['gen_ai.operation.name'])),
      },
      content: true,
    });
    await run(program.client).done();
    expect(seen).toEqual(['chat', 'execute_tool', 'chat']);
  });

  it('ends only when the whole loop has, and has ended before the program continues', async () => {
    const program = await startProgram();
    let active: unknown;
    const runner = run(program.client, async () => {
      active = trace.getActiveSpan()?.isRecording();
      expect(program.telemetry.openSpans).toContain('invoke_workflow runTools');
      return 'sunny';
    });
    await runner.done();
    expect(active).toBe(true);
    expect(program.telemetry.openSpans).toEqual([]);
  });

  it('fails as without instrumentation when the API refuses a call', async () => {
    const program = await startProgram();
    const refuse = (): void => program.simulator.next({ status: 400, body: { error: { message: 'No.' } } });
    const failed = async (client: OpenAI): Promise<unknown> => {
      refuse();
      return run(client)
        .done()
        .catch((error: unknown) => error);
    };
    const plain = await failed(program.plain);
    expect(String(await failed(program.client))).toBe(String(plain));
    await program.expectTree(`
      invoke_workflow runTools  !BadRequestError
      └─ chat gpt-4o-mini       !BadRequestError
    `);
  });

  it('ends when the program aborts it', async () => {
    const program = await startProgram();
    const runner = run(program.client, () => runner.abort());
    await runner.done().catch(() => undefined);
    await program.expectTree(`
      invoke_workflow runTools  !APIUserAbortError
      ├─ chat gpt-4o-mini
      └─ execute_tool look
    `);
  });

  it('emits the same events to the same listeners', async () => {
    const program = await startProgram();
    const events = async (client: OpenAI): Promise<unknown[]> => {
      const seen: unknown[] = [];
      const runner = run(client);
      for (const event of ['connect', 'message', 'finalContent', 'end', 'error', 'abort'] as const)
        runner.on(event, (...args: unknown[]) => void seen.push([event, args.length]));
      await runner.done();
      return [...seen, Object.getOwnPropertyNames(runner), runner.constructor.name];
    };
    expect(await events(program.client)).toEqual(await events(program.plain));
  });

  it.each([true, false])(
    'that nobody handles is reported as unhandled, instrumented: %s',
    async (instrumented) => {
      const program = await startProgram();
      program.simulator.next({ status: 400 });
      const reported = unhandledRejection();
      run(instrumented ? program.client : program.plain);
      expect(await reported).toBeInstanceOf(OpenAI.BadRequestError);
    },
  );
});
