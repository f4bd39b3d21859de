import type OpenAI from 'openai';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startAgentProgram } from '../support/agent-program.ts';
import { completionBody, functionCall } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { ASKS_FOR_X, outputsFor, startTutor } from '../support/tutor.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const MODEL = 'gpt-4o-mini';

/** The program has its output after 50 ms. The API rejects it twice, 300 ms apart. */
async function answerAtLast({ simulator }: Pick<Program, 'simulator'>, send: () => PromiseLike<unknown>) {
  vi.advanceTimersByTime(50);
  for (let failed = 0; failed < 2; failed++) {
    simulator.next({ when: { method: 'POST' }, status: 503, body: { error: { message: 'Busy.' } } });
    await expect(send()).rejects.toThrow('Busy.');
    vi.advanceTimersByTime(300);
  }
  await send();
}

const PROGRAMS: readonly [string, () => Promise<Program>][] = [
  [
    'a run',
    async () => {
      const tutor = await startTutor({ runs: [ASKS_FOR_X] });
      const run = await tutor.run();
      const { runs } = tutor.client.beta.threads;
      await answerAtLast(tutor, () => runs.submitToolOutputs(run.id, outputsFor(run)));
      await tutor.poll(run.id);
      return tutor;
    },
  ],
  [
    'a turn',
    async () => {
      const functions = [{ name: 'get_x', arguments: {} }];
      const program = await startAgentProgram([{ items: [{ functions }, { message: 'Done.' }] }]);
      const { id } = await program.create('What is x?');
      const session = await program.poll(id, 'requires_action');
      await answerAtLast(program, () => program.answer(session));
      await program.poll(id);
      return program;
    },
  ],
  [
    'a response',
    async () => {
      const program = await startProgram();
      const { responses } = program.client;
      program.simulator.respond({ output: [{ function: { name: 'get_x', arguments: {} } }] });
      const { id, output } = await responses.create({ model: MODEL, input: 'What is x?' });
      const input = output.map((item) => ({ ...outputOf(item) }));
      await answerAtLast(program, async () =>
        responses.create({ model: MODEL, input, previous_response_id: id }),
      );
      return program;
    },
  ],
  [
    'a Conversation, as an item',
    async () => {
      const program = await startProgram();
      const { conversations, responses } = program.client;
      const { id: conversation } = await conversations.create();
      program.simulator.respond({ output: [{ function: { name: 'get_x', arguments: {} } }] });
      const { output } = await responses.create({ model: MODEL, conversation, input: 'What is x?' });
      const items = output.map((item) => ({ ...outputOf(item) }));
      await answerAtLast(program, async () => conversations.items.create(conversation, { items }));
      return program;
    },
  ],
  [
    'a chat completion',
    async () => {
      const program = await startProgram();
      const { completions } = program.client.chat;
      const call = functionCall('get_x', '{}', 'call_1');
      program.simulator.next({ body: completionBody([call]) });
      const question = { role: 'user' as const, content: 'What is x?' };
      const tools = [{ type: 'function' as const, function: { name: 'get_x' } }];
      await completions.create({ model: MODEL, messages: [question], tools });
      const result = { role: 'tool' as const, tool_call_id: 'call_1', content: '1' };
      const messages = [question, { role: 'assistant' as const, tool_calls: [call] }, result];
      await answerAtLast(program, async () => completions.create({ model: MODEL, messages }));
      return program;
    },
  ],
];

function outputOf(item: OpenAI.Responses.ResponseOutputItem) {
  const call_id = item.type === 'function_call' ? item.call_id : '';
  return { type: 'function_call_output' as const, call_id, output: '1' };
}

it.each(PROGRAMS)('a function of %s ends when the program first sends its output', async (_, run) => {
  const program = await run();
  const [tool] = await program.flushed('execute_tool');
  expect(Math.round(Number(tool?.duration[1]) / 1e6)).toBe(50);
  const [point] = await program.points('gen_ai.execute_tool.duration');
  expect(point).toMatchObject({ count: 1 });
  expect(point?.max).toBeCloseTo(0.05);
});
