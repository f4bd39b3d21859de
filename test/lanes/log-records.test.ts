import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/lanes/program.ts';

/** Starts `NodeSDK` with a logger after the instrumentation was made, as programs do, and prints what it recorded. */
const PROGRAM = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

const records = [];
const nothing = { forceFlush: async () => {}, shutdown: async () => {} };
const sdk = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation({ captureMessageContent: 'EVENT_ONLY' })],
  spanProcessors: [{ ...nothing, onStart: () => {}, onEnd: () => {} }],
  logRecordProcessors: [{ ...nothing, onEmit: (record) => records.push(record) }],
});
sdk.start();
const { default: OpenAI } = await import('openai');
const answer = { id: 'chatcmpl_1', object: 'chat.completion', model: 'm', choices: [
  { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } },
] };
let status = 200;
const fetch = async () => new Response(JSON.stringify(status === 200 ? answer : {}), {
  status, headers: { 'content-type': 'application/json' },
});
const client = new OpenAI({ apiKey: 'test', fetch, maxRetries: 0 });
const request = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
await client.chat.completions.create(request);
status = 400;
await client.chat.completions.create(request).catch(() => undefined);
await sdk.shutdown();
console.log(JSON.stringify(records.map(({ eventName, severityNumber, spanContext, attributes }) => ({
  eventName, severityNumber, correlated: spanContext?.traceId.length === 32, input: attributes['gen_ai.input.messages'],
}))));
`;

const INPUT = [{ role: 'user', parts: [{ type: 'text', content: 'Hello' }] }];
const DETAILS = {
  eventName: 'gen_ai.client.inference.operation.details',
  severityNumber: 5,
  correlated: true,
  input: INPUT,
};

describe('events are log records of the provider that NodeSDK registers', () => {
  test.each([
    ['clean-sdk-2-node', '@opentelemetry/api-logs'],
    ['clean-sdk-3-node', '@opentelemetry/api'],
  ])('%s, with %s', async (lane) => {
    const { stdout } = await runProgram({
      lane,
      source: { format: 'mjs', text: PROGRAM },
      env: { OTEL_METRICS_EXPORTER: 'none' },
    });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual([
      DETAILS,
      DETAILS,
      { eventName: 'gen_ai.client.operation.exception', severityNumber: 13, correlated: true },
    ]);
  });
});
