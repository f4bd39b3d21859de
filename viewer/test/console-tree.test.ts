import * as api from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from '../src/console-tree.ts';
import type { TextStream } from '../src/shared/text-stream.ts';
import { wantsColor } from '../src/terminal-text.ts';
import type { FinishedSpan } from '../src/viewed-span.ts';
import { exit, openTraces } from './host.ts';
import { MATH_TUTOR, makeSpans } from './spans.ts';

const exporters: ConsoleTreeExporter[] = [];

/** An exporter with what it has printed. */
function start({
  stream,
  ...options
}: Omit<ConsoleTreeExporterOptions, 'stream'> & { readonly stream?: Partial<TextStream> } = {}): {
  exporter: ConsoleTreeExporter;
  send: (...spans: readonly (FinishedSpan | undefined)[]) => void;
  printed: () => string;
} {
  const writes: string[] = [];
  const exporter = new ConsoleTreeExporter({
    stream: { write: (text) => writes.push(text), ...stream },
    ...options,
  });
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

/** The spans of a root with one span below it, that one first. */
const rootWith = (name: string): FinishedSpan[] =>
  makeSpans({ name: 'root', children: [{ name, start: 1 }] });
const OPEN = { name: 'open', open: true, children: [{ name: 'child' }] };

const traceOf = (span: FinishedSpan | undefined): string => span?.spanContext().traceId ?? '';

/** A span with other properties. */
function changed(span: FinishedSpan | undefined, more: object): FinishedSpan {
  if (span === undefined) throw new Error('There is no span.');
  return { ...span, name: span.name, spanContext: () => span.spanContext(), ...more };
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

  it('after a conversation or run in it has ended, or after a limit that begins again with each span', () => {
    const children = [{ name: 'round' }, { name: 'thread', start: 1 }];
    const [round, late, root] = makeSpans({ name: 'root', children });
    const { send, printed } = start();
    openTraces.add(traceOf(late));
    for (const span of [root, round]) {
      send(span);
      vi.advanceTimersByTime(4000);
    }
    expect(printed()).toBe('');
    openTraces.delete(traceOf(late));
    send(late);
    vi.advanceTimersByTime(200);
    expect(printed()).toBe('root       0 ms\n├─ round   0 ms\n└─ thread  0 ms\n\n');
    const [other] = makeSpans({ name: 'other' });
    openTraces.add(traceOf(other));
    send(other);
    vi.advanceTimersByTime(4999);
    expect(printed()).not.toContain('other');
    vi.advanceTimersByTime(1);
    expect(printed()).toContain('other');
    openTraces.delete(traceOf(other));
  });

  it('at once by forceFlush if the root has arrived, and not otherwise', async () => {
    const [child, root] = rootWith('child');
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
    send(...makeSpans({ ...OPEN, children: [{ name: 'a' }, { name: 'b' }] }));
    await exporter.shutdown();
    expect(printed()).toBe('a  0 ms\nb  0 ms\n\n');
  });

  it('at the exit of a process that flushes nothing', () => {
    const { send, printed } = start();
    send(...makeSpans({ name: 'root' }));
    exit();
    expect(printed()).toBe('root  0 ms\n\n');
  });

  it('with a root whose parent is in another process', () => {
    const [span] = makeSpans({ name: 'server' });
    const { send, printed } = start();
    send(changed(span, { parentSpanContext: { spanId: 'b'.repeat(16), isRemote: true } }));
    vi.advanceTimersByTime(200);
    expect(printed()).toBe('server  0 ms\n\n');
  });

  it('in parts, with late spans below the trace id, whose totals would be partial', () => {
    const [late, root] = rootWith('late');
    const { send, printed } = start({ summary: true });
    for (const span of [root, late]) {
      send(span);
      vi.advanceTimersByTime(200);
    }
    const [first, second] = printed().split('\n\n');
    expect(first).toMatch(/^root {2}0 ms\n╭─+╮\n│ Trace id/);
    expect(second).toBe(`trace ${root?.spanContext().traceId}, continued\nlate  0 ms`);
  });
});

