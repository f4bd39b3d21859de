import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { messageEvent, startAgentProgram } from '../support/agent-program.ts';
import { responseBody } from '../support/bodies.ts';
import { answer } from '../support/heap/api.ts';
import { holdRequests } from '../support/hold-requests.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { forgetNotices } from '../support/process-state.ts';
import { startProgram } from '../support/program.ts';
import { outsideOfParent } from '../support/times.ts';
import { startTutor } from '../support/tutor.ts';
import { openSession } from '../support/use-session.ts';

it('a shutdown ends open calls, runs and threads', async () => {
  const { client, simulator, ...program } = await startTutor({ runs: [{}] });
  simulator.next({ when: { path: '/v1/models' }, delayMs: 60_000 });
  await program.inSpan(program.create);
  const models = client.models.list().then(
    () => 'listed',
    () => 'aborted',
  );
  await expect.poll(() => program.telemetry.openSpans).toContain('GET /models');
  await program.telemetry.provider.shutdown();
  expect(program.telemetry.openSpans).toEqual([]);
  await simulator.close();
  expect(await models).toBe('aborted');
});

describe('many threads', () => {
  it('are kept apart by the thousand, each below its own span', { timeout: 120_000 }, async () => {
    const threads = 2_000;
    const program = await startProgram({ client: { fetch: answer } });
    const { client } = program;
    const ask = (): Promise<void> =>
      program.inSpan(async () => {
        const thread = await client.beta.threads.create();
        const run = await client.beta.threads.runs.create(thread.id, { assistant_id: 'asst_1' });
        await client.beta.threads.runs.retrieve(run.id, { thread_id: thread.id });
      });
    await Promise.all(Array.from({ length: threads }, ask));
    await program.telemetry.provider.forceFlush();
    const { spans } = program.telemetry;
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const runs = spans.filter(({ name }) => name === 'invoke_agent');
    expect(runs).toHaveLength(threads);
    for (const run of runs) {
      const thread = byId.get(run.parentSpanContext?.spanId ?? '');
      expect(thread?.attributes['openai.thread.id']).toBe(run.attributes['openai.thread.id']);
      expect(byId.get(thread?.parentSpanContext?.spanId ?? '')?.name).toBe('program');
      expect(run.attributes['openai.run.status']).toBe('completed');
    }
    expect(new Set(runs.map(({ attributes }) => attributes['openai.thread.id'])).size).toBe(threads);
    expect(usageSum(spans)).toEqual({ input_tokens: 171 * threads, output_tokens: 42 * threads });
  });

  it('replace each other, the least recently used first', async () => {
    const program = await startProgram({ config: { maxConversations: 3 } });
    for (let made = 0; made < 5; made++) await program.client.beta.threads.create();
    expect(program.telemetry.openSpans).toEqual(['thread', 'thread', 'thread']);
    expect(program.ended('thread')).toHaveLength(2);
  });
});

describe('conversations of different kinds', () => {
  it('are kept apart, even if their ids are equal', async () => {
    const { client, threadId, ...program } = await startTutor({ runs: [{}] });
    await program.run();
    const ask = async () => client.responses.create({ model: 'gpt-4o', input: 'What is x?' });
    await withConversation(threadId, ask);
    await program.telemetry.provider.shutdown();
    for (const kind of ['thread', 'conversation'])
      expect(program.ended(kind).at(-1)?.attributes['openai.total.runs']).toBe(1);
  });

  it('share the limit', async () => {
    const { client, ...program } = await startProgram({ config: { maxConversations: 2 } });
    for (let made = 0; made < 2; made++) await client.beta.threads.create();
    const ask = async () => client.responses.create({ model: 'gpt-4o', input: 'What is x?' });
    await withConversation('chat', ask);
    expect(program.telemetry.openSpans).toEqual(['thread', 'conversation']);
  });
});

