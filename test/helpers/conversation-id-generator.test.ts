import { context } from '@opentelemetry/api';
import { type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import {
  ConversationIdGenerator,
  type IdGenerator,
  traceIdOf,
} from '../../src/helpers/conversation-id-generator.ts';
import { conversationIdChannel } from '../../src/hierarchy/conversations/conversation-id.ts';
import type { Program } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';

/** Other tests of this process derive nothing. */
afterEach(() => {
  conversationIdChannel.value.used = false;
});

/** Another process: a client of the same API with a memory of its own. */
function otherProcess({ simulator }: Pick<Program, 'simulator'>): OpenAI {
  return instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 }), {
    cost: false,
  });
}

describe('ConversationIdGenerator', () => {
  it('gives the traces of a thread the same id in every process, and leaves all other ids to the inner generator', async () => {
    const given = countingGenerator();
    const { assistantId, threadId, ...program } = await startTutor({
      runs: [{}, {}],
      idGenerator: new ConversationIdGenerator(given),
      config: { conversationIdleTimeout: 0 },
    });
    for (const client of [program.client, otherProcess(program)]) {
      await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
      await program.telemetry.provider.forceFlush();
    }
    await program.client.models.list();
    await program.telemetry.provider.shutdown();
    const { spans } = program.telemetry;
    const traceIdsOf = (word: string): string[] =>
      spans.filter(({ name }) => name.startsWith(word)).map((span) => span.spanContext().traceId);
    const derived = traceIdOf(threadId);
    expect(traceIdsOf('invoke_agent')).toEqual([derived, derived]);
    for (const id of [...traceIdsOf('set-up'), ...traceIdsOf('GET /models')]) expect(given.ids).toContain(id);
    for (const span of spans) expect(given.ids).toContain(span.spanContext().spanId);
  });

  it('distributes trace ids evenly, as ratio samplers require', () => {
    const sampler = new TraceIdRatioBasedSampler(0.25);
    const ids = Array.from({ length: 4_000 }, (_, index) => traceIdOf(`thread_${index}`));
    const sampled = ids.filter((id) => isSampled(sampler, id)).length;
    expect(sampled / ids.length).toBeGreaterThan(0.23);
    expect(sampled / ids.length).toBeLessThan(0.27);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

function isSampled(sampler: Sampler, traceId: string): boolean {
  return sampler.shouldSample(context.active(), traceId, 'thread', 0, {}, []).decision === 2;
}

/** A generator of another kind, as programs have for their backend. */
function countingGenerator(): IdGenerator & { readonly ids: readonly string[] } {
  const ids: string[] = [];
  const next = (length: number): string => {
    const id = `c${String(ids.length + 1).padStart(length - 1, '0')}`;
    ids.push(id);
    return id;
  };
  return { ids, generateTraceId: () => next(32), generateSpanId: () => next(16) };
}
