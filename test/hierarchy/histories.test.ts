import { diag } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';
import { span, traced, withConversation } from '../../src/client.ts';
import { functionResults } from '../support/function-results.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { startProgram } from '../support/program.ts';

const MODEL = 'gpt-4o-mini';
const EMBEDDED = { model: 'text-embedding-3-small', input: 'Hello' };
const HELLO = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello' }] };
const ASKED = { model: MODEL, input: 'Hello' };

describe('withConversation holds for', () => {
  it('responses that name no conversation, with what they cost and ask for', async () => {
    const program = await startProgram({
      config: { cost: true, prices: { [`${MODEL}*`]: { input_mtok: 1, output_mtok: 1 } } },
    });
    const { responses } = program.client;
    program.simulator.respond(
      { output: [{ function: { name: 'get_weather', arguments: {} } }] },
      { output: [{ message: 'It is sunny.' }], usage: { prompt: 20, completion: 5 } },
    );
    const asked = await withConversation('chat-1', () => responses.create(ASKED));
    const input = functionResults(asked, 'sunny');
    await withConversation('chat-1', () =>
      responses.create({ ...ASKED, input, previous_response_id: asked.id }),
    );
    await program.expectTreeAtEnd(`
      conversation                 gen_ai.conversation.id=chat-1 openai.api.type=responses openai.total.runs=2 openai.total.user_messages=1
      ├─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1 openai.api.type=responses
      ├─ execute_tool get_weather  gen_ai.conversation.id=chat-1
      └─ chat gpt-4o-mini          gen_ai.conversation.id=chat-1 openai.api.type=responses
    `);
    const { spans } = program.telemetry;
    const [conversation] = program.ended('conversation');
    const costs = spans.map(({ attributes }) => Number(attributes['openai.cost'] ?? 0));
    expect(conversation?.attributes).toMatchObject({
      'openai.total.input_tokens': usageSum(spans).input_tokens,
      'openai.total.cost': expect.closeTo(
        costs.reduce((sum, cost) => sum + cost),
        12,
      ),
    });
  });

  it('no response that names its Conversation', async () => {
    const program = await startProgram();
    const { client } = program;
    const { id } = await client.conversations.create();
    await withConversation('chat-1', () => client.responses.create({ ...ASKED, conversation: id }));
    await program.telemetry.provider.shutdown();
    const ids = program.telemetry.spans.map(({ attributes }) => attributes['gen_ai.conversation.id']);
    expect(new Set(ids)).toEqual(new Set([id]));
  });

  it('embeddings and moderations, whose tokens are in the totals', async () => {
    const program = await startProgram();
    const { client } = program;
    const embedded = await withConversation('chat-1', async () => {
      await client.moderations.create({ input: 'Hello' });
      return await client.embeddings.create(EMBEDDED);
    });
    await withConversation('chat-1', () => client.chat.completions.create(HELLO));
    await program.telemetry.provider.shutdown();
    const answer = program.telemetry.spans.find(({ name }) => name === `chat ${MODEL}`);
    const asked = Number(answer?.attributes['gen_ai.usage.input_tokens']);
    await program.expectTree(`
      conversation                          gen_ai.conversation.id=chat-1 openai.total.runs=1 openai.total.input_tokens=${asked + embedded.usage.prompt_tokens}
      ├─ moderation                         gen_ai.conversation.id=chat-1
      ├─ embeddings text-embedding-3-small  gen_ai.conversation.id=chat-1
      └─ chat gpt-4o-mini                   gen_ai.conversation.id=chat-1 openai.api.type=chat_completions
    `);
  });

  it('every request about responses, with the tokens of a compaction', async () => {
    const program = await startProgram();
    const { responses } = program.client;
    const usage = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };
    program.simulator.next({
      when: { path: '/v1/responses/compact' },
      body: { id: 'resp_c', object: 'response.compaction', output: [], usage },
    });
    program.simulator.next({
      when: { path: '/v1/responses/input_tokens' },
      body: { object: 'response.input_tokens', input_tokens: 7 },
    });
    await withConversation('chat-1', async () => {
      await responses.inputTokens.count(ASKED);
      await responses.compact(ASKED);
    });
    await program.expectTreeAtEnd(`
      conversation                     gen_ai.conversation.id=chat-1 openai.total.input_tokens=100 openai.total.output_tokens=20
      ├─ POST /responses/input_tokens  gen_ai.conversation.id=chat-1
      └─ compaction gpt-4o-mini        gen_ai.conversation.id=chat-1 gen_ai.usage.input_tokens=100
    `);
    const counted = await program.points('gen_ai.client.token.usage');
    expect(counted).toMatchObject([
      { attributes: { 'gen_ai.token.type': 'input', 'gen_ai.operation.name': 'compaction' }, sum: 100 },
      { attributes: { 'gen_ai.token.type': 'output', 'gen_ai.operation.name': 'compaction' }, sum: 20 },
    ]);
  });

  it('poll helpers, for as long as they poll', async () => {
    const program = await startProgram({ config: { conversationIdleTimeout: 1 } });
    for (const status of ['in_progress', 'in_progress', 'completed'])
      program.simulator.next({
        when: { path: '/v1/vector_stores/vs_1/files/file_1' },
        body: { id: 'file_1', object: 'vector_store.file', status },
      });
    const { files } = program.client.vectorStores;
    await withConversation('chat-1', () => files.poll('vs_1', 'file_1', { pollIntervalMs: 20 }));
    await program.expectTreeAtEnd(`
      conversation                                             gen_ai.conversation.id=chat-1
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  gen_ai.conversation.id=chat-1 openai.poll.count=3
    `);
  });

  it('a background response that another process has created', async () => {
    const creator = await startProgram();
    creator.simulator.respond({ pollsPerStage: 1 });
    const background = { ...ASKED, background: true };
    const { id } = await withConversation('chat-1', () => creator.client.responses.create(background));
    const worker = await startProgram({
      config: { adoptRuns: 'polled' },
      client: { baseURL: creator.simulator.url },
    });
    let status: string | undefined;
    await withConversation('chat-1', async () => {
      while (status !== 'completed') ({ status } = await worker.client.responses.retrieve(id));
    });
    await worker.telemetry.provider.shutdown();
    const [conversation] = worker.telemetry.spans.filter(({ name }) => name === 'conversation');
    expect(conversation?.attributes['openai.total.runs']).toBe(1);
    const answer = worker.telemetry.spans.find(({ name }) => name.startsWith('chat'));
    expect(answer?.attributes).toMatchObject({
      'gen_ai.conversation.id': 'chat-1',
      'gen_ai.usage.input_tokens': conversation?.attributes['openai.total.input_tokens'],
    });
  });

  it.each<[string, unknown, string]>([
    ['a long text, as far as its first 1,024 characters', 'é'.repeat(1_000_000), 'é'.repeat(1_024)],
    ['a number, as text', -0.5, '-0.5'],
    ['a big integer, as text', 42n, '42'],
  ])('an id that is %s', async (_, id, expected) => {
    const program = await startProgram();
    await withConversation(id as string, () => program.client.models.list());
    await program.telemetry.provider.shutdown();
    const ids = program.telemetry.spans.map(({ attributes }) => attributes['gen_ai.conversation.id']);
    expect(ids).toEqual([expected, expected]);
  });

  it('no call if the id is anything else, which is reported once', async () => {
    const warn = vi.spyOn(diag, 'warn').mockImplementation(() => undefined);
    const program = await startProgram();
    for (const id of [undefined, Number.NaN, {}, Symbol('id')])
      await withConversation(id as string, () => program.client.models.list());
    await program.telemetry.provider.shutdown();
    for (const { name, attributes } of program.telemetry.spans) {
      expect(name).toBe('GET /models');
      expect(attributes).not.toHaveProperty(['gen_ai.conversation.id']);
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining('withConversation ignored its id')]]);
    warn.mockRestore();
  });

  it('no call without a span', async () => {
    const program = await startProgram({ config: { apiSpans: 'none' } });
    await withConversation('chat-1', () => program.client.files.list());
    await program.telemetry.provider.shutdown();
    expect(program.telemetry.spans).toEqual([]);
  });

  it.each(['auto', 'always'] as const)(
    'functions under span and traced, with what they call (conversationSpans: %s)',
    async (conversationSpans) => {
      const program = await startProgram({ config: { conversationSpans } });
      const { client } = program;
      const look = traced('look up', () => client.embeddings.create(EMBEDDED));
      await withConversation('chat-1', async () => {
        await span('prepare', async () => {
          await look();
          await client.responses.create(ASKED);
        });
        await client.chat.completions.create(HELLO);
      });
      await program.expectTreeAtEnd(`
        conversation                                gen_ai.conversation.id=chat-1 openai.total.runs=2
        ├─ prepare                                  gen_ai.conversation.id=chat-1
        │  ├─ look up                               gen_ai.conversation.id=chat-1
        │  │  └─ embeddings text-embedding-3-small  gen_ai.conversation.id=chat-1
        │  └─ chat gpt-4o-mini                      gen_ai.conversation.id=chat-1 openai.api.type=responses
        └─ chat gpt-4o-mini                         gen_ai.conversation.id=chat-1 openai.api.type=chat_completions
      `);
    },
  );

  it('a function that runs longer than the idle time', async () => {
    const program = await startProgram({ config: { conversationIdleTimeout: 30_000 } });
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now');
    await withConversation('chat-1', () =>
      span('think', async () => {
        clock.mockImplementation(() => now() + 60_000);
        await program.telemetry.provider.forceFlush();
        expect(program.telemetry.spans).toEqual([]);
        await program.client.chat.completions.create(HELLO);
      }),
    );
    await program.telemetry.provider.shutdown();
    clock.mockRestore();
    const [chat, think, conversation] = program.telemetry.spans;
    expect([chat?.name, think?.name, conversation?.name]).toEqual([`chat ${MODEL}`, 'think', 'conversation']);
    expect(conversation?.endTime).toEqual(think?.endTime);
  });

  it('functions below a span of the program, which only carry the id', async () => {
    const program = await startProgram();
    await program.inSpan(() =>
      withConversation('chat-1', () => span('prepare', () => program.client.responses.create(ASKED))),
    );
    await program.expectTree(`
      program
      └─ prepare             gen_ai.conversation.id=chat-1
         └─ chat gpt-4o-mini  gen_ai.conversation.id=chat-1
    `);
  });
});
