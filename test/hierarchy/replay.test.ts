import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
const ASKED = { instructions: 'Please address the user as Jane Doe. The user has a premium account.' };
const WITH_CONTENT = { config: { captureMessageContent: 'SPAN_ONLY' }, content: true } as const;
const STREAMED = { replay: 'test/fixtures/assistants/streaming.json' };

async function streamRun({ client }: Program): Promise<void> {
  const assistant = await client.beta.assistants.create({
    model: 'gpt-4o-mini',
    instructions: 'You are a personal math tutor. Write and run code to answer math questions.',
    name: 'Math Tutor',
    tools: [{ type: 'code_interpreter' }],
  });
  const { messages, runs } = client.beta.threads;
  const { id } = await client.beta.threads.create({});
  await messages.create(id, { role: 'user', content: QUESTION });
  for await (const _ of await runs.create(id, { ...ASKED, assistant_id: assistant.id, stream: true }));
}

/** An attribute of the first span of a name, from JSON. */
function contentOf(program: Program, name: string, attribute: string): unknown {
  return JSON.parse(String(program.ended(name)[0]?.attributes[attribute]));
}

describe('the recorded streamed conversation', () => {
  it('is one trace: the thread, its run, its steps and their tool call, with the ids of all above', async () => {
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
    const below = program.telemetry.spans.filter(
      ({ attributes }) => attributes['openai.run.id'] !== undefined,
    );
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
  });

  it('is recorded with content if there is consent', async () => {
    const program = await startProgram({ ...STREAMED, ...WITH_CONTENT });
    await program.inSpan(() => streamRun(program));
    const said = { type: 'text', content: expect.stringContaining('x = 1') };
    const ofRun = ['system_instructions', 'input.messages', 'output.messages', 'tool.definitions'];
    expect(ofRun.map((name) => contentOf(program, 'invoke_agent', `gen_ai.${name}`))).toEqual([
      [{ type: 'text', content: ASKED.instructions }],
      [{ role: 'user', parts: [{ type: 'text', content: QUESTION }] }],
      [{ role: 'assistant', parts: [said], finish_reason: 'stop' }],
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
