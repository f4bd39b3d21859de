import { describe, expect, it } from 'vitest';
import {
  type CheckedLogRecord,
  type CheckedMetric,
  type CheckedSpan,
  checkLogRecord,
  checkMetric,
  checkSpan,
} from './check.ts';
import {
  apiSpan,
  attemptSpan,
  change,
  chatSpan,
  detailsRecord,
  durationMetric,
  exceptionRecord,
  runSpan,
  stepSpan,
  threadSpan,
  tokenMetric,
  toolSpan,
} from './examples.ts';

/** What only an answer has. */
const noAnswer = {
  'gen_ai.usage.input_tokens': undefined,
  'gen_ai.usage.output_tokens': undefined,
  'gen_ai.usage.cache_read.input_tokens': undefined,
  'gen_ai.response.id': undefined,
  'gen_ai.response.model': undefined,
  'gen_ai.response.finish_reasons': undefined,
};

const OUTPUT = 'gen_ai.output.messages';

function message(part: object, finish_reason: string = 'stop'): Record<string, unknown> {
  return { [OUTPUT]: JSON.stringify([{ role: 'assistant', parts: [part], finish_reason }]) };
}

function requestEvent(attributes: Record<string, unknown>): CheckedSpan {
  return { ...runSpan, events: [{ name: 'openai.run.request', attributes }] };
}