it('a thread whose run is polled does not make room for threads that are used later', async () => {
  const { client, threadId, ...program } = await startTutor({
    runs: [{}],
    config: { maxConversations: 3 },
  });
  const run = await program.create();
  for (let made = 0; made < 5; made++) {
    await client.beta.threads.create();
    await client.beta.threads.runs.retrieve(run.id, { thread_id: threadId });
  }
  await program.poll(run.id);
  await program.telemetry.provider.shutdown();
  const runs = program.ended('invoke_agent');
  expect(runs.map(({ attributes }) => attributes['openai.run.status'])).toEqual(['completed']);
});

it('a thread that makes room, although its run is in progress, ends no earlier than the run', async () => {
  const program = await startTutor({
    runs: [{ pollsPerStage: 9 }],
    config: { maxConversations: 1, runSteps: 'off' },
  });
  const { threads } = program.client.beta;
  const run = await program.inSpan(program.create);
  await threads.runs.retrieve(run.id, { thread_id: program.threadId });
  await threads.create();
  expect(program.ended('invoke_agent')).toHaveLength(1);
  const ours = program.telemetry.spans.filter(({ name }) => name !== 'program');
  expect(outsideOfParent(ours)).toEqual([]);
});

it('a conversation whose request is in progress does not make room for conversations that are used later', async () => {
  const program = await startProgram({ config: { maxConversations: 2 } });
  const { client } = program;
  const slow = holdRequests('/responses', 'answered');
  const ask = (id: string, asking: OpenAI) =>
    withConversation(id, async () => asking.responses.create({ model: 'gpt-4o', input: 'What is x?' }));
  const first = ask('first', client.withOptions({ fetch: slow.fetch }));
  await slow.held;
  for (const id of ['second', 'third', 'fourth']) await ask(id, client);
  slow.release();
  await first;
  await program.telemetry.provider.shutdown();
  const totals = program
    .ended('conversation')
    .map(({ attributes }) => [attributes['gen_ai.conversation.id'], attributes['openai.total.runs']]);
  expect(totals).toContainEqual(['first', 1]);
});

it('a session whose turn is in progress does not make room for sessions that are used later', async () => {
  const program = await startAgentProgram([{}], { config: { maxConversations: 3, runSteps: 'observe' } });
  const { sessions } = program.client.beta.agents;
  const { id } = await program.create('What is x?');
  for (let made = 0; made < 5; made++) await sessions.retrieve((await program.create()).id);
  await program.follow(id);
  const [turn] = await program.flushed('invoke_agent');
  expect(turn?.attributes['openai.run.status']).toBe('completed');
});

it('background responses that are never polled again replace each other, and are recorded as far as they are known', async () => {
  const program = await startProgram({ config: { maxConversations: 3, conversationSpans: 'never' } });
  const { responses } = program.client;
  const create = () => responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
  program.simulator.respond({ pollsPerStage: 100 });
  const first = await create();
  for (let made = 0; made < 4; made++) {
    await create();
    // Asking keeps a response.
    await responses.retrieve(first.id);
  }
  const ended = program.ended('chat gpt-4o');
  expect(ended).toHaveLength(2);
  expect(ended.map(({ attributes }) => attributes['gen_ai.response.id'])).not.toContain(first.id);
  expect(program.telemetry.openSpans).toHaveLength(3);
});

describe('a server that reuses one id', () => {
  it('has one open background response, the last one', async () => {
    const program = await startProgram();
    const body = responseBody([], { status: 'queued', background: true });
    for (let made = 0; made < 5; made++) {
      program.simulator.next({ body });
      await program.client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
    }
    expect(program.telemetry.openSpans).toEqual(['chat gpt-4o']);
  });

  it('has one open run, the last one', async () => {
    const { client, simulator, threadId, telemetry, ...program } = await startTutor();
    const body = { id: 'run_1', object: 'thread.run', status: 'queued', thread_id: threadId };
    await program.inSpan(async () => {
      for (let made = 0; made < 5; made++) {
        simulator.next({ when: { path: /runs$/ }, body });
        await client.beta.threads.runs.create(threadId, { assistant_id: 'asst_1' });
      }
      expect(telemetry.openSpans.filter((name) => name.startsWith('invoke_agent'))).toHaveLength(1);
    });
  });
});

