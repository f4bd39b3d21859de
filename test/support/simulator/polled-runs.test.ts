import { describe, expect, it } from 'vitest';
import { converse } from './conversation.ts';
import type { RunEnd, RunScript } from './script.ts';

const TUTOR_RUN: RunScript = {
  secondsPerStep: 2,
  steps: [
    {
      tools: [{ codeInterpreter: { input: 'print(1)', logs: '1', images: 1 } }],
      usage: { prompt: 154, completion: 62, cached: 128 },
    },
    { message: 'x is 1.', usage: { prompt: 227, completion: 26, reasoning: 10 } },
  ],
};

const WEATHER_RUN: RunScript = {
  steps: [
    {
      tools: [
        { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
        { function: { name: 'get_time', arguments: '{}' } },
      ],
    },
    { message: 'Sunny.' },
  ],
};

describe('a polled run', () => {
  it('advances one stage with every retrieve', async () => {
    const { client, assistantId, threadId } = await converse(TUTOR_RUN);
    const created = await client.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    expect(created.status).toBe('queued');
    const seen: string[] = [];
    for (let poll = 0; poll < 6; poll++) {
      const run = await client.beta.threads.runs.retrieve(created.id, { thread_id: threadId });
      const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId, order: 'asc' });
      seen.push([run.status, ...steps.data.map((step) => `${step.type}: ${step.status}`)].join(', '));
    }
    expect(seen).toEqual([
      'in_progress',
      'in_progress, tool_calls: in_progress',
      'in_progress, tool_calls: completed',
      'in_progress, tool_calls: completed, message_creation: in_progress',
      'in_progress, tool_calls: completed, message_creation: completed',
      'completed, tool_calls: completed, message_creation: completed',
    ]);
  });

  it('stays in a stage for as many retrieves as the script sets', async () => {
    const { client, simulator, assistantId, threadId } = await converse({ pollsPerStage: 3 });
    await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    const polls = simulator.requests.filter(({ path }) => path.includes('/runs/'));
    expect(polls).toHaveLength(4 * 3);
  });

  it('has steps whose usages add up to its own, seconds apart', async () => {
    const { client, assistantId, threadId } = await converse(TUTOR_RUN);
    const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId, order: 'asc' });
    expect(run.usage).toEqual({
      prompt_tokens: 381,
      completion_tokens: 88,
      total_tokens: 469,
      prompt_token_details: { cached_tokens: 128 },
      completion_tokens_details: { reasoning_tokens: 10 },
    });
    expect(steps.data.map((step) => step.usage?.total_tokens)).toEqual([216, 253]);
    const [first, second] = steps.data;
    expect((first?.completed_at ?? 0) - (first?.created_at ?? 0)).toBeGreaterThanOrEqual(2);
    expect(second?.created_at).toBeGreaterThanOrEqual(first?.completed_at ?? Infinity);
  });

  it('has no step usage on an old server', async () => {
    const { client, assistantId, threadId } = await converse({ stepUsage: false });
    const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId });
    expect(steps.data.map((step) => step.usage)).toEqual([null]);
    expect(run.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('shows the code, the logs and the images of the code interpreter', async () => {
    const { client, assistantId, threadId } = await converse(TUTOR_RUN);
    const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId, order: 'asc' });
    expect(steps.data[0]?.step_details).toEqual({
      type: 'tool_calls',
      tool_calls: [
        {
          id: 'call_000001',
          type: 'code_interpreter',
          code_interpreter: {
            input: 'print(1)',
            outputs: [
              { type: 'logs', logs: '1' },
              { type: 'image', image: { file_id: 'file-000001' } },
            ],
          },
        },
      ],
    });
  });

  it('returns the text of file search results only on request', async () => {
    const result = { file_id: 'file-1', file_name: 'algebra.md', score: 0.9 };
    const { client, assistantId, threadId } = await converse({
      steps: [
        { tools: [{ fileSearch: { results: [{ ...result, text: 'x = 1' }] } }] },
        { message: 'x is 1.' },
      ],
    });
    const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    const resultsWith = async (include: 'step_details.tool_calls[*].file_search.results[*].content'[]) => {
      const steps = await client.beta.threads.runs.steps.list(run.id, {
        thread_id: threadId,
        order: 'asc',
        include,
      });
      const details = steps.data[0]?.step_details;
      const call = details?.type === 'tool_calls' ? details.tool_calls[0] : undefined;
      return call?.type === 'file_search' ? call.file_search.results : undefined;
    };
    expect(await resultsWith([])).toEqual([result]);
    expect(await resultsWith(['step_details.tool_calls[*].file_search.results[*].content'])).toEqual([
      { ...result, content: [{ type: 'text', text: 'x = 1' }] },
    ]);
  });

  it('waits for the outputs of its functions and shows them in the step', async () => {
    const { client, assistantId, threadId } = await converse(WEATHER_RUN);
    const asked = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    expect(asked.status).toBe('requires_action');
    const calls = asked.required_action?.submit_tool_outputs.tool_calls ?? [];
    expect(calls.map((call) => call.function)).toEqual([
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ]);
    const run = await client.beta.threads.runs.submitToolOutputsAndPoll(asked.id, {
      thread_id: threadId,
      tool_outputs: calls.map((call) => ({ tool_call_id: call.id, output: `${call.function.name} done` })),
    });
    expect(run.status).toBe('completed');
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId, order: 'asc' });
    expect(JSON.stringify(steps.data[0]?.step_details)).toContain('"output":"get_weather done"');
  });

  it('rejects outputs that are missing, unknown or not requested', async () => {
    const { client, assistantId, threadId } = await converse(WEATHER_RUN);
    const { runs } = client.beta.threads;
    const queued = await runs.create(threadId, { assistant_id: assistantId });
    const submit = (ids: readonly string[]) =>
      runs.submitToolOutputs(queued.id, {
        thread_id: threadId,
        tool_outputs: ids.map((id) => ({ tool_call_id: id, output: '' })),
      });
    await expect(submit([])).rejects.toThrow(/400 Runs in status "queued" do not accept tool outputs/);
    const asked = await runs.poll(queued.id, { thread_id: threadId });
    const [first = ''] = asked.required_action?.submit_tool_outputs.tool_calls.map((call) => call.id) ?? [];
    await expect(submit([first])).rejects.toThrow(/400 Expected tool outputs for call_ids/);
    await expect(submit([first, 'call_unknown'])).rejects.toThrow(/400 Expected tool outputs for call_ids/);
  });

  it('locks its thread while it is active', async () => {
    const { client, assistantId, threadId } = await converse();
    const run = await client.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    await expect(client.beta.threads.runs.create(threadId, { assistant_id: assistantId })).rejects.toThrow(
      `400 Thread ${threadId} already has an active run ${run.id}.`,
    );
    await expect(
      client.beta.threads.messages.create(threadId, { role: 'user', content: 'Wait!' }),
    ).rejects.toThrow(/400 Can't add messages/);
  });

  it('can create a thread', async () => {
    const { client, assistantId } = await converse();
    const run = await client.beta.threads.createAndRunPoll({
      assistant_id: assistantId,
      thread: { messages: [{ role: 'user', content: 'Hello' }] },
    });
    const messages = await client.beta.threads.messages.list(run.thread_id, { order: 'asc' });
    expect(messages.data.map((message) => message.role)).toEqual(['user', 'assistant']);
    expect(messages.data[1]?.run_id).toBe(run.id);
  });
});

