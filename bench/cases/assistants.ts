import type OpenAI from 'openai';
import { type Answer, type Api, json } from '../api/answer.ts';
import { type Case, expect } from './case.ts';

const ASSISTANT = 'asst_1';
const POLLS = 3;
const USAGE = { prompt_tokens: 171, completion_tokens: 42, total_tokens: 213 };

/** An API of threads with one run each, which has ended at its third poll. Ids count up, so each thread has its own. */
export function assistantsApi(polls: number = POLLS): Api {
  const polled = new Map<string, number>();
  let made = 0;
  return ({ method, path }) => {
    const [, , thread = '', kind = '', run = '', below = ''] = path.split('/');
    if (thread === '') return json(threadObject(`thread_${++made}`));
    if (kind === '') return json({ id: thread, object: 'thread.deleted', deleted: true });
    if (kind === 'messages') return method === 'POST' ? json(message(thread, 'user')) : messages(thread);
    if (run === '') return json(runObject(thread, `run_${thread}`, 'queued'));
    if (below === 'steps') return steps(thread, run);
    const count = (polled.get(run) ?? 0) + 1;
    const over = count >= polls;
    if (over) polled.delete(run);
    else polled.set(run, count);
    return json(runObject(thread, run, over ? 'completed' : 'in_progress'));
  };
}

function threadObject(id: string): object {
  return { id, object: 'thread', created_at: 1_763_600_000, metadata: {}, tool_resources: {} };
}

function runObject(thread: string, id: string, status: string): object {
  const ended = status === 'completed';
  return {
    id,
    object: 'thread.run',
    created_at: 1_763_600_000,
    assistant_id: ASSISTANT,
    thread_id: thread,
    status,
    started_at: 1_763_600_001,
    expires_at: null,
    cancelled_at: null,
    failed_at: null,
    completed_at: ended ? 1_763_600_003 : null,
    required_action: null,
    last_error: null,
    model: 'gpt-4o-mini',
    instructions: 'You are a friendly tutor of mathematics.',
    tools: [{ type: 'code_interpreter' }],
    metadata: {},
    incomplete_details: null,
    usage: ended ? USAGE : null,
    temperature: 1,
    top_p: 1,
  };
}

function message(thread: string, role: 'user' | 'assistant'): object {
  return {
    id: `msg_${role}_${thread}`,
    object: 'thread.message',
    created_at: 1_763_600_002,
    thread_id: thread,
    role,
    content: [{ type: 'text', text: { value: 'Two is a prime number.', annotations: [] } }],
    assistant_id: role === 'assistant' ? ASSISTANT : null,
    run_id: role === 'assistant' ? `run_${thread}` : null,
    attachments: [],
    metadata: {},
  };
}

function messages(thread: string): Answer {
  return page([message(thread, 'assistant'), message(thread, 'user')]);
}

function steps(thread: string, run: string): Answer {
  return page([
    {
      id: `step_${run}`,
      object: 'thread.run.step',
      created_at: 1_763_600_001,
      run_id: run,
      assistant_id: ASSISTANT,
      thread_id: thread,
      type: 'message_creation',
      status: 'completed',
      cancelled_at: null,
      completed_at: 1_763_600_003,
      expires_at: null,
      failed_at: null,
      last_error: null,
      step_details: {
        type: 'message_creation',
        message_creation: { message_id: `msg_assistant_${thread}` },
      },
      usage: USAGE,
    },
  ]);
}

function page(data: readonly object[]): Answer {
  return json({ object: 'list', data, has_more: false });
}

/** Thread, message, run, three polls, steps, messages: as in programs that do not use the SDK's helpers. */
export async function askInThread(client: OpenAI): Promise<void> {
  const { threads } = client.beta;
  const thread = await threads.create();
  await threads.messages.create(thread.id, { role: 'user', content: 'Is two a prime number?' });
  const created = await threads.runs.create(thread.id, { assistant_id: ASSISTANT });
  const place = { thread_id: thread.id };
  for (let poll = 1; poll < POLLS; poll++) await threads.runs.retrieve(created.id, place);
  const run = await threads.runs.retrieve(created.id, place);
  expect(run.status === 'completed', 'a completed run');
  const { data: readSteps } = await threads.runs.steps.list(run.id, place);
  const { data: answers } = await threads.messages.list(thread.id);
  expect(readSteps.length === 1 && answers.length === 2, 'steps and messages');
}

export const ASSISTANTS_CASES: readonly Case[] = [
  {
    name: 'assistants',
    title: 'assistants: thread, message, run, 3 polls, steps, messages',
    requests: 8,
    operations: 80,
    // Each of the eight calls has its own code, which runs only once per operation, so V8 compiles it late.
    warmUps: 200,
    api: assistantsApi,
    run: askInThread,
  },
  {
    name: 'assistants-cold',
    title: 'assistants: the same, the first 300 of a process',
    requests: 8,
    operations: 300,
    cold: true,
    api: assistantsApi,
    run: askInThread,
  },
];
