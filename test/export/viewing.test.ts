import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BatchSpanProcessor,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect, it, test } from 'vitest';
import {
  ConsoleTreeExporter,
  consoleTree,
  HtmlTraceExporter,
  htmlPage,
  type ViewProcessor,
  viewing,
} from '../../src/export.ts';
import { newFolder } from '../support/folders.ts';

it('leaves out views whose condition is not met', () => {
  const view = consoleTree();
  expect(viewing(false, undefined, null, view)).toEqual([view]);
  expect(viewing('' as unknown as false)).toEqual([]);
  expect(viewing({ export() {} } as unknown as false)).toEqual([]);
  expect(viewing([view, false] as unknown as false)).toEqual([view]);
});

it('leaves out spans that a sampler has recorded, but not exported, as exporters do', async () => {
  const written: string[] = [];
  const shouldSample = (_: unknown, __: string, name: string): { decision: SamplingDecision } => ({
    decision: name === 'kept' ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD,
  });
  const provider = new TracerProvider({
    sampler: { shouldSample },
    spanProcessors: [consoleTree({ stream: { write: (text) => written.push(text) } })],
  });
  for (const name of ['kept', 'left out']) provider.getTracer('test').startSpan(name).end();
  await provider.shutdown();
  expect(written.join('')).toContain('kept');
  expect(written.join('')).not.toContain('left out');
});

const PLACES: readonly [string, (view: ViewProcessor) => SpanProcessor][] = [
  ['a span processor', (view) => view],
  ['viewing(…)', (view) => viewing(view)[0] ?? expect.unreachable()],
  // `NodeSDK` wraps its `traceExporter` like this.
  ['a trace exporter', (exporter) => new BatchSpanProcessor({ exporter })],
  ['an exporter of a SimpleSpanProcessor', (exporter) => new SimpleSpanProcessor({ exporter })],
];

test.each(PLACES)('the views and their exporters work as %s', async (_, place) => {
  const path = join(await newFolder(), 'page.html');
  const written: string[] = [];
  const stream = { write: (text: string): number => written.push(text) };
  for (const [name, view, shown] of [
    ['tree', consoleTree({ stream }), (): string => written.join('')],
    ['tree exporter', new ConsoleTreeExporter({ stream }), (): string => written.join('')],
    ['page', htmlPage(path), (): string => readFileSync(path, 'utf8')],
    ['page exporter', new HtmlTraceExporter({ path }), (): string => readFileSync(path, 'utf8')],
  ] as const) {
    const provider = new TracerProvider({ spanProcessors: [place(view)] });
    provider.getTracer('test').startSpan(name).end();
    await provider.shutdown();
    expect(shown()).toContain(name);
  }
});