describe('the end of a run', () => {
  // Each row: how the run, its last step and that step's message end.
  const ENDS: readonly (readonly [RunEnd, string, string, object])[] = [
    ['completed', 'completed', 'completed', { completed_at: expect.any(Number) }],
    [
      'failed',
      'failed',
      'incomplete',
      { failed_at: expect.any(Number), last_error: { code: 'rate_limit_exceeded' } },
    ],
    ['incomplete', 'completed', 'incomplete', { incomplete_details: { reason: 'max_prompt_tokens' } }],
    ['expired', 'expired', 'incomplete', { completed_at: null }],
    ['cancelled', 'cancelled', 'incomplete', { cancelled_at: expect.any(Number) }],
  ];

  it.each(ENDS)('%s: its last step is %s, its message %s', async (end, stepStatus, messageStatus, fields) => {
    const { client, assistantId, threadId } = await converse({
      end,
      lastError: { code: 'rate_limit_exceeded', message: 'Too much.' },
      incompleteReason: 'max_prompt_tokens',
    });
    const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    expect(run).toMatchObject({ status: end, ...fields });
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId });
    expect(steps.data.map((step) => step.status)).toEqual([stepStatus]);
    expect(run.usage?.total_tokens).toBe(steps.data[0]?.usage?.total_tokens);
    const messages = await client.beta.threads.messages.list(threadId, { run_id: run.id });
    expect(messages.data.map((message) => message.status)).toEqual([messageStatus]);
  });

  it('after a cancel request is cancelling, then cancelled', async () => {
    const { client, assistantId, threadId } = await converse();
    const { runs } = client.beta.threads;
    const run = await runs.create(threadId, { assistant_id: assistantId });
    await runs.retrieve(run.id, { thread_id: threadId });
    expect((await runs.cancel(run.id, { thread_id: threadId })).status).toBe('cancelling');
    expect((await runs.retrieve(run.id, { thread_id: threadId })).status).toBe('cancelled');
    await expect(runs.cancel(run.id, { thread_id: threadId })).rejects.toThrow(/400 Cannot cancel run/);
  });

  it('expires while it waits for outputs', async () => {
    const { client, assistantId, threadId } = await converse({
      end: 'expired',
      steps: [{ tools: [{ function: { name: 'get_weather', arguments: {} } }] }],
    });
    const asked = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
    expect(asked.status).toBe('requires_action');
    const run = await client.beta.threads.runs.retrieve(asked.id, { thread_id: threadId });
    expect(run).toMatchObject({ status: 'expired', required_action: null });
  });
});
