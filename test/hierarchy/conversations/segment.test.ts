import { context, type Span, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { FinishedSpan } from '../../../src/testing.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';

const IDLE = { conversationIdleTimeout: 20 } as const;

/** Below a span, as a server is that has answered a request and goes on with its work. */
function below<Result>(span: Span, run: () => Promise<Result>): Promise<Result> {
  return context.with(trace.setSpan(context.active(), span), run);
}

/** Keeps the spans: a conversation also ends when the span around it is collected. */
const ended: Span[] = [];

function endedSpan(): Span {
  const span = trace.getTracer('program').startSpan('request');
  span.end();
  ended.push(span);
  return span;
}

async function isIdle({ telemetry }: Pick<Program, 'telemetry'>): Promise<void> {
  await expect.poll(() => telemetry.openSpans).toEqual([]);
}

/** Records what is done below the program's spans, but not these. */
const DROPS_REQUESTS: Sampler = {
  shouldSample: (_, _traceId, name) => ({
    decision: name === 'request' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
};

describe('a conversation that is used below a span that has ended', () => {
  it('ends when it is idle, and the next use is linked to it', async () => {
    const tutor = await startTutor({ runs: [{}], config: IDLE });
    const { client, threadId, telemetry } = tutor;
    const request = endedSpan();
    await below(request, tutor.run);
    await isIdle(tutor);
    const say = () => client.beta.threads.messages.create(threadId, { role: 'user', content: 'And y?' });
    await below(request, say);
    await isIdle(tutor);
    await tutor.expectTree(`
      request
      ├─ thread                                  openai.total.runs=1 openai.total.user_messages=1
      │  └─ invoke_agent Math Tutor              openai.total.user_messages=1 openai.run.status=completed
      │     └─ chat gpt-4o-mini
      └─ thread                                  openai.total.runs=1 openai.total.user_messages=2
         └─ POST /threads/{thread_id}/messages
    `);
    const [, first, second] = telemetry.spans.filter(({ name }) => name === 'thread');
    expect(second?.links.map(({ context: { spanId } }) => spanId)).toEqual([first?.spanContext().spanId]);
    const lastUse = telemetry.spans.find(({ name }) => name.startsWith('POST /threads/'));
    expect(endOf(second)).toBe(endOf(lastUse));
  });

  it('ends when it is idle, if its span is always wanted', async () => {
    const program = await startProgram({ config: { ...IDLE, conversationSpans: 'always' } });
    const { client } = program;
    await below(endedSpan(), async () => {
      const { id } = await client.conversations.create();
      await client.responses.create({ model: 'gpt-4o-mini', conversation: id, input: 'What is x?' });
    });
    await isIdle(program);
    await program.expectTree(`
      request
      ├─ POST /conversations
      └─ conversation
         └─ chat gpt-4o-mini
    `);
  });

  it('ends when it is idle, below a span that was not sampled', async () => {
    const program = await startProgram({ config: IDLE, sampler: DROPS_REQUESTS });
    await below(endedSpan(), () => program.client.beta.threads.create());
    await isIdle(program);
    const names = program.telemetry.spans.map(({ name }) => name);
    expect(names).toEqual(['POST /threads', 'thread']);
  });

  it('ends when it is idle, below a copy of the span that only has its ids', async () => {
    const program = await startProgram({ config: IDLE });
    const copy = trace.wrapSpanContext(endedSpan().spanContext());
    ended.push(copy);
    await below(copy, () => program.client.beta.threads.create());
    await isIdle(program);
    await program.expectTree(`
      request
      ├─ POST /threads
      └─ thread
    `);
  });
});

it('a conversation below a span that is not sampled ends with that span', async () => {
  const program = await startProgram({ sampler: DROPS_REQUESTS });
  await program.inSpan(() => program.client.beta.threads.create(), 'request');
  expect(program.telemetry.openSpans).toEqual([]);
  expect(program.telemetry.spans.map(({ name }) => name)).toEqual(['POST /threads', 'thread']);
});

/** Milliseconds. */
function endOf(span: FinishedSpan | undefined): number {
  return span === undefined ? Number.NaN : span.endTime[0] * 1e3 + span.endTime[1] / 1e6;
}
