import { beforeAll, describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { checkSpan } from '../support/conventions/check.ts';
import { isOurs, type ProgramOutcome, runProgram, type WrittenSpan } from '../support/lanes/program.ts';
import { startSimulator } from '../support/simulator/index.ts';
import { DOUBLE_LANES } from './lanes.ts';

/** One file sets up the SDK and ours. */
const SET_UP = "require('./sdk-2.cjs');";

const PROGRAM = `
  const { trace } = require('@opentelemetry/api');
  const OpenAI = require('openai');
  const { doctor } = require('opentelemetry-instrumentation-openai');
  const { writeResult } = require('./write.cjs');

  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

  trace.getTracer('program').startActiveSpan('program', async (span) => {
    await client.chat.completions.create(chat);
    const stream = await client.chat.completions.create({
      ...chat, stream: true, stream_options: { include_usage: true },
    });
    for await (const _ of stream);
    await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' });
    await client.models.list();
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
    const thread = await client.beta.threads.create();
    await client.beta.threads.runs.createAndPoll(
      thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 1 },
    );
    span.end();
    writeResult(doctor());
  });
`;

const ROWS = DOUBLE_LANES.flatMap(({ name: lane, others }) =>
  others.flatMap((other) => (['before', 'after'] as const).map((order) => ({ lane, other, order }))),
);

describe.each(ROWS)('$other, registered $order ours', ({ lane, other, order }) => {
  let outcome: ProgramOutcome;
  beforeAll(async () => {
    const simulator = await startSimulator({ runs: [{}] });
    simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
    // As `registerInstrumentations` does: theirs cannot count before it was handed a provider.
    const theirs = `(new (require('${other}').OpenAIInstrumentation)()).setMeterProvider(require('@opentelemetry/api').metrics.getMeterProvider());`;
    const both = order === 'before' ? [theirs, SET_UP] : [SET_UP, theirs];
    const text = [...both, PROGRAM].join('\n');
    outcome = await runProgram({
      lane,
      source: { format: 'cjs', text },
      env: { BASE_URL: simulator.url },
    });
    await simulator.close();
  }, 60_000);

  test('each call has one inference span: theirs if they create one, with our attempts below', () => {
    const [chat = '', embeddings = ''] = namesOf(other);
    assertSpanTree(
      outcome.spans,
      `
      program
      ├─ ${chat}
      │  ├─ attempt  !500
      │  └─ attempt
      ├─ ${chat}
      ├─ ${embeddings}
      ├─ GET /models
      ├─ create_agent Tutor
      ├─ POST /threads
      └─ thread
         └─ invoke_agent Tutor
            └─ chat gpt-4o
      `,
    );
    const inferences = outcome.spans.filter(
      (span) => [chat, embeddings].includes(span.name) && !isStep(span),
    );
    expect(inferences.map(isOurs)).toEqual([false, false, other === '@traceloop/instrumentation-openai']);
  });

  test('all other calls are recorded according to the conventions', () => {
    const ours = outcome.spans.filter(isOurs);
    expect(ours.flatMap((span) => checkSpan(span, { content: false }))).toEqual([]);
  });

  test('their span gets what only we see: the request id and the number of retries', () => {
    const [first] = outcome.spans.filter((span) => !isOurs(span));
    expect(first?.attributes).toMatchObject({ 'http.request.resend_count': 1 });
    expect(first?.attributes['openai.request.id']).toMatch(/^req_/);
  });

  test('each call is counted once', () => {
    expect(callsIn('gen_ai.client.operation.duration')).toEqual({
      chat: 2,
      embeddings: 1,
      invoke_agent: 1,
      create_agent: 1,
    });
    expect(callsIn('gen_ai.client.token.usage')).toMatchObject({ chat: 4, embeddings: 1 });
  });

  test('the doctor names it, and the line that disables it', () => {
    expect(outcome.result).toContainEqual(
      expect.objectContaining({
        code: 'other_instrumentation',
        message: expect.stringContaining(other),
        action: expect.stringContaining(other),
      }),
    );
  });

  function callsIn(metric: string): Record<string, number> {
    const calls: Record<string, number> = {};
    for (const { descriptor, dataPoints } of outcome.metrics) {
      if (descriptor.name !== metric) continue;
      for (const { attributes, value } of dataPoints) {
        const operation = String(attributes['gen_ai.operation.name']);
        calls[operation] = (calls[operation] ?? 0) + (value as { count: number }).count;
      }
    }
    return calls;
  }
});

/** How the other instrumentation names its spans of a chat completion and of embeddings. */
function namesOf(other: string): string[] {
  return other.startsWith('@arizeai')
    ? ['OpenAI Chat Completions', 'OpenAI Embeddings']
    : ['chat gpt-4o', 'embeddings text-embedding-3-small'];
}

function isStep({ attributes }: WrittenSpan): boolean {
  return 'openai.step.id' in attributes;
}
