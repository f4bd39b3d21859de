import * as api from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsoleTreeExporter, type ConsoleTreeExporterOptions, type FinishedSpan } from '../../src/export.ts';
import { beginIn, finishIn } from '../../src/util/open-traces.ts';
import { wantsColor } from '../../src/viewer/terminal-text.ts';
import { MATH_TUTOR, makeSpans } from './spans.ts';

/** An exporter with what it has printed. */
function start(options: ConsoleTreeExporterOptions = {}): {
  exporter: ConsoleTreeExporter;
  send: (...spans: readonly (FinishedSpan | undefined)[]) => void;
  printed: () => string;
} {
  const writes: string[] = [];
  const exporter = new ConsoleTreeExporter({ stream: { write: (text) => writes.push(text) }, ...options });
  exporters.push(exporter);
  return {
    exporter,
    send: (...spans) =>
      exporter.export(
        spans.filter((span) => span !== undefined),
        ({ code }) => expect(code).toBe(0),
      ),
    printed: () => writes.join(''),
  };
}

const exporters: ConsoleTreeExporter[] = [];

/** What is done when the process exits. */
function exit(): void {
  for (const listener of process.listeners('exit')) if (listener.name === 'callListeners') listener(0);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(async () => {
  for (const exporter of exporters.splice(0)) await exporter.shutdown();
  vi.useRealTimers();
});

describe('a trace is printed', () => {
  it('shortly after its root has arrived, with the spans of all batches', () => {
    const [early, late, root] = makeSpans({
      name: 'root',
      children: [{ name: 'early' }, { name: 'late', start: 1 }],
    });
    const { send, printed } = start();
    send(early);
    vi.advanceTimersByTime(60_000);
    expect(printed()).toBe('');
    send(root);
    vi.advanceTimersByTime(150);
    send(late);
    expect(printed()).toBe('');
    vi.advanceTimersByTime(50);
    expect(printed()).toBe('root      0 ms\n├─ early  0 ms\n└─ late   0 ms\n\n');
  });

  it('after a conversation or run in it has ended, or after a limit', () => {
    const [late, root] = makeSpans({ name: 'root', children: [{ name: 'thread', start: 1 }] });
    if (late === undefined || root === undefined) throw new Error('no spans');
    const open = api.trace.wrapSpanContext({ ...late.spanContext(), traceFlags: 1 });
    vi.spyOn(open, 'isRecording').mockReturnValue(true);
    const { send, printed } = start();
    beginIn(open.spanContext());
    send(root);
    vi.advanceTimersByTime(3000);
    expect(printed()).toBe('');
    finishIn(open.spanContext());
    send(late);
    vi.advanceTimersByTime(200);
    expect(printed()).toBe('root       0 ms\n└─ thread  0 ms\n\n');
    const [other] = makeSpans({ name: 'other' });
    if (other === undefined) throw new Error('no span');
    const endless = api.trace.wrapSpanContext({ ...other.spanContext(), traceFlags: 1 });
    vi.spyOn(endless, 'isRecording').mockReturnValue(true);
    beginIn(endless.spanContext());
    send(other);
    vi.advanceTimersByTime(4999);
    expect(printed()).not.toContain('other');
    vi.advanceTimersByTime(1);
    expect(printed()).toContain('other');
    finishIn(endless.spanContext());
  });

  it('once for a loop whose rounds take four seconds each', () => {
    const [second, root] = makeSpans({ name: 'root', children: [{ name: 'second', start: 1 }] });
    if (root === undefined || second === undefined) throw new Error('no spans');
    const asking = { ...root.spanContext(), traceFlags: 1 };
    const { send, printed } = start();
    beginIn(asking);
    send(root);
    vi.advanceTimersByTime(4000);
    send(second);
    vi.advanceTimersByTime(4000);
    expect(printed()).toBe('');
    finishIn(asking);
    vi.advanceTimersByTime(200);
    expect(printed()).toBe('root       0 ms\n└─ second  0 ms\n\n');
  });

  it('at once by forceFlush if the root has arrived, and not otherwise', async () => {
    const [child, root] = makeSpans({ name: 'root', children: [{ name: 'child' }] });
    const { exporter, send, printed } = start();
    send(child);
    await exporter.forceFlush();
    expect(printed()).toBe('');
    const timers = vi.getTimerCount();
    send(root);
    expect(vi.getTimerCount()).toBe(timers + 1);
    await exporter.forceFlush();
    expect(printed()).toContain('└─ child');
    expect(vi.getTimerCount()).toBe(timers);
  });

  it('by shutdown if its root never ended', async () => {
    const { exporter, send, printed } = start();
    send(...makeSpans({ name: 'open', open: true, children: [{ name: 'a' }, { name: 'b' }] }));
    await exporter.shutdown();
    expect(printed()).toBe('a  0 ms\nb  0 ms\n\n');
  });

  it('at the exit of a process that flushes nothing', () => {
    const { send, printed } = start();
    send(...makeSpans({ name: 'root' }));
    exit();
    expect(printed()).toContain('root');
  });

  it('with a root whose parent is in another process', () => {
    const [span] = makeSpans({ name: 'server' });
    const { send, printed } = start();
    const parentSpanContext = { spanId: 'b'.repeat(16), isRemote: true };
    if (span) send({ ...span, name: span.name, parentSpanContext, spanContext: () => span.spanContext() });
    vi.advanceTimersByTime(200);
    expect(printed()).toContain('server');
  });

  it('in parts, with late spans below the trace id', () => {
    const [late, root] = makeSpans({ name: 'root', children: [{ name: 'late' }] });
    const { send, printed } = start();
    send(root);
    vi.advanceTimersByTime(200);
    send(late);
    vi.advanceTimersByTime(200);
    const traceId = root?.spanContext().traceId;
    expect(printed()).toBe(`root  0 ms\n\ntrace ${traceId}, continued\nlate  0 ms\n\n`);
  });
});

describe('below a tree', () => {
  it('a panel and a table of calls are printed if enabled', async () => {
    for (const [summary, steps] of [
      [undefined, undefined],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const { exporter, send, printed } = start({
        ...(summary === undefined ? {} : { summary }),
        ...(steps === undefined ? {} : { steps }),
      });
      send(...makeSpans(MATH_TUTOR));
      await exporter.shutdown();
      expect(printed().includes('│ Trace id ')).toBe(summary === true);
      expect(printed().includes(' #  Call ')).toBe(steps === true);
    }
  });

  it('nothing is printed for late spans, whose totals are partial', () => {
    const [late, root] = makeSpans({ name: 'root', children: [{ name: 'late' }] });
    const { send, printed } = start({ summary: true });
    send(root);
    vi.advanceTimersByTime(200);
    send(late);
    vi.advanceTimersByTime(200);
    expect(printed()).toContain('continued');
    expect(printed().match(/Trace id/g)).toHaveLength(1);
  });
});

describe('the exporter', () => {
  it('no resource is read without a summary: the SDK logs an error while it still detects one', () => {
    const { send, printed } = start();
    const [root] = makeSpans({ name: 'root' });
    const resource = Object.defineProperty({ attributes: {} }, 'attributes', {
      get: () => expect.unreachable('the resource was read'),
    });
    send(root && { ...root, resource, spanContext: () => root.spanContext() });
    vi.advanceTimersByTime(200);
    expect(printed()).toContain('root');
  });

  it('prints the oldest trace when more than a thousand wait', () => {
    const { send, printed } = start();
    const plans = Array.from({ length: 1001 }, (_, i) => ({
      name: 'open',
      open: true,
      children: [{ name: `span ${i}` }],
    }));
    const spans = makeSpans(...plans);
    send(...spans.slice(0, 1000));
    expect(printed()).toBe('');
    send(spans[1000]);
    expect(printed()).toBe('span 0  0 ms\n\n');
  });

  it('keeps ten thousand spans of a trace and its root, and counts the others', () => {
    const { send, printed } = start();
    const [child, root] = makeSpans({ name: 'root', children: [{ name: 'child' }] });
    send(...Array.from({ length: 10_500 }, () => child), root);
    vi.advanceTimersByTime(200);
    expect(printed().match(/─ child/g)).toHaveLength(10_000);
    expect(printed()).toMatch(/^root .*… and 500 more spans\n\n$/s);
  });

  it('has no timer that keeps the process alive', () => {
    const spans = makeSpans({ name: 'root' });
    const unref = vi.fn();
    const timer = vi.spyOn(globalThis, 'setTimeout').mockReturnValue({ unref } as never);
    start().send(...spans);
    expect(timer).toHaveBeenCalledOnce();
    expect(unref).toHaveBeenCalledOnce();
    timer.mockRestore();
  });
});

describe('the exporter does not throw', () => {
  it('if the stream fails', async () => {
    const write = (): never => {
      throw new Error('closed');
    };
    const { exporter, send } = start({ stream: { write } });
    send(...makeSpans({ name: 'root' }));
    expect(() => vi.advanceTimersByTime(200)).not.toThrow();
    await exporter.shutdown();
  });

  it('if a span cannot be read: it prints the others and a message', () => {
    const [span, other] = makeSpans({ name: 'broken' }, { name: 'fine' });
    const { send, printed } = start();
    if (span) send({ ...span, attributes: null as never, spanContext: () => span.spanContext() }, other);
    vi.advanceTimersByTime(200);
    expect(printed()).toMatch(/^trace \w{32}: cannot draw its spans \(TypeError.*\)\n\nfine {2}0 ms\n\n$/);
  });

  it('if a batch is not an array: the result is a failure', async () => {
    const { exporter } = start();
    const results: number[] = [];
    exporter.export(undefined as never, ({ code }) => results.push(code));
    exporter.export([{}] as never, ({ code }) => results.push(code));
    expect(results).toEqual([1, 1]);
  });

  it('without a process: it writes to the console', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.stubGlobal('process', undefined);
    const exporter = new ConsoleTreeExporter();
    exporter.export(makeSpans({ name: 'root' }), () => {});
    await exporter.shutdown();
    vi.unstubAllGlobals();
    expect(error).toHaveBeenCalledWith('root  0 ms');
    error.mockRestore();
  });
});

it('works with the processors of the SDK', async () => {
  for (const Processor of [SimpleSpanProcessor, BatchSpanProcessor]) {
    const { exporter, printed } = start();
    const provider = new TracerProvider({ spanProcessors: [new Processor({ exporter })] });
    const tracer = provider.getTracer('test');
    const root = tracer.startSpan('root', { startTime: 0 });
    tracer.startSpan('child', { startTime: 0 }, api.trace.setSpan(api.ROOT_CONTEXT, root)).end(1);
    root.end(1);
    await provider.shutdown();
    expect(printed()).toMatch(/^root {6}\d.*\n└─ child {2}.*\n\n$/);
  }
});

describe('after shutdown', () => {
  it('prints spans that the SDK held back until the resource was known', async () => {
    vi.useRealTimers();
    const { exporter, printed } = start();
    const known = new Promise<string>((resume) => setTimeout(() => resume('here'), 10));
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ place: known }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer('test');
    const root = tracer.startSpan('root', { startTime: 0 });
    tracer.startSpan('child', { startTime: 0 }, api.trace.setSpan(api.ROOT_CONTEXT, root)).end(1);
    root.end(1);
    await provider.shutdown();
    expect(printed()).toBe('');
    await known;
    await vi.waitFor(() => expect(printed()).toMatch(/^root {6}\d.*\n└─ child {2}.*\n\n$/), { interval: 1 });
  });

  it('prints traces without a root at exit', async () => {
    const { exporter, send, printed } = start();
    await exporter.shutdown();
    send(...makeSpans({ name: 'open', open: true, children: [{ name: 'child' }] }));
    expect(printed()).toBe('');
    exit();
    expect(printed()).toBe('child  0 ms\n\n');
  });
});

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
])('on a terminal (%s) with %o, color is %s', (isTerminal, environment, color) => {
  expect(wantsColor(isTerminal, environment)).toBe(color);
});

