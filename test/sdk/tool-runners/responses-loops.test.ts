import type OpenAI from 'openai';
import { DecisionsToolRunner } from 'openai/helpers/decisions-tool-runner';
import { ResponsesToolRunner } from 'openai/helpers/responses-tool-runner';
import { describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { Observer } from '../../../src/pipeline/observer.ts';
import { LoopClass } from '../../../src/sdk/tool-loops.ts';
import { startProgram } from '../../support/program.ts';

instrumentOpenAI(ResponsesToolRunner);
instrumentOpenAI({ DecisionsToolRunner });

const BODY = { model: 'gpt-4o', input: 'What is x?' };

/** A function that models may call. */
function newFunction(execute: () => string): ConstructorParameters<typeof ResponsesToolRunner>[0] {
  const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const tool = { type: 'function' as const, name: 'solve', parameters, strict: true };
  return { functions: [{ tool, execute }] };
}

const SOLVE = { output: [{ function: { name: 'solve', arguments: {} } }] };
const TREE = `
  invoke_workflow runTools
  ├─ chat gpt-4o
  ├─ execute_tool solve
  └─ chat gpt-4o
`;

describe('the loop of ResponsesToolRunner', () => {
  it.each<[string, (runner: ResponsesToolRunner, client: OpenAI) => Promise<unknown>, result: unknown]>([
    ['', async (runner, client) => (await runner.run(client, BODY)).output_text, 'x is 2.'],
    [
      ' if the program takes its turns',
      async (runner, client) =>
        (await Array.fromAsync(runner.iterate(client, BODY))).map((turn) => turn.final),
      [false, true],
    ],
  ])('is one workflow%s', async (_, run, result) => {
    const { client, simulator, expectTree } = await startProgram();
    simulator.respond(SOLVE, { output: [{ message: 'x is 2.' }] });
    expect(await run(new ResponsesToolRunner(newFunction(() => '2')), client)).toEqual(result);
    await expectTree(TREE);
  });

  it('ends if the program leaves it', async () => {
    const { client, simulator, expectTree } = await startProgram();
    simulator.respond(SOLVE);
    for await (const _ of new ResponsesToolRunner(newFunction(() => '2')).iterate(client, BODY)) break;
    await expectTree(`
      invoke_workflow runTools
      └─ chat gpt-4o
    `);
  });

  it('is marked when it fails', async () => {
    const { client, simulator, telemetry, expectTree } = await startProgram();
    simulator.respond(SOLVE);
    const runner = new ResponsesToolRunner(
      newFunction(() => {
        throw new Error('a secret');
      }),
    );
    await expect(runner.run(client, BODY)).rejects.toThrow();
    await expectTree(`
      invoke_workflow runTools  !ResponsesToolRunnerError
      └─ chat gpt-4o
    `);
    expect(JSON.stringify(telemetry.spans.map(({ status, events }) => [status, events]))).not.toContain(
      'secret',
    );
  });

  it('has no span for a client that nobody observes', async () => {
    const { simulator, client, expectTree } = await startProgram({ config: { enabled: false } });
    simulator.respond({ output: [{ message: 'x is 2.' }] });
    const unknown = { responses: { create: () => client.responses.create(BODY) } };
    await new ResponsesToolRunner(newFunction(() => '2')).run(unknown as unknown as OpenAI, BODY);
    await expectTree(`chat gpt-4o`);
  });
});

it('the loop of DecisionsToolRunner is one workflow', async () => {
  const { client, simulator, expectTree } = await startProgram();
  const usage = {
    input_tokens: 3,
    output_tokens: 1,
    total_tokens: 4,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const choice = { name: 'next_action', type: 'choice', choice: 'done', confidence: 1, probabilities: [] };
  simulator.next({ body: { object: 'decision', model: 'gpt-4o', answers: [choice], usage } });
  const runner = new DecisionsToolRunner({
    observe: () => 'It is there.',
    candidates: () => [
      { id: 'go', description: 'Goes.', execute: () => undefined },
      { id: 'done', description: 'Is done.', done: true },
    ],
  } as unknown as ConstructorParameters<typeof DecisionsToolRunner>[0]);
  expect(await runner.run(client, { model: 'gpt-4o', input: 'Go.' } as never)).toMatchObject({
    status: 'unverified',
  });
  await expectTree(`
    invoke_workflow runTools
    └─ decide gpt-4o  gen_ai.usage.input_tokens=3 gen_ai.usage.output_tokens=1
  `);
});

it('a class with loops is restored after the last observer', () => {
  class Runner {
    async run(): Promise<string> {
      return 'ran';
    }
  }
  const { run } = Runner.prototype;
  const observers = [new Observer(), new Observer()] as const;
  const seam = new LoopClass(Runner.prototype, () => undefined);
  for (const observer of observers) seam.addDefault(observer);
  expect(Runner.prototype.run).not.toBe(run);
  expect([Runner.prototype.run.name, Runner.prototype.run.length]).toEqual(['run', 0]);
  seam.removeDefault(observers[0]);
  expect(Runner.prototype.run).not.toBe(run);
  seam.removeDefault(observers[1]);
  expect(Runner.prototype.run).toBe(run);
});
