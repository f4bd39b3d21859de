import { expect, test } from 'vitest';
import { traceIdOf } from '../../src/helpers/conversation-id-generator.ts';
import { runProgram } from '../support/lanes/program.ts';

/** Works on forty threads without an active span, and prints the trace of each that was sampled. */
const PROGRAM = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConversationIdGenerator, OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

const traces = {};
const nothing = { forceFlush: async () => {}, shutdown: async () => {} };
const onEnd = (span) => { traces[span.attributes['openai.thread.id']] = span.spanContext().traceId; };
const sdk = new NodeSDK({
  idGenerator: new ConversationIdGenerator(),
  instrumentations: [new OpenAIInstrumentation({ runSteps: 'off' })],
  spanProcessors: [{ ...nothing, onStart: () => {}, onEnd }],
});
sdk.start();
const { default: OpenAI } = await import('openai');
const fetch = async (url) => {
  const thread_id = String(url).match(/thread_[0-9]+/)[0];
  const run = { id: 'run_' + thread_id, object: 'thread.run', status: 'completed', thread_id };
  return new Response(JSON.stringify(run), { headers: { 'content-type': 'application/json' } });
};
const client = new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 });
for (let index = 0; index < 40; index++)
  await client.beta.threads.runs.create('thread_' + index, { assistant_id: 'asst_1' });
await sdk.shutdown();
console.log(JSON.stringify(traces));
`;

async function sampledThreads(lane: string): Promise<Record<string, string>> {
  const { stdout } = await runProgram({
    lane,
    source: { format: 'mjs', text: PROGRAM },
    env: {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
}

test.each(['clean-sdk-2-node', 'clean-sdk-3-node'])(
  'with %s, all processes record the same threads in the same traces',
  async (lane) => {
    const first = await sampledThreads(lane);
    const ids = Object.keys(first);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(40);
    expect(first).toEqual(Object.fromEntries(ids.map((id) => [id, traceIdOf(id)])));
    expect(await sampledThreads(lane)).toEqual(first);
  },
);