it('messages without a run in this process are counted, but kept only as far as there is room, those of the newest threads first', async () => {
  const program = await startProgram({
    config: { captureMessageContent: 'SPAN_ONLY', runSteps: 'off' },
    mayLog: true,
  });
  const { threads } = program.client.beta;
  const ids: string[] = [];
  const long = 'x'.repeat(12_000_000);
  for (let made = 0; made < 3; made++) {
    const { id } = await threads.create();
    await threads.messages.create(id, { role: 'user', content: `Question ${made} ${long}` });
    ids.push(id);
  }
  for (const id of [ids[0], ids.at(-1)])
    await threads.runs.create(id ?? '', { assistant_id: 'asst_1' }).catch(() => undefined);
  await program.telemetry.provider.shutdown();
  const runs = program.ended('invoke_agent');
  expect(runs.map(({ attributes }) => attributes['openai.total.user_messages'])).toEqual([1, 1]);
  expect(runs.map(({ attributes }) => attributes['gen_ai.input.messages'])).toEqual([
    undefined,
    expect.stringContaining('Question 2'),
  ]);
});

describe('with more content than there is room for, only the newest is kept', () => {
  const long = 'x'.repeat(12_000_000);
  const config = { captureMessageContent: 'SPAN_ONLY', runSteps: 'off' } as const;

  it('of the input of runs in progress', async () => {
    const { assistantId, ...program } = await startTutor({ config, content: true });
    const { threads } = program.client.beta;
    for (let made = 0; made < 3; made++) {
      const { id } = await threads.create({
        messages: [{ role: 'user', content: `Question ${made} ${long}` }],
      });
      await threads.runs.create(id, { assistant_id: assistantId });
    }
    await program.telemetry.provider.shutdown();
    const inputs = program
      .ended('invoke_agent')
      .map(({ attributes }) => String(attributes['gen_ai.input.messages']).match(/Question ./)?.[0]);
    expect(inputs).toEqual([undefined, 'Question 1', 'Question 2']);
  });

  it('of the instructions of sessions, idle ones included', async () => {
    const program = await startProgram({ config, content: true });
    const { sessions } = program.client.beta.agents;
    const ids: string[] = [];
    for (let made = 0; made < 3; made++) {
      const agent = { model: 'gpt-5', instructions: `Instructions ${made} ${long}` };
      ids.push((await sessions.create({ agent, environment: { type: 'none' } })).id);
    }
    for (const id of ids) await sessions.events.create(id, { events: [messageEvent('What is x?')] });
    await program.telemetry.provider.shutdown();
    const found = program
      .ended('invoke_agent')
      .map(({ attributes }) => String(attributes['gen_ai.system_instructions']).match(/Instructions ./)?.[0]);
    expect(found).toEqual([undefined, 'Instructions 1', 'Instructions 2']);
  });
});

it('the input of runs that are recorded takes no room from others', async () => {
  forgetNotices();
  const config = { captureMessageContent: 'SPAN_ONLY', runSteps: 'off' } as const;
  const { client, plain, provider, warnings } = await openSession({ config });
  const { id: assistant_id } = await plain.beta.assistants.create({ model: 'gpt-4o' });
  const { threads } = client.beta;
  for (let made = 0; made < 3; made++) {
    const messages = [{ role: 'user' as const, content: 'x'.repeat(12_000_000) }];
    await threads.createAndRunPoll({ assistant_id, thread: { messages } });
    await provider.forceFlush();
  }
  expect(warnings).toEqual([]);
});

it.each<[string, number, (threads: OpenAI.Beta.Threads, id: string) => unknown]>([
  ['deleted', 10, (threads, id) => threads.delete(id)],
  ['replaced by newer ones', 1, () => undefined],
])('the messages of threads that are %s take no room from others', async (_, maxConversations, end) => {
  forgetNotices();
  const config = { captureMessageContent: 'SPAN_ONLY', maxConversations } as const;
  const { client, warnings } = await openSession({ config });
  const { threads } = client.beta;
  for (let made = 0; made < 3; made++) {
    const { id } = await threads.create({
      messages: [{ role: 'user', content: 'x'.repeat(12_000_000) }],
    });
    await end(threads, id);
  }
  expect(warnings).toEqual([]);
});
