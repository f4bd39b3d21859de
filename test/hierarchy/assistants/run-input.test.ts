import { describe, expect, it } from 'vitest';
import { readMessagesOfRun } from '../../../src/hierarchy/dialects/assistants.ts';
import { recordFacts } from '../../support/recording-sink.ts';
import { startTutor, type Tutor } from '../../support/tutor.ts';

const WITH_CONTENT = { config: { captureMessageContent: 'SPAN_ONLY' }, content: true } as const;
const RUNS = [{ steps: [{ message: 'x is 1' }] }, { steps: [{ message: 'y is 2' }] }];

type Ask = (tutor: Tutor) => Promise<unknown>;

const poll: Ask = ({ run }) => run();
const stream: Ask = (tutor) => tutor.stream();

/** Whether a message is the user's (`>`) or the assistant's (`<`), and its text. */
function shown(json: unknown): string[] {
  const messages = JSON.parse(String(json)) as { role: string; parts: { content: string }[] }[];
  return messages.map(({ role, parts }) => `${role === 'user' ? '>' : '<'} ${parts[0]?.content}`);
}

async function inputsOf({ telemetry }: Tutor, name: RegExp): Promise<string[][]> {
  await telemetry.provider.forceFlush();
  const spans = telemetry.spans.filter((span) => name.test(span.name));
  return spans.map(({ attributes }) => shown(attributes['gen_ai.input.messages']));
}

describe('the input of a run', () => {
  it.each([
    ['polled', poll],
    ['streamed', stream],
  ])('is the history of the thread, with what the program said for the assistant: %s', async (_, ask) => {
    const tutor = await startTutor({ runs: RUNS, ...WITH_CONTENT });
    const { client, threadId, inSpan } = tutor;
    await inSpan(async () => {
      await client.beta.threads.messages.create(threadId, { role: 'assistant', content: 'Wait.' });
      await ask(tutor);
      await tutor.telemetry.provider.forceFlush();
      await client.beta.threads.messages.create(threadId, { role: 'user', content: 'And y?' });
      await ask(tutor);
      await tutor.telemetry.provider.forceFlush();
    });
    const first = ['> What is x?', '< Wait.'];
    const both = [first, [...first, '< x is 1', '> And y?']];
    expect(await inputsOf(tutor, /^invoke_agent/)).toEqual(both);
    expect(await inputsOf(tutor, /^chat/)).toEqual(both);
    const thread = tutor.telemetry.spans.findLast(({ name }) => name === 'thread');
    expect(thread?.attributes).toMatchObject({ 'openai.total.user_messages': 2, 'openai.total.runs': 2 });
  });

  it('has what another process has put into the thread', async () => {
    const tutor = await startTutor({ runs: RUNS, ...WITH_CONTENT });
    await tutor.plain.beta.threads.messages.create(tutor.threadId, { role: 'user', content: 'In short.' });
    await tutor.inSpan(() => poll(tutor));
    expect(await inputsOf(tutor, /^invoke_agent/)).toEqual([['> What is x?', '> In short.']]);
  });

  it("is only what passed by with runSteps: 'observe'", async () => {
    const config = { ...WITH_CONTENT.config, runSteps: 'observe' } as const;
    const tutor = await startTutor({ runs: RUNS, config, content: true });
    const { client, threadId } = tutor;
    await tutor.inSpan(async () => {
      await stream(tutor);
      await client.beta.threads.messages.create(threadId, { role: 'assistant', content: 'Well.' });
      await client.beta.threads.messages.create(threadId, { role: 'user', content: 'And y?' });
      await stream(tutor);
    });
    expect(await inputsOf(tutor, /^invoke_agent/)).toEqual([['> What is x?'], ['< Well.', '> And y?']]);
    expect(tutor.simulator.requests.filter(({ path }) => path.includes('limit=20'))).toEqual([]);
  });

  it('is read for a streamed run only where something was said before', async () => {
    const tutor = await startTutor({ runs: RUNS, ...WITH_CONTENT });
    const readsOf = (): number =>
      tutor.simulator.requests.filter(({ path }) => path.includes('/messages?limit=20')).length;
    await tutor.inSpan(() => stream(tutor));
    await tutor.telemetry.provider.forceFlush();
    expect(readsOf()).toBe(0);
    await tutor.inSpan(() => stream(tutor));
    await tutor.telemetry.provider.forceFlush();
    expect(readsOf()).toBe(1);
  });
});

describe('a list of messages', () => {
  const message = (text: string, createdAt: number, run?: string): object => ({
    id: `msg_${text}`,
    object: 'thread.message',
    thread_id: 'thread_1',
    run_id: run ?? null,
    role: run === undefined ? 'user' : 'assistant',
    created_at: createdAt,
    content: [{ type: 'text', text: { value: text } }],
  });
  const before = [message('a', 1), message('b', 2, 'run_0'), message('c', 3)];
  const answers = [message('d', 5, 'run_1'), message('e', 6, 'run_1')];
  const after = [message('f', 7), message('g', 8, 'run_2')];

  /** The texts of what the run was given (`>`) and has made (`<`), where it was created in the fourth second. */
  function read(listed: readonly object[]): string[] {
    const sink = recordFacts();
    const run = {
      id: 'run_1',
      conversationId: 'thread_1',
      start: {},
      life: { endTime: 9_000 },
      snapshot: { usage: undefined, createdAt: 4_000, endedAt: undefined },
      knowsMessages: false,
      isComplete: false,
    };
    readMessagesOfRun({ object: 'list', data: listed }, run, sink);
    return sink.facts.map(([, fact]) => {
      const { isInput, content } = fact as { isInput?: boolean; content: { parts: { content: string }[] } };
      return `${isInput === true ? '>' : '<'} ${content.parts[0]?.content}`;
    });
  }

  it('says what the run was given before its first answer, in either order', () => {
    const all = [...before, ...answers, ...after];
    expect(read(all)).toEqual(['> a', '> b', '> c', '< d', '< e']);
    expect(read(all.toReversed())).toEqual(['> a', '> b', '> c', '< d', '< e']);
  });

  it('says what there was when the run was created, if it has not answered', () => {
    expect(read([...before, ...after].toReversed())).toEqual(['> a', '> b', '> c']);
  });

  it('says nothing if it reaches only later messages, or none', () => {
    expect(read(after.toReversed())).toEqual([]);
    expect(read([])).toEqual([]);
  });

  it('of one second is taken for newest first', () => {
    expect(read([message('b', 3, 'run_1'), message('a', 3)])).toEqual(['> a', '< b']);
  });
});
