import { readFile } from 'node:fs/promises';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type Conversation, converse } from './conversation.ts';
import type { RunScript } from './script.ts';

type StreamEvent = OpenAI.Beta.AssistantStreamEvent;

/** The run of the recording, scripted. */
const RECORDED_RUN: RunScript = {
  steps: [
    { tools: [{ codeInterpreter: { input: 'import sympy' } }], usage: { prompt: 154, completion: 62 } },
    { message: 'The solution is 1.', usage: { prompt: 227, completion: 26 } },
  ],
};

const FUNCTION_RUN: RunScript = {
  steps: [
    { tools: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }] },
    { message: 'Sunny, says the file.', annotations: [{ type: 'file_citation', text: 'file' }] },
  ],
};

async function play({ client, threadId, assistantId }: Conversation): Promise<StreamEvent[]> {
  const stream = await client.beta.threads.runs.create(threadId, { assistant_id: assistantId, stream: true });
  return await Array.fromAsync(stream);
}

/** The names of the events, with a row of equal ones told once. */
function outline(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => name !== names[index - 1]);
}

describe('a streamed run', () => {
  it('sends the events of the recorded run in order, with every field of its objects', async () => {
    const fixture = new URL('../../fixtures/assistants/streaming.json', import.meta.url);
    const exchanges: { response: { body: unknown } }[] = JSON.parse(await readFile(fixture, 'utf8'));
    const text =
      exchanges.map(({ response }) => response.body).find((body) => typeof body === 'string') ?? '';
    const recorded = text.split('\n\n').filter((block) => block.startsWith('event: thread.'));
    const names = recorded.map((block) => block.slice('event: '.length, block.indexOf('\n')));
    const events = await play(await converse(RECORDED_RUN));

    expect(outline(events.map(({ event }) => event))).toEqual(outline(names));
    for (const [index, block] of recorded.entries()) {
      const data: object = JSON.parse(block.slice(block.indexOf('data: ') + 'data: '.length));
      const simulated = events.find(({ event }) => event === names[index]);
      expect(Object.keys(simulated?.data ?? {}), names[index]).toEqual(
        expect.arrayContaining(Object.keys(data)),
      );
    }
  });

  it('works with the stream helpers of the SDK', async () => {
    const { client, threadId, assistantId } = await converse(RECORDED_RUN);
    const stream = client.beta.threads.runs.stream(threadId, { assistant_id: assistantId });
    const deltas: string[] = [];
    stream.on('textDelta', (delta) => deltas.push(delta.value ?? ''));
    const run = await stream.finalRun();
    expect(run).toMatchObject({ status: 'completed', usage: { prompt_tokens: 381, completion_tokens: 88 } });
    const [message] = await stream.finalMessages();
    expect(message?.content).toEqual([
      { type: 'text', text: { value: 'The solution is 1.', annotations: [] } },
    ]);
    expect(deltas).toEqual(['The', ' solution', ' is', ' 1.']);
    expect(await stream.finalRunSteps()).toMatchObject([
      {
        usage: { prompt_tokens: 154 },
        step_details: { tool_calls: [{ code_interpreter: { input: 'import sympy' } }] },
      },
      { usage: { prompt_tokens: 227 } },
    ]);
  });

  it('begins with its thread if it creates one', async () => {
    const { client, assistantId } = await converse();
    const stream = await client.beta.threads.createAndRun({ assistant_id: assistantId, stream: true });
    const events = await Array.fromAsync(stream);
    expect(events.slice(0, 2).map(({ event }) => event)).toEqual(['thread.created', 'thread.run.created']);
    expect(events.at(-1)?.event).toBe('thread.run.completed');
  });

  it('stops for outputs and continues after them', async () => {
    const { client, threadId, assistantId } = await converse(FUNCTION_RUN);
    const asking = client.beta.threads.runs.stream(threadId, { assistant_id: assistantId });
    const asked = await asking.finalRun();
    expect(asked.status).toBe('requires_action');
    const [call] = asked.required_action?.submit_tool_outputs.tool_calls ?? [];
    const going = client.beta.threads.runs.submitToolOutputsStream(asked.id, {
      thread_id: threadId,
      stream: true,
      tool_outputs: [{ tool_call_id: call?.id ?? '', output: '25 degrees' }],
    });
    const events: StreamEvent[] = [];
    going.on('event', (event) => events.push(event));
    const [message] = await going.finalMessages();

    expect(events.slice(0, 3).map(({ event }) => event)).toEqual([
      'thread.run.step.completed',
      'thread.run.queued',
      'thread.run.in_progress',
    ]);
    expect(events[0]?.data).toMatchObject({
      step_details: { tool_calls: [{ function: { arguments: '{"city":"Paris"}', output: '25 degrees' } }] },
    });
    expect(message?.content).toMatchObject([{ text: { annotations: [{ type: 'file_citation' }] } }]);
  });

  it('reports its error', async () => {
    const events = await play(await converse({ end: 'failed', steps: [{ message: 'Half an answer' }] }));
    expect(events.slice(-3).map(({ event }) => event)).toEqual([
      'thread.message.incomplete',
      'thread.run.step.failed',
      'thread.run.failed',
    ]);
  });

  it('is cancelling before it is cancelled', async () => {
    const events = await play(await converse({ end: 'cancelled', steps: [] }));
    expect(events.slice(-2).map(({ event }) => event)).toEqual([
      'thread.run.cancelling',
      'thread.run.cancelled',
    ]);
  });
});
