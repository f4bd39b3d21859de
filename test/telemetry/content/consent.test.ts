import { context, propagation } from '@opentelemetry/api';
import { describe, expect, test, vi } from 'vitest';
import type { Caller, CaptureMessageContent, OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { recordEvaluation, traced, withMetadata } from '../../../src/client.ts';
import { startTracedProgram } from '../../helpers/program.ts';
import { ask, askStreaming } from '../../support/ask.ts';
import type { Program } from '../../support/program.ts';
import { recordedText } from '../../support/telemetry.ts';
import { startTutor } from '../../support/tutor.ts';
import { openSession } from '../../support/use-session.ts';

function startDeciding(
  captureMessageContent: OpenAIInstrumentationConfig['captureMessageContent'],
): Promise<Program> {
  return startTracedProgram({ captureMessageContent }, { content: true });
}

function tenantOf({ attributes }: { readonly attributes: object }): unknown {
  return (attributes as Record<string, unknown>)['openai.trace.metadata.tenant'];
}

describe('captureMessageContent as a function', () => {
  test('decides for each of 50 users at once, on spans, events, functions and errors', async () => {
    const consenting = (caller: Caller): boolean => caller.metadata.tenant === 'acme';
    const { client, simulator, telemetry } = await startDeciding(consenting);
    const work = traced('work', async (said: string) => {
      await askStreaming(client, said);
      await client.responses.create({ model: 'gpt-4o', input: said });
      await client.embeddings.create({ model: 'missing', input: 'x' }).catch(() => undefined);
      return said;
    });

    const body = { error: { message: 'hidden of the server' } };
    for (let user = 0; user < 50; user++)
      simulator.next({ when: { path: '/embeddings' }, status: 404, body });
    await Promise.all(
      Array.from({ length: 50 }, (_, user) => {
        const tenant = user % 2 === 0 ? 'acme' : 'other';
        return withMetadata({ userId: `user-${user}`, metadata: { tenant } }, () => work(`hidden ${user}`));
      }),
    );
    await telemetry.provider.forceFlush();
    expect(telemetry.spans).toHaveLength(50 * 4);
    const shown = [...telemetry.spans, ...telemetry.logRecords].filter((one) =>
      JSON.stringify([one.attributes, 'status' in one && one.status]).includes('hidden'),
    );
    expect(new Set(shown.map(tenantOf))).toEqual(new Set(['acme']));
    for (const { attributes } of shown.filter(({ attributes }) => 'gen_ai.input.messages' in attributes))
      expect(JSON.stringify(attributes['gen_ai.input.messages'])).toContain(
        `hidden ${String(attributes['user.id']).slice('user-'.length)}`,
      );
    expect(telemetry.spans.filter((span) => tenantOf(span) === 'acme' && !shown.includes(span))).toEqual([]);
  });

  test('keeps what it refuses from hooks, the text of an error included', async () => {
    const seen: unknown[] = [];
    const completionHook = (completion: unknown): void => void seen.push(completion);
    const { client, simulator } = await openSession({
      config: { captureMessageContent: ({ userId }) => userId === 'ada', completionHook },
    });
    const askAs = (userId: string): Promise<unknown> => withMetadata({ userId }, () => ask(client));
    await askAs('grace');
    simulator.next({ status: 400, body: { error: { message: 'hidden' } } });
    await askAs('grace').catch(() => undefined);
    expect(seen).toEqual([]);
    await askAs('ada');
    expect(seen).toHaveLength(1);
  });

  test('decides about the whole of a run, which ends later, and reads no messages for it in vain', async () => {
    const paths: Record<string, string[]> = {};
    for (const tenant of ['acme', 'other']) {
      const { telemetry, run, simulator } = await startTutor({
        config: { captureMessageContent: ({ metadata }) => metadata.tenant === 'acme' },
        content: true,
        runs: [{ steps: [{ message: 'hidden answer' }] }],
      });
      await withMetadata({ metadata: { tenant } }, run);
      await telemetry.provider.shutdown();
      expect(recordedText(telemetry).includes('hidden answer')).toBe(tenant === 'acme');
      paths[tenant] = simulator.requests.map(({ method, path }) => `${method} ${path}`);
    }
    expect(paths.other?.length).toBeLessThanOrEqual(paths.acme?.length ?? 0);
  });

  test.each<[CaptureMessageContent | boolean, boolean, boolean]>([
    ['SPAN_ONLY', true, false],
    ['EVENT_ONLY', false, true],
    [true, true, true],
    [false, false, false],
  ])('may return %s', async (mode, onSpan, onEvent) => {
    const { client, telemetry } = await startDeciding(() => mode);
    await ask(client, 'hidden');
    const { spans, logRecords } = telemetry;
    expect(recordedText({ spans, logRecords: [] }).includes('hidden')).toBe(onSpan);
    expect(recordedText({ spans: [], logRecords }).includes('hidden')).toBe(onEvent);
  });

  test('sees metadata of each level, and baggage', async () => {
    const consent = vi.fn((_: Caller) => false);
    const { client } = await startDeciding(consent);
    const baggage = propagation.createBaggage({ 'tenant.id': { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () =>
      withMetadata({ sessionId: 's', tags: ['beta'], metadata: { grade: 7 } }, () =>
        withMetadata({ userId: 'u', project: 'p', environment: 'e' }, () => client.models.list()),
      ),
    );
    expect(consent).toHaveBeenCalledExactlyOnceWith({
      userId: 'u',
      sessionId: 's',
      project: 'p',
      environment: 'e',
      tags: ['beta'],
      metadata: { grade: '7' },
      baggage: { 'tenant.id': 'acme' },
    });
  });

  test('that throws, or returns a promise, withholds content, which is said once', async () => {
    const functions: (() => unknown)[] = [
      () => Promise.reject(new Error('refused')),
      async () => true,
      () => {
        throw new Error('refused');
      },
    ];
    const said: string[] = [];
    for (const consent of functions) {
      const session = await openSession({ config: { captureMessageContent: consent as () => boolean } });
      await ask(session.client, 'hidden');
      expect(recordedText(session)).not.toContain('hidden');
      said.push(...session.warnings.splice(0));
    }
    expect(said.join()).toContain('option captureMessageContent returns another value than NO_CONTENT');
  });

  test('is not asked about the calls that it makes', async () => {
    let program: Program | undefined;
    let asked = 0;
    program = await startDeciding(() => {
      asked++;
      void program?.client.models.list().catch(() => undefined);
      return true;
    });
    await program.client.models.list();
    expect(asked).toBe(1);
  });

  test('decides about the explanation of an evaluation by who records it', async () => {
    const { client, telemetry } = await startDeciding(({ userId }) => userId === 'ada');
    const { id } = await ask(client);
    for (const userId of ['ada', 'bob'])
      withMetadata({ userId }, () =>
        recordEvaluation({ responseId: id, name: 'quality', explanation: `hidden of ${userId}` }),
      );
    expect(recordedText(telemetry)).toContain('hidden of ada');
    expect(recordedText(telemetry)).not.toContain('hidden of bob');
  });
});

test('a completion hook sees the caller of each operation, those of a run included', async () => {
  const users = new Set<unknown>();
  const { telemetry, run } = await startTutor({
    config: { completionHook: ({ caller }) => users.add(caller.userId) },
    runs: [{ steps: [{ message: 'x' }] }],
  });
  users.clear();
  await withMetadata({ userId: 'ada' }, run);
  await telemetry.provider.shutdown();
  expect([...users]).toEqual(['ada']);
});
