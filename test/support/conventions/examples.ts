/** One span of each kind, metrics and log records as a program records them: none of them breaks a rule. */

import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/client.ts';
import { forgetMetricSeries, forgetObservers } from '../process-state.ts';
import { startSimulator } from '../simulator/index.ts';
import { recordTelemetry } from '../telemetry.ts';
import type { CheckedLogRecord, CheckedMetric, CheckedSpan } from './check.ts';

forgetMetricSeries();
forgetObservers();
const telemetry = recordTelemetry();
const simulator = await startSimulator({
  runs: [{ steps: [{ tools: [{ codeInterpreter: { input: '1 + 1' } }] }, { message: '2' }] }],
});
const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 1 }), {
  cost: false,
});
simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
await client.chat.completions.create({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: '2 + 2?' }],
  prompt_cache_key: 'sums',
});
await client.vectorStores.retrieve('vs_abc123');
const { id } = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
await client.beta.threads.createAndRunPoll({ assistant_id: id });
const metrics = await telemetry.metrics();
await telemetry.verify();
await simulator.close();

function found<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error('It was not recorded.');
  return item;
}

function spanNamed(name: string): CheckedSpan {
  const { kind, attributes, status, events, links } = found(
    telemetry.spans.find((span) => span.name === name),
  );
  return { name, kind, attributes, status, events, links };
}

/** With one point. */
function metricNamed(name: string): CheckedMetric {
  const { descriptor, dataPoints } = found(metrics.find((metric) => metric.descriptor.name === name));
  return { descriptor, dataPoints: dataPoints.slice(0, 1) };
}

/** A copy with other attributes; `undefined` takes one away. */
export function change(
  original: CheckedSpan,
  attributes: Record<string, unknown>,
  rest: Partial<CheckedSpan> = {},
): CheckedSpan {
  const merged = Object.entries({ ...original.attributes, ...attributes });
  return {
    ...original,
    ...rest,
    attributes: Object.fromEntries(merged.filter(([, value]) => value !== undefined)),
  };
}

export const threadSpan: CheckedSpan = spanNamed('thread');
export const runSpan: CheckedSpan = spanNamed('invoke_agent Math Tutor');
export const stepSpan: CheckedSpan = spanNamed('chat gpt-4o-mini');
export const toolSpan: CheckedSpan = spanNamed('execute_tool code_interpreter');
export const chatSpan: CheckedSpan = spanNamed('chat gpt-4o');
export const apiSpan: CheckedSpan = spanNamed('GET /vector_stores/{vector_store_id}');
export const attemptSpan: CheckedSpan = spanNamed('attempt');
export const durationMetric: CheckedMetric = metricNamed('gen_ai.client.operation.duration');
export const tokenMetric: CheckedMetric = metricNamed('gen_ai.client.token.usage');

export const exceptionRecord: CheckedLogRecord = {
  eventName: 'gen_ai.client.operation.exception',
  severityNumber: 13,
  attributes: {
    'exception.type': 'RateLimitError',
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'error.type': 'rate_limit_exceeded',
  },
};

/** The event has the attributes of the span, and content as structured values. */
export const detailsRecord: CheckedLogRecord = {
  eventName: 'gen_ai.client.inference.operation.details',
  severityNumber: 5,
  attributes: {
    ...chatSpan.attributes,
    'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: '2 + 2?' }] }],
  },
};
