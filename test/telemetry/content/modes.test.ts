import { logs } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { ask } from '../../support/ask.ts';
import { startProgram } from '../../support/program.ts';
import { CASES, contentOf, DETAILS, record, recordsOf } from './operations.ts';

// That nothing is where the mode does not put it is a matter of the canaries.
describe.each(CASES)('the content of $title', (one) => {
  test('is the same on span and event, as JSON on the span and as values on the event', async () => {
    const { telemetry } = await record(one, 'SPAN_AND_EVENT');
    const onSpans = contentOf(telemetry.spans, one);
    const onEvents = contentOf(telemetry.logRecords, one);
    expect(Object.keys(onSpans).sort()).toEqual([...one.content].sort());
    expect(Object.keys(onEvents).sort()).toEqual([...one.content].sort());
    for (const [name, value] of Object.entries(onEvents)) {
      const json = typeof value === 'object' && !name.endsWith('stop_sequences');
      expect(json ? JSON.parse(String(onSpans[name])) : onSpans[name]).toEqual(value);
    }
  });

  // What is not sampled is not read in the background either: there is no such content then.
  const sampledOnly = one.readInBackground === true;
  test(`is ${sampledOnly ? 'not ' : ''}on the event where the trace is not sampled`, async () => {
    const { telemetry } = await record(one, 'SPAN_AND_EVENT', { sampler: new AlwaysOffSampler() });
    expect(telemetry.spans.filter((span) => span.attributes['gen_ai.operation.name'])).toEqual([]);
    expect(Object.keys(contentOf(telemetry.logRecords, one)).length > 0).toBe(!sampledOnly);
  });

  test('belongs to its own span', async () => {
    const program = await record(one, 'EVENT_ONLY');
    const operations = program.telemetry.spans.filter(
      // A loop has no content of its own.
      ({ attributes }) => (attributes['gen_ai.operation.name'] ?? 'invoke_workflow') !== 'invoke_workflow',
    );
    const told = recordsOf(program, DETAILS);
    expect(told.map((event) => event.spanContext?.spanId).sort()).toEqual(
      operations.map((span) => span.spanContext().spanId).sort(),
    );
    for (const span of operations) {
      const event = told.find(({ spanContext }) => spanContext?.spanId === span.spanContext().spanId);
      expect(event).toMatchObject({
        attributes: { ...span.attributes, 'gen_ai.provider.name': 'openai' },
        hrTime: span.endTime,
        severityNumber: 5,
        severityText: 'DEBUG',
      });
      expect(event?.body).toBeUndefined();
    }
  });
});

test.each([
  ['NO_CONTENT', true, 1],
  ['EVENT_ONLY', false, 1],
  ['EVENT_ONLY', true, 2],
  ['SPAN_ONLY', false, 2],
] as const)(
  'with %s, and a logger: %s, a message is read %i times: first by the SDK itself',
  async (...row) => {
    const [captureMessageContent, logs, expected] = row;
    const { client } = await startProgram({
      logs,
      content: captureMessageContent === 'SPAN_ONLY',
      eventContent: captureMessageContent === 'EVENT_ONLY',
      config: { captureMessageContent },
    });
    let reads = 0;
    const message = {
      role: 'user' as const,
      get content(): string {
        reads++;
        return 'Hello';
      },
    };
    await ask(client, '', { messages: [message] });
    expect(reads).toBe(expected);
  },
);

test.each([
  ['integers of more than 64 bits', 2 ** 64, '18446744073709552000'],
  ['larger numbers', -1e300, '-1e+300'],
  ['objects with an own constructor', { constructor: 1 }, '{"constructor":1}'],
])('values that OTLP cannot carry are JSON texts on an event: %s', async (_, value, text) => {
  const config = { captureMessageContent: 'EVENT_ONLY' } as const;
  const { client, telemetry } = await startProgram({ config, eventContent: true });
  const parameters = { type: 'object', properties: { id: { default: value, maximum: 2 ** 62 } } };
  await ask(client, 'x', { tools: [{ type: 'function', function: { name: 'find', parameters } }] });
  expect(telemetry.logRecords[0]?.attributes['gen_ai.tool.definitions']).toMatchObject([
    { parameters: { properties: { id: { default: text, maximum: 2 ** 62 } } } },
  ]);
});

test('a text that the log record limits would cut is cut within these limits, with a mark', async () => {
  const exporter = new InMemoryLogRecordExporter();
  const config = { captureMessageContent: 'EVENT_ONLY' } as const;
  const { client } = await startProgram({ logs: false, eventContent: true, config });
  const processors = [new SimpleLogRecordProcessor({ exporter })];
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors, logRecordLimits: { attributeValueLengthLimit: 20 } }),
  );
  const messages = ['Solve 2x + 3 = 11 for x', 'Short'].map((content) => ({
    role: 'user' as const,
    content,
  }));
  await ask(client, '', { messages });
  expect(exporter.getFinishedLogRecords()[0]?.attributes['gen_ai.input.messages']).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'Solve 2x + 3 = 11 f', original_length: 23 }] },
    { role: 'user', parts: [{ type: 'text', content: 'Short' }] },
  ]);
});
