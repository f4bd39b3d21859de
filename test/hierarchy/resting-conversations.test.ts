import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { environment } from '../support/agent-program.ts';
import { type Program, startProgram } from '../support/program.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const HOUR = 3_600_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const MODEL = 'gpt-4o-mini';

/** Uses a conversation: a function that asks in it once more. */
type Talk = (program: Program) => Promise<() => PromiseLike<unknown>>;

async function thread({ client }: Program): Promise<() => PromiseLike<unknown>> {
  const { id: assistant_id } = await client.beta.assistants.create({ model: MODEL });
  const { threads } = client.beta;
  const { id } = await threads.create();
  return async () => {
    await threads.messages.create(id, { role: 'user', content: 'What is x?' });
    await threads.runs.createAndPoll(id, { assistant_id });
  };
}

async function conversation({ client }: Program): Promise<() => PromiseLike<unknown>> {
  const { id } = await client.conversations.create();
  return () => client.responses.create({ model: MODEL, conversation: id, input: 'What is x?' });
}

async function named({ client }: Program): Promise<() => PromiseLike<unknown>> {
  const messages = [{ role: 'user' as const, content: 'What is x?' }];
  return () => withConversation('chat-1', () => client.chat.completions.create({ model: MODEL, messages }));
}

async function session({ client, simulator }: Program): Promise<() => PromiseLike<unknown>> {
  simulator.turn({}, {});
  const { id: agent_id } = await client.beta.agents.create({ name: 'Helper', model: MODEL });
  const { sessions } = client.beta.agents;
  const { id } = await sessions.create({ agent_id, environment });
  return () => Array.fromAsync(sessions.stream(id, { input: 'What is x?' }));
}

/** The totals of the segments, in order, with how many links each has. */
async function segments(program: Program, name: string): Promise<unknown[]> {
  await program.telemetry.provider.shutdown();
  return program
    .ended(name)
    .map(({ attributes, links }) => [
      attributes['openai.total.runs'],
      attributes['openai.total.incomplete'],
      links.length,
    ]);
}

async function twice(program: Program, talk: Talk, hours: number): Promise<void> {
  const ask = await talk(program);
  await ask();
  await program.telemetry.provider.forceFlush();
  vi.advanceTimersByTime(HOUR);
  vi.advanceTimersByTime((hours - 1) * HOUR);
  await ask();
}

const KINDS: readonly [string, Talk][] = [
  ['thread', thread],
  ['conversation', conversation],
  ['conversation', named],
  ['session', session],
];

describe('totals continue, with a link, in a conversation that rested for', () => {
  it.each([2, 24].flatMap((hours) => KINDS.map(([name, talk]) => [hours, name, talk.name, talk] as const)))(
    '%i hours: %s of %s',
    async (hours, name, _, talk) => {
      const program = await startProgram({ runs: [{}, {}] });
      await twice(program, talk, hours);
      expect(await segments(program, name)).toEqual([
        [1, undefined, 0],
        [2, undefined, 1],
      ]);
    },
  );
});

describe('totals that were dropped after more than a day are incomplete', () => {
  it.each(KINDS.map(([name, talk]) => [name, talk.name, talk] as const))(
    'in a %s of %s, unless the program named it',
    async (name, _, talk) => {
      const program = await startProgram({ runs: [{}, {}] });
      await twice(program, talk, 26);
      expect(await segments(program, name)).toEqual([
        [1, undefined, 0],
        [1, talk === named ? undefined : true, 0],
      ]);
    },
  );
});

async function incomplete(program: Program, name: string): Promise<unknown[]> {
  await program.telemetry.provider.shutdown();
  return program.ended(name).map(({ attributes }) => attributes['openai.total.incomplete']);
}

/** Lets one client create a conversation, and the instrumented one use it. */
type Use = (creator: OpenAI, client: OpenAI) => Promise<unknown>;

const USES: readonly [string, Use][] = [
  [
    'thread',
    async (creator, { beta: { assistants, threads } }) => {
      const { id: assistant_id } = await assistants.create({ model: MODEL });
      const { id } = await creator.beta.threads.create();
      await threads.runs.createAndPoll(id, { assistant_id });
    },
  ],
  [
    'session',
    async (creator, { beta: { agents } }) => {
      const { id: agent_id } = await agents.create({ name: 'Helper', model: MODEL });
      const { id } = await creator.beta.agents.sessions.create({ agent_id, environment });
      await Array.fromAsync(agents.sessions.stream(id, { input: 'What is x?' }));
    },
  ],
  [
    'conversation',
    async (creator, { responses }) => {
      const { id } = await creator.conversations.create();
      await responses.create({ model: MODEL, conversation: id, input: 'What is x?' });
    },
  ],
];

