import type { Attributes } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, vi } from 'vitest';
import { flush, span, traced, withConversation, withMetadata } from '../../src/client.ts';
import { MetadataSpanProcessor } from '../../src/index.ts';
import { repeatedCalls } from '../support/function-results.ts';
import { startTutor } from '../support/tutor.ts';
import { startTracedProgram } from './program.ts';

const QUESTION = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is 2 + 2?' }] };

/** What a program imports that has the package twice. */
async function anotherCopy(): Promise<typeof withMetadata> {
  vi.resetModules();
  const copy = await import('../../src/client.ts');
  expect(copy.withMetadata).not.toBe(withMetadata);
  return copy.withMetadata;
}

describe('withMetadata', () => {
  const METADATA = {
    project: 'school',
    environment: 'staging',
    userId: 'user-42',
    sessionId: 'lesson-7',
    tags: ['beta'],
    metadata: { grade: 7, trial: true },
  };

  it.each<[how: string, work: (ask: () => Promise<unknown>) => Promise<unknown>]>([
    ['as a function', (ask) => withMetadata(METADATA, () => span('lesson', ask))],
    ['as options of traced', (ask) => traced({ ...METADATA, name: 'lesson' }, ask)()],
  ])('adds attributes to every span below, and to no metric: %s', async (_, work) => {
    const { client, expectTree, telemetry } = await startTracedProgram();
    await work(async () => client.chat.completions.create(QUESTION));
    span('after', () => undefined);
    const stamps =
      'openai.trace.project=school deployment.environment.name=staging user.id=user-42 session.id=lesson-7 ' +
      'openai.trace.tags=["beta"] openai.trace.metadata.grade="7" openai.trace.metadata.trial="true"';
    await expectTree(`
      lesson               ${stamps}
      └─ chat gpt-4o-mini  ${stamps}

      after
    `);
    expect(telemetry.spans.at(-1)?.attributes).toEqual({});
    expect(JSON.stringify(await telemetry.metrics())).not.toMatch(/user-42|openai\.trace/);
  });

  it.each([
    ['this copy', async () => withMetadata],
    ['another copy', anotherCopy],
  ])(
    'of %s of the package applies to everything of a thread, also to what is recorded later',
    async (_, copy) => {
      const stamp = await copy();
      const { telemetry, run } = await startTutor({
        runs: [{ steps: [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }] }],
      });
      const before = telemetry.spans.length;
      await stamp({ userId: 'user-42' }, run);
      await telemetry.provider.shutdown();
      const stamped = telemetry.spans
        .slice(before)
        .map(({ name, attributes }) => [name, attributes['user.id']]);
      expect(stamped).toContainEqual(['execute_tool code_interpreter', 'user-42']);
      expect(stamped.filter(([name]) => name === 'chat gpt-4o-mini')).toEqual(
        Array(2).fill(['chat gpt-4o-mini', 'user-42']),
      );
      expect(stamped).toContainEqual(['invoke_agent Math Tutor', 'user-42']);
    },
  );

  it('applies to everything of a response: hosted tools, and functions answered by a later request', async () => {
    const program = await startTracedProgram();
    const askWithTools = async (userId: string): Promise<void> => {
      const output = [{ webSearch: { query: 'x' } }, { function: { name: 'solve', arguments: {} } }];
      program.simulator.respond({ output });
      await withMetadata({ userId }, async () => {
        const { responses } = program.client;
        const question = { role: 'user', content: 'What is x?' } as const;
        const asked = await responses.create({ model: QUESTION.model, input: [question] });
        const input = [question, ...repeatedCalls(asked, '4')];
        await withMetadata({ userId: 'worker' }, () => responses.create({ model: QUESTION.model, input }));
      });
    };
    await program.inSpan(() => askWithTools('user-1'));
    await askWithTools('user-2');
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini         user.id=user-1
      ├─ execute_tool web_search  user.id=user-1
      ├─ execute_tool solve       user.id=user-1
      └─ chat gpt-4o-mini         user.id=worker

      chat gpt-4o-mini            user.id=user-2
      ├─ execute_tool web_search  user.id=user-2
      ├─ execute_tool solve       user.id=user-2
      └─ chat gpt-4o-mini         user.id=worker
    `);
  });

  it.each(['auto', 'trace'] as const)(
    'is not inherited by others who use the same conversation: %s',
    async (conversationSpans) => {
      const program = await startTracedProgram({ conversationSpans });
      const { client } = program;
      const { id } = await client.beta.threads.create();
      const add = (): Promise<unknown> =>
        client.beta.threads.messages.create(id, { role: 'user', content: 'Hi.' });
      const ask = (): Promise<unknown> => client.chat.completions.create(QUESTION);
      const inRoom = async (): Promise<unknown> => {
        await add();
        return withConversation('room', () => span('answer', ask));
      };
      await withMetadata({ userId: 'user-1' }, inRoom);
      await withMetadata({ sessionId: 'session-2' }, inRoom);
      await inRoom();
      await flush();
      const users = program.telemetry.spans.map(({ name, attributes }) => [
        name,
        attributes['user.id'],
        attributes['session.id'],
      ]);
      const others = users.filter(([, user, session]) => user === undefined || session !== undefined);
      expect(others.filter(([name]) => name !== 'thread')).toEqual([
        ['POST /threads', undefined, undefined],
        ['POST /threads/{thread_id}/messages', undefined, 'session-2'],
        ['chat gpt-4o-mini', undefined, 'session-2'],
        ['answer', undefined, 'session-2'],
        ['POST /threads/{thread_id}/messages', undefined, undefined],
        ['chat gpt-4o-mini', undefined, undefined],
        ['answer', undefined, undefined],
      ]);
    },
  );

  it('is on log records', async () => {
    const program = await startTracedProgram({ captureMessageContent: 'EVENT_ONLY' }, { eventContent: true });
    const { client, simulator, telemetry } = program;
    const ask = (): Promise<unknown> => client.chat.completions.create(QUESTION);
    simulator.next({ status: 400, body: { error: { message: 'No.', code: 'invalid_prompt' } } });
    await withMetadata({ userId: 'user-42' }, async () => {
      await expect(ask()).rejects.toThrow('400');
      await ask();
    });
    await ask();
    expect(
      telemetry.logRecords.map(({ eventName, attributes }) => [eventName, attributes['user.id']]),
    ).toEqual([
      ['gen_ai.client.inference.operation.details', 'user-42'],
      ['gen_ai.client.operation.exception', 'user-42'],
      ['gen_ai.client.inference.operation.details', 'user-42'],
      ['gen_ai.client.inference.operation.details', undefined],
    ]);
  });

  it('adds to outer metadata, overrides the same names, and returns what its function does', async () => {
    const { telemetry } = await startTracedProgram();
    const inner = () =>
      withMetadata({ userId: 'b', tags: ['y', 'z'], metadata: { two: 2 } }, () => span('s', () => 42));
    const outer = { project: 'school', userId: 'a', tags: ['x', 'y'], metadata: { one: 1 } };
    expect(withMetadata(outer, inner)).toBe(42);
    expect(telemetry.spans[0]?.attributes).toEqual({
      'openai.trace.project': 'school',
      'user.id': 'b',
      'openai.trace.tags': ['x', 'y', 'z'],
      'openai.trace.metadata.one': '1',
      'openai.trace.metadata.two': '2',
    });
  });

  it('ignores values that are too large or not text', async () => {
    const { telemetry } = await startTracedProgram({}, { mayLog: true });
    const odd = {
      project: { toString: () => 'secret' },
      environment: '',
      userId: 'u'.repeat(5_000),
      tags: ['ok', 3, null, ...Array.from({ length: 100 }, (_, index) => `tag ${index}`)],
      metadata: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key ${index}`, 'v'])),
    };
    withMetadata(odd as never, () => span('s', () => undefined));
    withMetadata(null as never, () => span('s', () => undefined));
    const attributes: Attributes = { ...telemetry.spans[0]?.attributes };
    expect(attributes['openai.trace.project']).toBeUndefined();
    expect(attributes['deployment.environment.name']).toBeUndefined();
    expect(attributes['user.id']).toHaveLength(1_024);
    expect(attributes['openai.trace.tags']).toHaveLength(64);
    expect(Object.keys(attributes)).toHaveLength(2 + 64);
    expect(telemetry.spans[1]?.attributes).toEqual({});
  });

  it('leaves attributes of the span free, however deep it is nested', async () => {
    const { client, telemetry } = await startTracedProgram();
    const work = (level: number): Promise<unknown> =>
      withMetadata({ userId: 'user-42', metadata: { [`step ${level}`]: level, level } }, () =>
        level < 200 ? work(level + 1) : client.chat.completions.create(QUESTION),
      );
    await work(0);
    const { attributes } = telemetry.spans.at(-1) ?? { attributes: {} };
    expect(attributes).toMatchObject({
      'user.id': 'user-42',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.usage.input_tokens': expect.any(Number),
      'openai.trace.metadata.level': '200',
      'openai.trace.metadata.step 200': '200',
    });
    expect(Object.keys(attributes).filter((name) => name.startsWith('openai.trace.metadata.'))).toHaveLength(
      64,
    );
  });
});

it('MetadataSpanProcessor adds metadata to spans of other instrumentations', async () => {
  await startTracedProgram();
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new MetadataSpanProcessor(), new SimpleSpanProcessor({ exporter })];
  const tracer = new TracerProvider({ spanProcessors }).getTracer('program');
  withMetadata({ userId: 'user-42' }, () => tracer.startSpan('inside').end());
  tracer.startSpan('outside').end();
  expect(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes])).toEqual([
    ['inside', { 'user.id': 'user-42' }],
    ['outside', {}],
  ]);
});