describe('a finding is', () => {
  it.each<[changed: Record<string, unknown>, finding: string]>([
    [{ 'openai.nonsense': 1 }, 'openai.nonsense is in no registry'],
    [{ 'openai.trace.metadata': 'x' }, 'openai.trace.metadata is in no registry'],
    [{ 'openai.run.poll_count': 1 }, 'openai.run.poll_count is not listed for openai.chat.client'],
    [{ 'gen_ai.usage.output_tokens': 1.5 }, 'gen_ai.usage.output_tokens is the number 1.5, should be int'],
    [{ 'gen_ai.usage.output_tokens': -1 }, 'gen_ai.usage.output_tokens is negative'],
    [{ 'openai.request.id': 7 }, 'openai.request.id is the number 7, should be string'],
    [
      { 'gen_ai.request.temperature': Number.NaN },
      'gen_ai.request.temperature is the number NaN, should be double',
    ],
    [{ 'openai.response.parsed': 'no' }, 'openai.response.parsed is the string "no", should be boolean'],
    [
      { 'gen_ai.response.finish_reasons': 'stop' },
      'gen_ai.response.finish_reasons is the string "stop", should be string[]',
    ],
    [{ 'openai.trace.metadata.grade': 7 }, 'openai.trace.metadata.grade is the number 7, should be string'],
    [{ 'gen_ai.provider.name': undefined }, 'gen_ai.provider.name is missing (required)'],
    [
      { 'gen_ai.usage.input_tokens': undefined, 'gen_ai.usage.cache_read.input_tokens': undefined },
      'gen_ai.usage.input_tokens is missing (recommended)',
    ],
    [
      { 'gen_ai.operation.name': 'talk' },
      'gen_ai.operation.name is "talk", which is no operation of the conventions',
    ],
    [
      { 'openai.stream.end': 'done' },
      'openai.stream.end is the string "done", should be one of completed, cut, cancelled, aborted, abandoned, error',
    ],
    [{ 'error.type': 'x' }, 'error.type without status ERROR'],
    [{ 'server.port': undefined }, 'server.port is missing beside server.address'],
    [
      { 'gen_ai.usage.cache_read.input_tokens': 11 },
      'gen_ai.usage.cache_read.input_tokens is more than gen_ai.usage.input_tokens',
    ],
    [{ 'gen_ai.request.stream': false }, 'gen_ai.request.stream is set for streamed answers only'],
    [
      { 'gen_ai.response.time_to_first_chunk': 0.1 },
      'gen_ai.response.time_to_first_chunk is set for streamed answers only',
    ],
    [
      { 'gen_ai.response.finish_reasons': ['tool_call'] },
      'gen_ai.response.finish_reasons has the spelling of the API: tool_calls',
    ],
    [{ [OUTPUT]: '[{"role"' }, 'gen_ai.output.messages is not valid JSON'],
    [
      { [OUTPUT]: '[{"role":"assistant"}]' },
      "gen_ai.output.messages does not match gen-ai-output-messages.json: /0 must have required property 'parts'",
    ],
    [
      { 'gen_ai.tool.definitions': '[{"type":"function","function":{"name":"add"}}]' },
      "gen_ai.tool.definitions does not match gen-ai-tool-definitions.json: /0 must have required property 'name'",
    ],
    [message({ type: 'txt' }), 'gen_ai.output.messages has a part of the unknown type "txt"'],
    [
      { 'gen_ai.system_instructions': '[{"type":"txt","content":"x"}]' },
      'gen_ai.system_instructions has a part of the unknown type "txt"',
    ],
    [
      message({ type: 'text', content: '4' }, 'tool_calls'),
      'gen_ai.output.messages has the unknown finish reason "tool_calls"',
    ],
  ])('of a chat completion with %j: %s', (changed, finding) => {
    expect(checkSpan(change(chatSpan, changed))).toEqual([`chat gpt-4o: ${finding}`]);
  });

  it.each<[finding: string, span: CheckedSpan]>([
    ['kind is internal, should be client', { ...chatSpan, kind: 0 }],
    ['kind is client, should be internal', { ...toolSpan, kind: 2 }],
    ['name should be "chat gpt-4o"', { ...chatSpan, name: 'chat' }],
    ['name should be "invoke_agent"', change(runSpan, { 'gen_ai.agent.name': undefined })],
    ['name should be thread or conversation or session', { ...threadSpan, name: 'my thread' }],
    ['status is OK, which is for the program to set', { ...chatSpan, status: { code: 1 } }],
    ['error.type is missing beside status ERROR', { ...chatSpan, status: { code: 2 } }],
    ['server.port without server.address', change(threadSpan, { 'server.address': undefined })],
    [
      'gen_ai.usage.input_tokens is not listed for openai.execute_tool.internal',
      change(toolSpan, { 'gen_ai.usage.input_tokens': 1 }),
    ],
    [
      'gen_ai.tool.call.arguments should be a JSON string',
      change(toolSpan, { 'gen_ai.tool.call.arguments': { city: 'Paris' } }),
    ],
    [
      'gen_ai.request.seed is not listed for openai.step.client',
      change(stepSpan, { 'gen_ai.request.seed': 1 }),
    ],
    ['openai.run.id is missing (required)', change(stepSpan, { 'openai.run.id': undefined })],
    [
      'gen_ai.response.finish_reasons is missing (recommended)',
      change(runSpan, { 'gen_ai.response.finish_reasons': undefined }),
    ],
    [
      'url.template has "vs_abc123", which looks like a concrete value',
      change(
        apiSpan,
        { 'url.template': '/vector_stores/vs_abc123', 'openai.vector_store.id': undefined },
        { name: 'GET /vector_stores/vs_abc123' },
      ),
    ],
    [
      'name contains the value of openai.file.id',
      change(
        apiSpan,
        { 'url.template': '/files/report', 'openai.file.id': 'report' },
        { name: 'GET /files/report' },
      ),
    ],
    [
      'url.template does not begin with a slash',
      change(apiSpan, { 'url.template': 'files' }, { name: 'GET files' }),
    ],
    [
      'server.address is missing (recommended)',
      change(chatSpan, {
        ...noAnswer,
        'openai.response.parsed': false,
        'server.address': undefined,
        'server.port': undefined,
      }),
    ],
    ['event exception is in no registry', { ...chatSpan, events: [{ name: 'exception' }] }],
    [
      'event openai.run.request: openai.cost is not listed for openai.run.request',
      requestEvent({ 'http.request.method': 'GET', 'url.template': '/x', 'openai.cost': 1 }),
    ],
    [
      'event openai.run.request: url.template is missing (required)',
      requestEvent({ 'http.request.method': 'GET' }),
    ],
  ])('%s', (finding, span) => {
    expect(checkSpan(span)).toEqual([`${span.name}: ${finding}`]);
  });
});

describe('without consent', () => {
  const withoutContent = { content: false };

  it.each([
    'gen_ai.input.messages',
    'gen_ai.output.messages',
    'gen_ai.system_instructions',
    'gen_ai.tool.definitions',
    'gen_ai.agent.description',
    'gen_ai.request.stop_sequences',
    'gen_ai.prompt.variable.city',
    'gen_ai.retrieval.query.text',
    'openai.trace.input',
  ])('%s is found, on a span and on an event', (name) => {
    const finding = `${name} is content, which is not allowed here`;
    const withEvent = requestEvent({ [name]: '[]' });
    expect(checkSpan(change(chatSpan, { [name]: '' }), withoutContent)).toContain(`chat gpt-4o: ${finding}`);
    expect(checkSpan(withEvent, withoutContent)).toContain(
      `invoke_agent Math Tutor: event openai.run.request: ${finding}`,
    );
  });

  it("a provider's message, and the content of log records are found", () => {
    const quoting = change(attemptSpan, {}, { status: { code: 2, message: 'You said …' } });
    const exception = changed(exceptionRecord, { 'exception.message': 'You said …' });
    expect([
      ...checkSpan(quoting, withoutContent),
      ...checkLogRecord(exception, withoutContent),
      ...checkLogRecord(detailsRecord, withoutContent),
    ]).toEqual([
      'attempt: status has a message, which may echo input',
      'gen_ai.client.operation.exception: exception.message is content, which is not allowed here',
      'gen_ai.client.inference.operation.details: gen_ai.input.messages is content, which is not allowed here',
    ]);
  });
});

