import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConsoleTreeExporter, type FinishedSpan, HtmlTraceExporter } from '../../src/export.ts';
import { beginIn, finishIn } from '../../src/util/open-traces.ts';
import { makeSpans } from '../../viewer/test/spans.ts';
import { newFolder } from '../support/folders.ts';

/** A folder, and a path in it at which no page can be written. */
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await newFolder();
  path = join(folder, 'file', 'page.html');
  writeFileSync(join(folder, 'file'), '');
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  diag.disable();
});

/** What the package says on standard error. */
function standardError(): () => string[] {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return () => write.mock.calls.map(([text]) => String(text));
}

/** Fails three times to write a page. */
async function failToWrite(): Promise<void> {
  const exporter = new HtmlTraceExporter({ path });
  for (let i = 0; i < 3; i++) {
    exporter.export(makeSpans({ name: 'root' }), () => {});
    await exporter.forceFlush();
  }
  await exporter.shutdown();
}

const UNWRITTEN = /: the page .*page\.html cannot be written: (?:ENOTDIR|EEXIST)\n?$/;

test('a page that cannot be written is reported once on standard error', async () => {
  const printed = standardError();
  await failToWrite();
  expect(printed()).toEqual([expect.stringMatching(UNWRITTEN)]);
  expect(printed()[0]).toMatch(/^opentelemetry-instrumentation-openai: /);
});

test('it is reported once through diag, if that has a logger', async () => {
  const warn = vi.fn();
  diag.setLogger({ error() {}, warn, info() {}, debug() {}, verbose() {} });
  const printed = standardError();
  await failToWrite();
  expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(UNWRITTEN)]);
  expect(printed()).toEqual([]);
});

/** A tree in the terminal, with what it prints. */
function startTree(spans: readonly FinishedSpan[]): { exporter: ConsoleTreeExporter; printed: () => string } {
  const writes: string[] = [];
  const exporter = new ConsoleTreeExporter({ stream: { write: (text) => writes.push(text) }, color: false });
  exporter.export(spans, () => {});
  return { exporter, printed: () => writes.join('') };
}

test('a tree is printed at exit by the one listener of the package', async () => {
  const before = new Set(process.listeners('exit'));
  const trees = ['one', 'other'].map((name) => startTree(makeSpans({ name })));
  const added = process.listeners('exit').filter((listener) => !before.has(listener));
  expect(added.length).toBeLessThanOrEqual(1);
  for (const listener of process.listeners('exit')) if (listener.name === 'callListeners') listener(0);
  expect(trees.map(({ printed }) => printed())).toEqual(['one  0 ms\n\n', 'other  0 ms\n\n']);
  for (const { exporter } of trees) await exporter.shutdown();
});

test('a tree waits for the conversations and runs that are open', async () => {
  vi.useFakeTimers();
  const spans = makeSpans({ name: 'root' });
  const [root] = spans;
  const context = root && { ...root.spanContext(), traceFlags: 1 };
  beginIn(context);
  const { exporter, printed } = startTree(spans);
  vi.advanceTimersByTime(2000);
  expect(printed()).toBe('');
  finishIn(context);
  vi.advanceTimersByTime(200);
  expect(printed()).toBe('root  0 ms\n\n');
  await exporter.shutdown();
});