describe.each(USES)('the totals of a %s', (name, use) => {
  it('are incomplete if another process created it', async () => {
    const program = await startProgram({ runs: [{}] });
    program.simulator.turn({});
    await use(program.plain, program.client);
    expect(await incomplete(program, name)).toEqual([true]);
  });

  it('are complete if this process created it, in whatever trace', async () => {
    const program = await startProgram({ runs: [{}], config: { conversationSpans: 'always' } });
    program.simulator.turn({});
    await program.inSpan(() => use(program.client, program.client));
    expect(await incomplete(program, name)).toEqual([undefined]);
  });
});

it('the totals of a Conversation that was created below a span are complete', async () => {
  const program = await startProgram();
  const { client } = program;
  const { id } = await program.inSpan(() => client.conversations.create());
  await client.responses.create({ model: MODEL, conversation: id, input: 'What is x?' });
  expect(await incomplete(program, 'conversation')).toEqual([undefined]);
});

it.each<[string, (client: OpenAI, agentId: string, assistantId: string) => PromiseLike<unknown>, string]>([
  ['createAndRun', ({ beta }, _, assistant_id) => beta.threads.createAndRunPoll({ assistant_id }), 'thread'],
  [
    'createAndRunStream',
    ({ beta }, _, assistant_id) => beta.threads.createAndRunStream({ assistant_id }).finalRun(),
    'thread',
  ],
  [
    'sessions.create with an input',
    async ({ beta }, agent_id) => {
      const { id } = await beta.agents.sessions.create({ agent_id, environment, input: 'What is x?' });
      while ((await beta.agents.sessions.retrieve(id)).status !== 'idle');
    },
    'session',
  ],
])('totals are complete after %s', async (_, run, name) => {
  const program = await startProgram({ runs: [{}] });
  const { client } = program;
  program.simulator.turn({});
  const agent = await client.beta.agents.create({ name: 'Helper', model: MODEL });
  const assistant = await client.beta.assistants.create({ model: MODEL });
  await run(client, agent.id, assistant.id);
  expect(await incomplete(program, name)).toEqual([undefined]);
});

it('totals that gave way to those of other threads are kept apart, and are incomplete once dropped', async () => {
  const program = await startProgram({ config: { maxConversations: 2 } });
  const { threads } = program.client.beta;
  const say = (id: string) => threads.messages.create(id, { role: 'user', content: 'x?' });
  const ids: string[] = [];
  for (let made = 0; made < 5; made++) {
    const { id } = await threads.create();
    await say(id);
    ids.push(id);
  }
  const [dropped = '', resting = ''] = ids;
  await say(resting);
  await say(dropped);
  await program.telemetry.provider.shutdown();
  const messages = program
    .ended('thread')
    .filter(({ attributes }) => [dropped, resting].includes(String(attributes['openai.thread.id'])))
    .map(({ attributes }) => [
      attributes['openai.thread.id'],
      attributes['openai.total.user_messages'],
      attributes['openai.total.incomplete'],
    ]);
  expect(messages).toEqual([
    [dropped, 1, undefined],
    [resting, 1, undefined],
    [resting, 2, undefined],
    [dropped, 1, true],
  ]);
});

it('a message that waits for its run counts for it after a rest', async () => {
  const program = await startProgram({ runs: [{}] });
  const { assistants, threads } = program.client.beta;
  const { id: assistant_id } = await assistants.create({ model: MODEL });
  const { id } = await threads.create();
  await threads.messages.create(id, { role: 'user', content: 'x?' });
  vi.advanceTimersByTime(5 * HOUR);
  await threads.runs.createAndPoll(id, { assistant_id });
  const [run] = await program.flushed('invoke_agent');
  expect(run?.attributes['openai.total.user_messages']).toBe(1);
});

it('a response keeps its link to the previous one for a day', async () => {
  const program = await startProgram();
  const { responses } = program.client;
  const { id: previous_response_id } = await responses.create({ model: MODEL, input: 'x?' });
  vi.advanceTimersByTime(23 * HOUR);
  await responses.create({ model: MODEL, previous_response_id, input: 'y?' });
  expect(program.linked('chat')).toEqual([[], [`chat ${MODEL}`]]);
});