describe('of a metric', () => {
  const described = (metric: CheckedMetric, more: object): CheckedMetric => ({
    ...metric,
    descriptor: { ...metric.descriptor, ...more },
  });
  /** `undefined` takes an attribute away. */
  const measured = (metric: CheckedMetric, more: object, changedValue?: object): CheckedMetric => ({
    ...metric,
    dataPoints: metric.dataPoints.map(({ attributes, value }) => ({
      attributes: JSON.parse(JSON.stringify({ ...attributes, ...more })),
      value: changedValue ?? value,
    })),
  });
  it.each<[finding: string, metric: CheckedMetric]>([
    ['is in no registry', described(tokenMetric, { name: 'openai.tokens' })],
    ['unit is ms, should be s', described(durationMetric, { unit: 'ms' })],
    ['value type is double, should be int', described(tokenMetric, { valueType: 1 })],
    ['instrument is counter, should be histogram', { ...durationMetric, dataPointType: 3 }],
    ['instrument is counter, should be histogram', described(tokenMetric, { type: 'COUNTER' })],
    [
      'buckets is 1,2, should be 0.01,0.02,0.04,0.08,0.16,0.32,0.64,1.28,2.56,5.12,10.24,20.48,40.96,81.92',
      measured(durationMetric, {}, { sum: 1, buckets: { boundaries: [1, 2] } }),
    ],
    ['has the value 1.5, should be int', measured(tokenMetric, {}, { sum: 1.5, min: 1 })],
    ['has the negative value -1', measured(durationMetric, {}, { sum: 1, min: -1 })],
    [
      'openai.thread.id is not listed for gen_ai.client.token.usage',
      measured(tokenMetric, { 'openai.thread.id': 'thread_1' }),
    ],
    ['gen_ai.token.type is missing (required)', measured(tokenMetric, { 'gen_ai.token.type': undefined })],
  ])('%s', (finding, metric) => {
    expect(checkMetric(metric)).toEqual([`${metric.descriptor.name}: ${finding}`]);
  });
});

function changed(record: CheckedLogRecord, attributes: Record<string, unknown>): CheckedLogRecord {
  return { ...record, attributes: { ...record.attributes, ...attributes } };
}

describe('of a log record', () => {
  it.each<[finding: string, record: CheckedLogRecord]>([
    ['is in no registry', { ...exceptionRecord, eventName: 'gen_ai.choice' }],
    ['severity is 17, should be 13', { ...exceptionRecord, severityNumber: 17 }],
    ['openai.nonsense is in no registry', changed(exceptionRecord, { 'openai.nonsense': 1 })],
    [
      'gen_ai.operation.name is missing (recommended)',
      { ...exceptionRecord, attributes: { 'exception.type': 'Error', 'error.type': 'x' } },
    ],
    [
      'exception.type and exception.message are both missing',
      { ...exceptionRecord, attributes: { 'error.type': 'x' } },
    ],
    [
      'gen_ai.provider.name is missing (required)',
      { ...detailsRecord, attributes: { 'gen_ai.operation.name': 'chat' } },
    ],
    [
      'gen_ai.provider.name is missing (required)',
      {
        ...detailsRecord,
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'get_weather' },
      },
    ],
    [
      'gen_ai.input.messages is a string, should be structured',
      changed(detailsRecord, { 'gen_ai.input.messages': '[]' }),
    ],
    [
      "gen_ai.input.messages does not match gen-ai-input-messages.json: /0 must have required property 'parts'",
      changed(detailsRecord, { 'gen_ai.input.messages': [{ role: 'user' }] }),
    ],
  ])('%s', (finding, record) => {
    expect(checkLogRecord(record)).toContain(`${record.eventName}: ${finding}`);
  });
});
