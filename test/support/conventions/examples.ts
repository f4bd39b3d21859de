/** One span of each kind, metrics and log records as they should be. */
import type { CheckedLogRecord, CheckedMetric, CheckedSpan } from './check.ts';

const server = { 'server.address': 'api.openai.com', 'server.port': 443 };
const ids = { 'gen_ai.conversation.id': 'thread_1', 'openai.thread.id': 'thread_1' };

function span(name: string, kind: number, attributes: Record<string, unknown>): CheckedSpan {
  return { name, kind, attributes, status: { code: 0 }, events: [], links: [] };
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

export const threadSpan: CheckedSpan = span('thread', 0, {
  ...ids,
  'gen_ai.provider.name': 'openai',
  'openai.total.input_tokens': 381,
  'openai.total.output_tokens': 88,
  'openai.total.runs': 1,
});

/** A polled run whose steps carry its usage. */
export const runSpan: CheckedSpan = {
  ...span('invoke_agent Math Tutor', 2, {
    ...server,
    ...ids,
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': 'openai',
    'gen_ai.agent.id': 'asst_1',
    'gen_ai.agent.name': 'Math Tutor',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.response.finish_reasons': ['stop'],
    'openai.api.type': 'assistants',
    'openai.assistant.id': 'asst_1',
    'openai.run.id': 'run_1',
    'openai.run.status': 'completed',
    'openai.run.poll_count': 3,
    'openai.total.input_tokens': 381,
    'openai.total.output_tokens': 88,
  }),
  events: [
    {
      name: 'openai.run.request',
      attributes: {
        'http.request.method': 'GET',
        'url.template': '/threads/{thread_id}/runs/{run_id}',
        'http.response.status_code': 500,
        'error.type': 'server_error',
      },
    },
  ],
};

export const stepSpan: CheckedSpan = span('chat gpt-4o-mini', 2, {
  ...server,
  ...ids,
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'gen_ai.response.id': 'step_1',
  'gen_ai.response.finish_reasons': ['tool_calls'],
  'gen_ai.usage.input_tokens': 154,
  'gen_ai.usage.output_tokens': 62,
  'openai.api.type': 'assistants',
  'openai.run.id': 'run_1',
  'openai.step.id': 'step_1',
  'openai.step.type': 'tool_calls',
  'openai.step.status': 'completed',
});

export const toolSpan: CheckedSpan = span('execute_tool get_weather', 0, {
  ...ids,
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.provider.name': 'openai',
  'gen_ai.tool.name': 'get_weather',
  'gen_ai.tool.type': 'function',
  'gen_ai.tool.call.id': 'call_1',
  'gen_ai.tool.call.arguments': '{"city":"Paris"}',
  'openai.tool.type': 'function',
  'openai.run.id': 'run_1',
  'openai.step.id': 'step_1',
});

export const chatSpan: CheckedSpan = span('chat gpt-4o', 2, {
  ...server,
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.request.temperature': 1,
  'gen_ai.response.id': 'chatcmpl-1',
  'gen_ai.response.model': 'gpt-4o-2024-08-06',
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.usage.input_tokens': 10,
  'gen_ai.usage.output_tokens': 5,
  'gen_ai.usage.cache_read.input_tokens': 4,
  'openai.api.type': 'chat_completions',
  'openai.request.id': 'req_1',
  'openai.trace.metadata.grade': '7',
});

export const apiSpan: CheckedSpan = span('GET /vector_stores/{vector_store_id}', 2, {
  ...server,
  'http.request.method': 'GET',
  'url.template': '/vector_stores/{vector_store_id}',
  'http.response.status_code': 200,
  'gen_ai.provider.name': 'openai',
  'openai.vector_store.id': 'vs_abc123',
});

export const attemptSpan: CheckedSpan = {
  ...span('attempt', 0, {
    'http.request.resend_count': 1,
    'http.response.status_code': 429,
    'openai.retry.delay': 0.5,
    'error.type': 'rate_limit_exceeded',
  }),
  status: { code: 2 },
};

const boundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
export const durationMetric: CheckedMetric = {
  descriptor: { name: 'gen_ai.client.operation.duration', unit: 's', valueType: 1 },
  dataPointType: 0,
  dataPoints: [
    {
      attributes: { ...server, 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' },
      value: { sum: 0.4, min: 0.4, max: 0.4, count: 1, buckets: { boundaries, counts: [] } },
    },
  ],
};

export const tokenMetric: CheckedMetric = {
  descriptor: { name: 'gen_ai.client.token.usage', unit: '{token}', valueType: 0, type: 'HISTOGRAM' },
  dataPoints: [
    {
      attributes: {
        ...server,
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.token.type': 'input',
      },
      value: { sum: 10, min: 10, max: 10, count: 1 },
    },
  ],
};

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
