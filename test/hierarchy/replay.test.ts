import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
const INSTRUCTIONS = 'Please address the user as Jane Doe. The user has a premium account.';

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

async function streamRun({ client }: Program): Promise<unknown[]> {
  const { assistantId, threadId } = await createTutor(client);
  const stream = await client.beta.threads.runs.create(threadId, {
    assistant_id: assistantId,
    instructions: INSTRUCTIONS,
    stream: true,
  });
  const events: unknown[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

async function pollRun({ client }: Program): Promise<void> {
  const { assistantId, threadId } = await createTutor(client);
  const created = await client.beta.threads.runs.create(threadId, {
    assistant_id: assistantId,
    instructions: INSTRUCTIONS,
    stream: false,
  });
  let { status } = created;
  while (status !== 'completed') {
    ({ status } = await client.beta.threads.runs.retrieve(created.id, { thread_id: threadId }));
  }
  await client.beta.threads.messages.list(threadId, { order: 'asc' });
}

const SPENT = ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'];

function sumOfUsage({ telemetry }: Program): unknown[] {
  return SPENT.map((name) =>
    telemetry.spans.reduce((sum, { attributes }) => sum + Number(attributes[name] ?? 0), 0),
  );
}

describe('the recorded streamed conversation', () => {
  it('is one trace: the thread, its run, its steps and their tool call, with the ids of all above and without content', async () => {
    const program = await startProgram({ replay: 'test/fixtures/assistants/streaming.json' });
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
    expect(sumOfUsage(program)).toEqual([381, 88]);
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
    const program = await startProgram({
      replay: 'test/fixtures/assistants/streaming.json',
      config: { captureMessageContent: 'SPAN_ONLY' },
      content: true,
    });
    await program.inSpan(() => streamRun(program));
    const run = program.ended('invoke_agent')[0]?.attributes;
    expect(JSON.parse(String(run?.['gen_ai.system_instructions']))).toEqual([
      { type: 'text', content: INSTRUCTIONS },
    ]);
    expect(JSON.parse(String(run?.['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: QUESTION }] },
    ]);
    expect(JSON.parse(String(run?.['gen_ai.output.messages']))).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'text', content: expect.stringContaining('x = 1') }],
        finish_reason: 'stop',
      },
    ]);
    expect(JSON.parse(String(run?.['gen_ai.tool.definitions']))).toEqual([
      { type: 'code_interpreter', name: 'code_interpreter' },
    ]);
    const tool = program.ended('execute_tool')[0]?.attributes;
    expect(JSON.parse(String(tool?.['gen_ai.tool.call.arguments']))).toEqual({
      code: expect.stringContaining('import sympy'),
    });
    const agent = program.telemetry.spans.find(({ name }) => name.startsWith('create_agent'))?.attributes;
    expect(String(agent?.['gen_ai.system_instructions'])).toContain('personal math tutor');
  });
});

describe('the recorded polled conversation', () => {
  const TREE = `
    program
    ├─ create_agent Math Tutor
    ├─ POST /threads                          openai.thread.id={thread}
    └─ thread                                 openai.thread.id={thread} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1 openai.total.user_messages=1
       ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
       ├─ invoke_agent Math Tutor             openai.run.id={run} openai.run.status=completed openai.run.poll_count=19 gen_ai.usage.input_tokens=381 gen_ai.usage.output_tokens=88 openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.user_messages=1
       └─ GET /threads/{thread_id}/messages   openai.thread.id={thread}
  `;

  it.each(['fetch', 'observe', 'off'] as const)(
    'has its usage on the run, since no step was seen (%s)',
    async (runSteps) => {
      const program = await startProgram({
        replay: 'test/fixtures/assistants/polling.json',
        config: { runSteps },
      });
      await program.inSpan(() => pollRun(program));
      await program.expectTree(TREE);
      expect(sumOfUsage(program)).toEqual([381, 88]);
    },
  );

  it('has the answer that the program itself read, with consent', async () => {
    const program = await startProgram({
      replay: 'test/fixtures/assistants/polling.json',
      config: { captureMessageContent: true },
      content: true,
    });
    await program.inSpan(() => pollRun(program));
    await program.telemetry.provider.forceFlush();
    const run = program.ended('invoke_agent')[0]?.attributes;
    expect(JSON.parse(String(run?.['gen_ai.output.messages']))).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'text', content: 'The solution to the equation \\(3x + 11 = 14\\) is \\(x = 1\\).' }],
        finish_reason: 'stop',
      },
    ]);
  });
});