it('a panel and a table of calls are printed below a tree if enabled', async () => {
  for (const options of [{}, { summary: true }, { steps: true }, { summary: true, steps: true }]) {
    const { exporter, send, printed } = start(options);
    send(...makeSpans(MATH_TUTOR));
    await exporter.shutdown();
    expect({
      summary: printed().includes('│ Trace id '),
      steps: printed().includes(' #  Call '),
    }).toEqual({ summary: false, steps: false, ...options });
  }
});

describe('the exporter', () => {
  it('reads no resource without a summary: the SDK logs an error while it still detects one', () => {
    const { send, printed } = start();
    const [root] = makeSpans({ name: 'root' });
    const resource = Object.defineProperty({ attributes: {} }, 'attributes', {
      get: () => expect.unreachable('the resource was read'),
    });
    send(changed(root, { resource }));
    vi.advanceTimersByTime(200);
    expect(printed()).toContain('root');
  });

  it('prints the oldest trace when more than a thousand wait', () => {
    const { send, printed } = start();
    const plans = Array.from({ length: 1001 }, (_, i) => ({ ...OPEN, children: [{ name: `span ${i}` }] }));
    const spans = makeSpans(...plans);
    send(...spans.slice(0, 1000));
    expect(printed()).toBe('');
    send(spans[1000]);
    expect(printed()).toBe('span 0  0 ms\n\n');
  });

  it('keeps ten thousand spans of a trace and its root, and counts the others', () => {
    const { send, printed } = start();
    const [child, root] = rootWith('child');
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
    send(changed(span, { attributes: null }), other);
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

describe('after shutdown', () => {
  it('prints spans that the SDK held back until the resource was known', async () => {
    vi.useRealTimers();
    const { exporter, printed } = start();
    const { promise: place, resolve } = Promise.withResolvers<string>();
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ place }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer('test');
    const root = tracer.startSpan('root');
    tracer.startSpan('child', {}, api.trace.setSpan(api.ROOT_CONTEXT, root)).end();
    root.end();
    await provider.shutdown();
    expect(printed()).toBe('');
    resolve('here');
    await vi.waitFor(() => expect(printed()).toMatch(/^root .*\n└─ child .*\n\n$/), { interval: 1 });
  });

  it('prints traces without a root at exit', async () => {
    const { exporter, send, printed } = start();
    await exporter.shutdown();
    send(...makeSpans(OPEN));
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
  for (const [name, value] of Object.entries({ FORCE_COLOR: undefined, NO_COLOR: undefined, TERM: 'xterm' }))
    vi.stubEnv(name, value);
  for (const isTTY of [true, false]) {
    const { exporter, send, printed } = start({ stream: { isTTY, columns: 20 } });
    send(...makeSpans({ name: 'a name of more than twenty columns' }));
    await exporter.shutdown();
    expect(printed().includes('\u001b')).toBe(isTTY);
    expect(printed().includes('columns')).toBe(!isTTY);
  }
  vi.unstubAllEnvs();
});

it.each([
  ['the old console of Windows', undefined, '× error', `┌${'─'.repeat(57)}┐`],
  ["Windows' terminal", '1', '✗ error', `╭${'─'.repeat(58)}╮`],
])('in %s it prints signs that the fonts there have', async (_, session, error, top) => {
  for (const name of ['TERM_PROGRAM', 'TERM']) vi.stubEnv(name, undefined);
  vi.stubEnv('WT_SESSION', session);
  const { platform } = process;
  Object.defineProperty(process, 'platform', { value: 'win32' });
  try {
    const stream = { isTTY: true, columns: 60 };
    const { exporter, send, printed } = start({ stream, summary: true, color: false });
    send(...makeSpans({ name: 'failed', error: true, children: [{ name: 'below' }] }));
    await exporter.shutdown();
    const lines = printed().split('\n');
    expect([lines[0]?.slice(-7), lines[1]?.slice(0, 8), lines[2]]).toEqual([error, '└─ below', top]);
  } finally {
    Object.defineProperty(process, 'platform', { value: platform });
    vi.unstubAllEnvs();
  }
});
