import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { usageSum } from '../support/lanes/usage.ts';
import { type Program, startProgram } from '../support/program.ts';

const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
const ASKED = { instructions: 'Please address the user as Jane Doe. The user has a premium account.' };
const WITH_CONTENT = { config: { captureMessageContent: 'SPAN_ONLY' }, content: true } as const;
const STREAMED = { replay: 'test/fixtures/assistants/streaming.json' };
const POLLED = { replay: 'test/fixtures/assistants/polling.json' };

async function createTutor(client: OpenAI): Promise<{ assistantId: string; threadId: string }> {
  const assistant = await client.beta.assistants.create({
    model: 'gpt-4o-mini',
    instructions: 'You are a personal math tutor. Write and run code to answer math questions.',
    name: 'Math Tutor',
    tools: [{ type: 'code_interpreter' }],
  });
  const thread = await client.beta.threads.create({});
  await client.beta.threads.messages.create(thread.id, { role: 'user', content: QUESTION });
  return { assistantId: assistant.id, threadId: thread.id };
}

async function streamRun({ client }: Program): Promise<void> {
  const { assistantId, threadId } = await createTutor(client);
  const { runs } = client.beta.threads;
  for await (const _ of await runs.create(threadId, { ...ASKED, assistant_id: assistantId, stream: true }));
}

async function pollRun({ client }: Program): Promise<void> {
  const { assistantId, threadId } = await createTutor(client);
  const { messages, runs } = client.beta.threads;
  const { id } = await runs.create(threadId, { ...ASKED, assistant_id: assistantId, stream: false });
  while ((await runs.retrieve(id, { thread_id: threadId })).status !== 'completed');
  await messages.list(threadId, { order: 'asc' });
}

/** An attribute of the first span of a name, from JSON. */
function contentOf(program: Program, name: string, attribute: string): unknown {
  return JSON.parse(String(program.ended(name)[0]?.attributes[attribute]));
}

const answer = (content: unknown): object[] => [
  { role: 'assistant', parts: [{ type: 'text', content }], finish_reason: 'stop' },
];

describe('the recorded streamed conversation', () => {
  it('is one trace: the thread, its run, its steps and their tool call, with the ids of all above and without content', async () => {
    const program = await startProgram(STREAMED);
    await program.inSpan(() => streamRun(program));
    await program.expectTree(`
      program
      ├─ create_agent Math Tutor
      ├─ POST /threads                          openai.thread.id={thread}
      └─ thread                                 openai.thread.id={thread} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1 openai.total.user_messages=1
         ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
         └─ invoke_agent Math Tutor             openai.run.id={run} openai.run.status=completed openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.user_messages=1 openai.stream.end=completed gen_ai.response.finish_reasons=["stop"]
            ├─ chat gpt-4o-mini                 openai.step.id={step 1} gen_ai.usage.input_tokens=154 gen_ai.usage.output_tokens=62 gen_ai.response.finish_reasons=["tool_calls"]
            ├─ execute_tool code_interpreter    openai.step.id={step 1} openai.tool.type=code_interpreter
            └─ chat gpt-4o-mini                 openai.step.id={step 2} gen_ai.usage.input_tokens=227 gen_ai.usage.output_tokens=26 gen_ai.response.finish_reasons=["stop"]
    `);
    const { spans } = program.telemetry;
    const below = spans.filter(({ attributes }) => attributes['openai.run.id'] !== undefined);
    expect(below).toHaveLength(4);
    for (const { attributes } of below)
      expect(attributes).toMatchObject({
        'openai.thread.id': 'thread_1HjgF1qM3kuRK2aviYYaLlxF',
        'gen_ai.conversation.id': 'thread_1HjgF1qM3kuRK2aviYYaLlxF',
        'openai.run.id': 'run_PS0ksndVoX7DxtmdXn66ZMXU',
        'openai.assistant.id': 'asst_eXyrYQvlVGnRBIVYf7r9U1FN',
        'gen_ai.agent.id': 'asst_eXyrYQvlVGnRBIVYf7r9U1FN',
        'gen_ai.agent.name': 'Math Tutor',
      });
    const recorded = JSON.stringify(
      spans.map(({ attributes, events, status }) => [attributes, events, status]),
    );
    for (const text of ['3x + 11', 'Jane Doe', 'personal math tutor', 'sympy', 'x = 1'])
      expect(recorded).not.toContain(text);
  });

  it('is recorded with content if there is consent', async () => {
    const program = await startProgram({ ...STREAMED, ...WITH_CONTENT });
    await program.inSpan(() => streamRun(program));
    const ofRun = ['system_instructions', 'input.messages', 'output.messages', 'tool.definitions'];
    expect(ofRun.map((name) => contentOf(program, 'invoke_agent', `gen_ai.${name}`))).toEqual([
      [{ type: 'text', content: ASKED.instructions }],
      [{ role: 'user', parts: [{ type: 'text', content: QUESTION }] }],
      answer(expect.stringContaining('x = 1')),
      [{ type: 'code_interpreter', name: 'code_interpreter' }],
    ]);
    expect(contentOf(program, 'execute_tool', 'gen_ai.tool.call.arguments')).toEqual({
      code: expect.stringContaining('import sympy'),
    });
    expect(JSON.stringify(contentOf(program, 'create_agent', 'gen_ai.system_instructions'))).toContain(
      'personal math tutor',
    );
  });
});

it('the recorded polled conversation has its usage on the run, since no step was seen, and the answer that the program itself read', async () => {
  const program = await startProgram({ ...POLLED, ...WITH_CONTENT });
  await program.inSpan(() => pollRun(program));
  await program.expectTree(`
    program
    ├─ create_agent Math Tutor
    ├─ POST /threads                          openai.thread.id={thread}
    └─ thread                                 openai.thread.id={thread} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1 openai.total.user_messages=1
       ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
       ├─ invoke_agent Math Tutor             openai.run.id={run} openai.run.status=completed openai.run.poll_count=19 gen_ai.usage.input_tokens=381 gen_ai.usage.output_tokens=88 openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.user_messages=1
       └─ GET /threads/{thread_id}/messages   openai.thread.id={thread}
  `);
  expect(usageSum(program.telemetry.spans)).toEqual({ input_tokens: 381, output_tokens: 88 });
  expect(contentOf(program, 'invoke_agent', 'gen_ai.output.messages')).toEqual(
    answer('The solution to the equation \\(3x + 11 = 14\\) is \\(x = 1\\).'),
  );
});