it('uses color and the width only on a terminal', async () => {
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('TERM', 'xterm');
  for (const isTTY of [true, false]) {
    const writes: string[] = [];
    const { exporter, send } = start({ stream: { write: (text) => writes.push(text), isTTY, columns: 20 } });
    send(...makeSpans({ name: 'a name of more than twenty columns' }));
    await exporter.shutdown();
    expect(writes.join('').includes('\u001b')).toBe(isTTY);
    expect(writes.join('').includes('columns')).toBe(!isTTY);
  }
  vi.unstubAllEnvs();
});

describe.each<[string, Record<string, string | undefined>, boolean]>([
  ['the old console of Windows', {}, true],
  ["Windows' terminal", { WT_SESSION: '1' }, false],
])('in %s', (_, environment, isOld) => {
  it(`the signs that old fonts lack are ${isOld ? 'replaced' : 'kept'}`, async () => {
    for (const name of ['WT_SESSION', 'TERM_PROGRAM', 'TERM']) vi.stubEnv(name, environment[name]);
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    try {
      const writes: string[] = [];
      const stream = { write: (text: string) => writes.push(text), isTTY: true, columns: 60 };
      const { exporter, send } = start({ stream, summary: true, color: false });
      send(...makeSpans({ name: 'failed', error: true, children: [{ name: 'below' }] }));
      await exporter.shutdown();
      const lines = writes.join('').split('\n');
      expect(lines[0]).toMatch(isOld ? /× error$/ : /✗ error$/);
      expect(lines[1]).toMatch(/^└─ below/);
      const [top] = lines.filter((line) => /^[┌╭]/.test(line));
      expect(top).toBe(isOld ? `┌${'─'.repeat(57)}┐` : `╭${'─'.repeat(58)}╮`);
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
      vi.unstubAllEnvs();
    }
  });
});
