import { afterEach, expect, test, vi } from 'vitest';
import {
  instrumentOpenAI,
  maskText,
  recordEvaluation,
  span,
  traced,
  withMetadata,
} from '../../src/client.ts';
import { CircuitBreakerExporter, ConsoleTreeExporter, HtmlTraceExporter } from '../../src/export.ts';
import { spanTree } from '../../src/testing.ts';
import { ask } from '../support/ask.ts';
import { newFolder } from '../support/folders.ts';
import { inherit } from '../support/inherited.ts';
import { startProgram } from '../support/program.ts';
import { startTracedProgram } from './program.ts';

afterEach(() => vi.restoreAllMocks());

test('inherited options of traced, span and withMetadata are ignored', async () => {
  const { telemetry, expectTree } = await startTracedProgram();
  // The SDK copies inherited attributes if they can be enumerated.
  const remove = inherit({ userId: 'alice', prompt: { name: 'inherited' }, version: '1' }, false);
  traced({ project: 'school' }, function answer() {})();
  span('look up', () => undefined);
  withMetadata({ sessionId: 'one', prompt: {} as never }, () => span('inside', () => undefined));
  remove();
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['answer', 'look up', 'inside']);
  await expectTree(`
answer  openai.trace.project=school

look up

inside  session.id=one`);
  for (const { attributes } of telemetry.spans) {
    expect(attributes['user.id']).toBeUndefined();
    expect(attributes['gen_ai.prompt.name']).toBeUndefined();
  }
});

test('inherited parts of an evaluation are ignored', async () => {
  const { telemetry } = await startTracedProgram();
  const remove = inherit({ explanation: 'private', label: 'pass', responseId: 'chatcmpl-1' });
  recordEvaluation({ name: 'quality', runId: 'run_1', score: 1 });
  remove();
  expect(telemetry.logRecords.map(({ attributes }) => attributes)).toEqual([
    { 'gen_ai.evaluation.name': 'quality', 'gen_ai.evaluation.score.value': 1, 'openai.run.id': 'run_1' },
  ]);
});

test('inherited masking options are ignored', () => {
  const remove = inherit({ kinds: [], patterns: { all: /.+/ } });
  const masked = [maskText('to a@example.com'), maskText('to a@example.com', {})];
  remove();
  expect(masked).toEqual(['to [email]', 'to [email]']);
});

test('inherited hooks are not called, and inherited consent records nothing', async () => {
  const hooks = {
    requestHook: vi.fn(),
    responseHook: vi.fn(),
    ignoreRequestHook: vi.fn(() => true),
    startSpanHook: vi.fn(),
    completionHook: vi.fn(),
  };
  const { client, telemetry } = await startProgram();
  const remove = inherit({ ...hooks, captureMessageContent: 'SPAN_AND_EVENT', enabled: false });
  instrumentOpenAI(client, { cost: false });
  remove();
  await ask(client);
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
  expect(telemetry.spans[0]?.attributes['gen_ai.input.messages']).toBeUndefined();
  for (const hook of Object.values(hooks)) expect(hook).not.toHaveBeenCalled();
});

test('inherited options of exporters and of spanTree are ignored', async () => {
  const { telemetry } = await startTracedProgram();
  traced({ project: 'school' }, function answer() {})();
  const folder = await newFolder();
  const stream = { write: vi.fn() };
  const remove = inherit({
    summary: true,
    steps: true,
    path: `${folder}/inherited.html`,
    attributes: ['openai.trace.project'],
    repeatIds: true,
    failures: 1,
  });
  const tree = new ConsoleTreeExporter({ stream, color: false });
  const page = new HtmlTraceExporter({ maxSize: 1 });
  const exporter = { export: () => undefined, shutdown: async () => undefined };
  const breaker = new CircuitBreakerExporter(exporter, {});
  const shown = spanTree(telemetry.spans, {});
  remove();
  tree.export(telemetry.spans, () => undefined);
  await tree.forceFlush();
  expect(stream.write).toHaveBeenCalledWith(expect.stringMatching(/^answer {2}[\d.]+ ms\n\n$/));
  expect([shown, breaker.open]).toEqual(['answer', false]);
  await page.shutdown();
});
