import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FinishedSpan, HtmlTraceExporter } from '../../src/export.ts';
import { withEvaluations } from '../../src/viewer/evaluations.ts';
import { pageDocument, writePrivately } from '../../src/viewer/page-file.ts';
import { pageFromFile, runView } from '../../src/viewer/view-command.ts';
import { ImmediateSpanProcessor } from '../../src/viewer/view-processor.ts';
import { toViewedSpan, type ViewedSpan } from '../../src/viewer/viewed-span.ts';
import { evaluationOf, otlp, otlpLogs } from './live/requests.ts';
import { MATH_TUTOR, makeSpans } from './spans.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function send(exporter: HtmlTraceExporter, ...spans: readonly (FinishedSpan | undefined)[]): void {
  exporter.export(
    spans.filter((span) => span !== undefined),
    ({ code }) => expect(code).toBe(0),
  );
}

/** What a page was given. */
function dataOf(path: string): { omitted: number; spans: { name: string; parentId?: string }[] } {
  const [, json = ''] = readFileSync(path, 'utf8').match(/id="data">(.*?)<\/script>/s) ?? [];
  return JSON.parse(json);
}

/** The spans of a page, with the events that it shows. */
function spansOn(path: string): ViewedSpan[] {
  return withEvaluations(dataOf(path).spans as ViewedSpan[]);
}

/** What is done when the process exits. */
function exit(): void {
  for (const listener of process.listeners('exit')) if (listener.name === 'callListeners') listener(0);
}

const namesIn = (path: string): string[] => dataOf(path).spans.map(({ name }) => name);

describe('a page', () => {
  it('contains all traces, in a new folder, readable by its owner only', async () => {
    const path = join(folder, 'new', 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    send(exporter, ...makeSpans(MATH_TUTOR));
    send(exporter, ...makeSpans({ name: 'other' }));
    await exporter.shutdown();
    expect(namesIn(path).filter((name) => name === 'thread' || name === 'other')).toEqual([
      'thread',
      'other',
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'new'))).toEqual(['page.html']);
  });

  it('is rewritten with later spans', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    const [late, root] = makeSpans({ name: 'root', children: [{ name: 'late' }] });
    send(exporter, root);
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root']);
    send(exporter, late);
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root', 'late']);
    await exporter.shutdown();
  });

  it('is rewritten with spans that ended while it was written', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    const [meanwhile, root] = makeSpans({ name: 'root', children: [{ name: 'meanwhile' }] });
    let isFirst = true;
    const resource = {
      asyncAttributesPending: true,
      get attributes() {
        if (isFirst) send(exporter, meanwhile);
        isFirst = false;
        return {};
      },
    };
    if (root) send(exporter, Object.create(root, { resource: { value: resource } }));
    await exporter.forceFlush();
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root', 'meanwhile']);
    await exporter.shutdown();
  });

  it('is written for each trace if the path contains {traceId}', async () => {
    const exporter = new HtmlTraceExporter({ path: join(folder, '{traceId}.html') });
    const spans = makeSpans({ name: 'a' }, { name: 'b' });
    send(exporter, ...spans);
    await exporter.shutdown();
    for (const span of spans)
      expect(namesIn(join(folder, `${span.spanContext().traceId}.html`))).toEqual([span.name]);
  });

  it('replaces the page that another process has written', async () => {
    const path = join(folder, '{traceId}.html');
    const [first, root] = makeSpans({ name: 'root', children: [{ name: 'child' }] });
    for (const span of [first, root]) {
      const exporter = new HtmlTraceExporter({ path });
      send(exporter, span);
      await exporter.shutdown();
    }
    expect(readdirSync(folder).map((page) => namesIn(join(folder, page)))).toEqual([['root']]);
  });

  it.each(['page.html', '{traceId}.html'])('%s is not written for evaluations alone', async (name) => {
    const warn = vi.spyOn(diag, 'warn').mockImplementation(() => {});
    const exporter = new HtmlTraceExporter({ path: join(folder, name), maxSize: 1000 });
    await exporter.forceFlush();
    const [span] = makeSpans({ name: 'late' });
    const event = { name: 'gen_ai.evaluation.result', time: [1, 0] as const };
    const evaluate = (traceId = ''): void => exporter.evaluated({ traceId, spanId: '1', event });
    evaluate(span?.spanContext().traceId);
    await exporter.forceFlush();
    for (let i = 0; i < 20; i++) evaluate(`${i}`);
    expect(readdirSync(folder)).toEqual([]);
    send(exporter, span);
    await exporter.shutdown();
    const [page = ''] = readdirSync(folder);
    expect(dataOf(join(folder, page)).omitted).toBe(0);
    expect(spansOn(join(folder, page))).toMatchObject([{ name: 'late' }]);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it('never leaves its folder', async () => {
    const exporter = new HtmlTraceExporter({ path: join(folder, '{traceId}.html') });
    const [span] = makeSpans({ name: 'a' });
    if (span) {
      const spanContext = (): ReturnType<FinishedSpan['spanContext']> => ({
        traceId: '../../x',
        spanId: '1',
      });
      send(exporter, { ...span, name: 'a', attributes: {}, spanContext });
    }
    await exporter.shutdown();
    expect(readdirSync(folder)).toEqual(['______x.html']);
  });

  it('is written at the exit of a program that flushes nothing', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    // Once this has come back, what pages are made of is loaded.
    await exporter.forceFlush();
    send(exporter, ...makeSpans({ name: 'root' }));
    exit();
    expect(namesIn(path)).toEqual(['root']);
    await exporter.shutdown();
  });

  it('is reported on standard error if the process exits before it can be written', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    send(exporter, ...makeSpans({ name: 'root' }));
    exit();
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      `opentelemetry-instrumentation-openai: the page ${path} cannot be written: the process exited too early\n`,
    ]);
    await exporter.shutdown();
  });

  it('is rewritten at exit with spans that the SDK held back until the resource was known', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    let tell = (_place: string): void => {};
    const known = new Promise<string>((resume) => {
      tell = resume;
    });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ place: known }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    provider.getTracer('test').startSpan('root').end();
    await provider.shutdown();
    expect(readdirSync(folder)).toEqual([]);
    tell('here');
    await setImmediate();
    exit();
    expect(namesIn(path)).toEqual(['root']);
    await exporter.shutdown();
  });

  it('is written one second after a trace has ended, by a timer that does not keep the process alive', async () => {
    const [child, root] = makeSpans({ name: 'root', children: [{ name: 'child' }] });
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    await exporter.forceFlush();
    vi.useFakeTimers();
    const unref = vi.fn();
    const start = globalThis.setTimeout;
    const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, delay: number) => {
      start(run, delay);
      return { unref };
    }) as never);
    send(exporter, child);
    expect(timer).not.toHaveBeenCalled();
    send(exporter, root);
    expect(unref).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1000);
    expect(namesIn(path)).toEqual(['child', 'root']);
    vi.useRealTimers();
    await exporter.shutdown();
  });

  it('has the resource as it is known at the time of writing, also for earlier spans', async () => {
    const said = vi.spyOn(diag, 'error').mockImplementation(() => {});
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'a', 'service.version': Promise.resolve('1') }),
      spanProcessors: [new ImmediateSpanProcessor(exporter)],
    });
    provider.getTracer('test').startSpan('early').end();
    await setImmediate();
    provider.getTracer('test').startSpan('late').end();
    await provider.shutdown();
    const resource = { 'service.name': 'a', 'service.version': '1' };
    expect(dataOf(path).spans).toMatchObject([
      { name: 'early', resource },
      { name: 'late', resource },
    ]);
    expect(said).not.toHaveBeenCalled();
  });

  it('shows events and the resource, and cuts values that are too long for a browser', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const span = provider.getTracer('test').startSpan('x', { attributes: { long: 'y'.repeat(200_000) } });
    span.addEvent('happened', { a: 1 });
    span.end();
    await provider.shutdown();
    const [data] = dataOf(path).spans as unknown as Record<string, unknown>[];
    expect(data).toMatchObject({
      events: [{ name: 'happened', attributes: { a: 1 } }],
      resource: { 'service.name': expect.any(String) },
    });
    expect(JSON.stringify(data).length).toBeLessThan(101_000);
  });
});

describe('the size limit of a page', () => {
  it('drops and counts the oldest traces', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path, maxSize: 5000 });
    for (let i = 0; i < 100; i++) send(exporter, ...makeSpans({ name: `trace ${i}` }));
    await exporter.shutdown();
    const { spans, omitted } = dataOf(path);
    expect(spans.at(-1)?.name).toBe('trace 99');
    expect(spans.length + omitted).toBe(100);
    expect(JSON.stringify(spans).length).toBeLessThan(5200);
  });

  it('drops the traces without new spans first, so that a growing trace stays whole', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path, maxSize: 3000 });
    const children = Array.from({ length: 8 }, (_, i) => ({ name: `child ${i}` }));
    const [first, ...rest] = makeSpans({ name: 'root', children });
    send(exporter, first);
    for (let i = 0; i < 10; i++) send(exporter, ...makeSpans({ name: `trace ${i}` }));
    for (const span of rest) {
      send(exporter, span);
      send(exporter, ...makeSpans({ name: 'other' }));
    }
    await exporter.shutdown();
    const wanted = makeSpans({ name: 'root', children }).map(({ name }) => name);
    expect(namesIn(path).filter((name) => wanted.includes(name))).toEqual(wanted);
  });

  it('drops traces after writing their own page, which late spans do not overwrite', async () => {
    const warn = vi.spyOn(diag, 'warn').mockImplementation(() => {});
    const exporter = new HtmlTraceExporter({ path: join(folder, '{traceId}.html'), maxSize: 1000 });
    await exporter.forceFlush();
    const [late, ...first] = makeSpans({ name: 'first', children: [{ name: 'late' }, { name: 'child' }] });
    const others = makeSpans(...Array.from({ length: 9 }, (_, i) => ({ name: `trace ${i}` })));
    send(exporter, ...first);
    await exporter.forceFlush();
    send(exporter, ...others);
    send(exporter, late, late);
    await exporter.shutdown();
    const pageOf = (span: FinishedSpan | undefined): string =>
      join(folder, `${span?.spanContext().traceId}.html`);
    expect(namesIn(pageOf(late))).toEqual(['child', 'first']);
    expect(others.map((span) => namesIn(pageOf(span)))).toEqual(others.map(({ name }) => [name]));
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringContaining('2 spans arrived too late for the pages'),
    ]);
  });

  it('drops the newest spans of a single trace', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path, maxSize: 5000 });
    const children = Array.from({ length: 100 }, (_, i) => ({ name: `span ${i}` }));
    send(exporter, ...makeSpans({ name: 'root', children }));
    await exporter.shutdown();
    const { spans, omitted } = dataOf(path);
    expect(spans[0]?.name).toBe('span 0');
    expect(spans.length + omitted).toBe(101);
  });
});

describe('the exporter does not throw', () => {
  it('if it cannot write, which is logged once', async () => {
    const warn = vi.spyOn(diag, 'warn').mockImplementation(() => {});
    writeFileSync(join(folder, 'file'), '');
    const exporter = new HtmlTraceExporter({ path: join(folder, 'file', 'page.html') });
    for (let i = 0; i < 3; i++) {
      send(exporter, ...makeSpans({ name: 'root' }));
      await exporter.forceFlush();
    }
    await exporter.shutdown();
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toMatch(/cannot be written: (ENOTDIR|EEXIST)/);
  });

  it('if it cannot write, and tries again at the next flush', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const path = join(folder, 'page.html');
    mkdirSync(path);
    const exporter = new HtmlTraceExporter({ path });
    send(exporter, ...makeSpans({ name: 'root' }));
    await exporter.forceFlush();
    rmdirSync(path);
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root']);
    await exporter.shutdown();
  });

  it('if it cannot write the pages of traces, and tries one of them again at each flush', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    writeFileSync(join(folder, 'pages'), '');
    const exporter = new HtmlTraceExporter({ path: join(folder, 'pages', '{traceId}.html') });
    let attempts = 0;
    const resource = {
      asyncAttributesPending: true,
      get attributes() {
        attempts++;
        return {};
      },
    };
    for (const span of makeSpans({ name: 'a' }, { name: 'b' }, { name: 'c' }))
      send(exporter, Object.create(span, { resource: { value: resource } }));
    await exporter.forceFlush();
    expect(attempts).toBe(3);
    await exporter.forceFlush();
    expect(attempts).toBe(4);
    rmSync(join(folder, 'pages'));
    await exporter.forceFlush();
    expect(readdirSync(join(folder, 'pages'))).toHaveLength(3);
    await exporter.shutdown();
    expect(attempts).toBe(7);
  });

  it('if it cannot write the page of one trace, and writes those of all others, however often', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exporter = new HtmlTraceExporter({ path: join(folder, '{traceId}.html') });
    const pageOf = (span: FinishedSpan): string => join(folder, `${span.spanContext().traceId}.html`);
    const [broken, late, ...others] = makeSpans({ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' });
    if (broken === undefined || late === undefined) throw new Error('no spans');
    mkdirSync(pageOf(broken));
    mkdirSync(pageOf(late));
    send(exporter, broken, late, ...others);
    await exporter.forceFlush();
    for (const span of others) expect(namesIn(pageOf(span))).toEqual([span.name]);
    rmdirSync(pageOf(late));
    for (let i = 0; i < 2; i++) await exporter.forceFlush();
    expect(namesIn(pageOf(late))).toEqual(['b']);
    await exporter.shutdown();
  });

  it('if an evaluation has values that JSON cannot hold', async () => {
    const path = join(folder, 'page.html');
    const exporter = new HtmlTraceExporter({ path });
    const [span] = makeSpans({ name: 'a' });
    send(exporter, span);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const attributes = { big: 1n, circle, long: 'x'.repeat(200_000) };
    const event = { name: 'gen_ai.evaluation.result', time: [1, 0] as const, attributes };
    exporter.evaluated({ ...span?.spanContext(), event } as never);
    await exporter.shutdown();
    const [shown] = spansOn(path);
    expect(shown).toMatchObject({ events: [{ attributes: { big: 1, circle: '[no text]' } }] });
    expect(JSON.stringify(shown).length).toBeLessThan(101_000);
  });

  it('if something else than a file is at its path, which stays and is reported once on standard error', async () => {
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exporter = new HtmlTraceExporter({ path });
    for (let i = 0; i < 3; i++) {
      send(exporter, ...makeSpans({ name: 'root' }));
      await exporter.forceFlush();
    }
    await exporter.shutdown();
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      `opentelemetry-instrumentation-openai: the page ${path} cannot be written: not a file\n`,
    ]);
    expect(statSync(path).isSocket()).toBe(true);
    expect(readdirSync(folder)).toEqual(['socket']);
    server.close();
  });

  it.runIf(process.platform === 'linux')('if its path is a link to an open file, like /dev/stdout', () => {
    const file = openSync(join(folder, 'file'), 'w');
    const path = join(folder, 'stdout');
    symlinkSync(`/proc/self/fd/${file}`, path);
    expect(() => writePrivately(path, 'text')).toThrow('is not a file');
    closeSync(file);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['file', 'stdout']);
  });

  it('if a batch is not an array: the result is a failure', async () => {
    const exporter = new HtmlTraceExporter({ path: join(folder, 'page.html') });
    const results: number[] = [];
    exporter.export(undefined as never, ({ code }) => results.push(code));
    await exporter.shutdown();
    expect(results).toEqual([1]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('works with the processors of the SDK', async () => {
  for (const Processor of [SimpleSpanProcessor, BatchSpanProcessor]) {
    const path = join(folder, `${Processor.name}.html`);
    const provider = new TracerProvider({
      spanProcessors: [new Processor({ exporter: new HtmlTraceExporter({ path }) })],
    });
    provider.getTracer('test').startSpan('root').end();
    await provider.shutdown();
    expect(namesIn(path)).toEqual(['root']);
  }
});

it('escapes data that could end the script element', () => {
  const [span] = makeSpans({ name: '</script><script>alert(1)</script><!--<script>' }).map((each) =>
    toViewedSpan(each),
  );
  const [, data = ''] =
    pageDocument(span === undefined ? [] : [span], 0).match(/id="data">(.*?)<\/script>\n<script>/s) ?? [];
  expect(data).not.toContain('<');
  expect(JSON.parse(data).spans[0]).toEqual(JSON.parse(JSON.stringify(span)));
});

describe('the command view', () => {
  function run(
    file: string,
    page = join(folder, 'unnamed.html'),
  ): { code: number; output: string; errors: string } {
    const said = { output: '', errors: '' };
    const into = (name: 'output' | 'errors'): { write(text: string): void } => ({
      write: (text) => {
        said[name] += text;
      },
    });
    return { code: pageFromFile(file, page, into('output'), into('errors')), ...said };
  }

  it('writes a page from a file and prints its URL', async () => {
    const file = join(folder, 'traces.jsonl');
    const span = { traceId: '1', spanId: '2', name: 'chat', startTimeUnixNano: '1', endTimeUnixNano: '2' };
    writeFileSync(file, `${otlp(span)}\nno JSON\n`);
    const page = join(folder, 'page.html');
    expect(run(file, page)).toEqual({
      code: 0,
      output: `1 span: file://${page}\n`,
      errors: 'Skipped 1 line that is not JSON.\n',
    });
    expect(namesIn(page)).toEqual(['chat']);
  });

  it('shows evaluations at the spans that they are about, and counts those about others', () => {
    const file = join(folder, 'traces.jsonl');
    const span = { traceId: '1', spanId: '2', name: 'chat', startTimeUnixNano: '1', endTimeUnixNano: '2' };
    const logs = otlpLogs(evaluationOf('1', '2'), evaluationOf('1', '3'));
    writeFileSync(file, `${logs}\n${JSON.stringify(span)}\n`);
    const page = join(folder, 'page.html');
    expect(run(file, page)).toMatchObject({
      code: 0,
      errors: 'Evaluations about spans that are not on the page: 1.\n',
    });
    expect(spansOn(page)).toMatchObject([
      { name: 'chat', events: [{ attributes: { 'gen_ai.evaluation.name': 'helpful' } }] },
    ]);
  });

  it('shows a span and an evaluation that are repeated once, as they were sent last', () => {
    const file = join(folder, 'traces.jsonl');
    const spanNamed = (name: string, spanId = '2'): object => ({ traceId: '1', spanId, name });
    const logs = otlpLogs(evaluationOf('1', '2'));
    const named = [spanNamed('open'), spanNamed('other', '3'), spanNamed('chat')].map((each) =>
      JSON.stringify(each),
    );
    writeFileSync(file, [named[0], named[1], logs, named[2], logs].join('\n'));
    const page = join(folder, 'page.html');
    expect(run(file, page)).toMatchObject({ code: 0, output: `2 spans: file://${page}\n`, errors: '' });
    expect(spansOn(page)).toMatchObject([
      { name: 'chat', events: [{ name: 'gen_ai.evaluation.result' }] },
      { name: 'other', events: [] },
    ]);
  });

  it('leaves out the oldest traces of a large file as a whole, and their evaluations', () => {
    const file = join(folder, 'traces.jsonl');
    const value = { stringValue: 'x'.repeat(100_000) };
    const attributes = Array.from({ length: 95 }, (_, i) => ({ key: `a${i}`, value }));
    const lines: object[] = ['1', '2', '3', '4', '5', '6'].map((traceId) => ({
      traceId,
      spanId: traceId,
      name: traceId,
      attributes,
    }));
    lines.push({ traceId: '1', spanId: '7', name: 'late' });
    const text = lines.map((line) => JSON.stringify(line)).join('\n');
    writeFileSync(file, `${otlpLogs(evaluationOf('2', '2'))}\n${text}`);
    const page = join(folder, 'page.html');
    const errors = 'Evaluations about spans that are not on the page: 1.\n';
    expect(run(file, page)).toMatchObject({ code: 0, errors });
    expect(namesIn(page).sort()).toEqual(['1', '3', '4', '5', '6', 'late']);
    expect(dataOf(page).omitted).toBe(1);
  });

  it.each(['folder', '.', ''])('leaves no temporary file behind if %j is not a writable path', (name) => {
    writeFileSync(join(folder, 'file'), '{"traceId":"1","spanId":"2"}');
    mkdirSync(join(folder, 'folder'));
    expect(run(join(folder, 'file'), `${folder}/${name}`)).toMatchObject({
      code: 1,
      output: '',
      errors: `${folder}/${name} cannot be written: not a file.\n`,
    });
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
  });

  it.each([
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE, as older PowerShells write it', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['files that were joined', (text: string) => Buffer.from(`${text}\n\ufeff${text}`)],
  ])('reads %s', (_what, write) => {
    writeFileSync(
      join(folder, 'file'),
      write('{"traceId":"1","spanId":"2","name":"é"}\n{"traceId":"1","spanId":"3"}'),
    );
    const page = join(folder, 'page.html');
    expect(run(join(folder, 'file'), page)).toMatchObject({ code: 0, errors: '' });
    expect(dataOf(page).spans).toContainEqual(expect.objectContaining({ spanId: '2', name: 'é' }));
  });

  it.each([
    [['a', 'b'], "Unexpected argument 'b'."],
    [['a', '--colour'], "Unknown option '--colour'."],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', 'http'], "--port 'http' is not a number from 0 to 65535."],
    [['--port', '65536'], "--port '65536' is not a number from 0 to 65535."],
    [['--port', '4319', 'a'], '--port needs --watch if there is a file.'],
    [['--watch'], '--watch needs a file or a folder.'],
    [['-', '--watch'], '--watch needs a file or a folder, not standard input.'],
    [['--output', 'a'], '--output needs a file of traces.'],
    [
      ['.', '--output', 'a'],
      '--output writes a page from one file. It does not go with --watch or a folder.',
    ],
    [[''], 'The name of a file is empty.'],
    [['a', '--output', ''], 'The name of a file is empty.'],
  ])('says what is wrong with %j, and prints its usage', async (parameters, problem) => {
    let errors = '';
    const into = { write: (text: string) => (errors += text) };
    expect(await runView(parameters, { write: () => expect.fail() }, into)).toBe(2);
    expect(errors.split('\n').slice(0, 2)).toEqual([
      problem,
      'Usage: npx opentelemetry-instrumentation-openai view [--keep <file>] [--port <port>]',
    ]);
  });

  it.each([
    ['the same path', (file: string) => file],
    ['a longer path', () => `${folder}/../${basename(folder)}/./in.json`],
    [
      'a symbolic link',
      (file: string) => {
        symlinkSync(file, `${file}.link`);
        return `${file}.link`;
      },
    ],
  ])('does not replace the file of traces with the page: %s', async (_, pageFor) => {
    const file = join(folder, 'in.json');
    writeFileSync(file, '{"traceId":"1","spanId":"2"}');
    let errors = '';
    const into = { write: (text: string) => (errors += text) };
    const parameters = [file, '--output', pageFor(file)];
    expect(await runView(parameters, { write: () => expect.fail() }, into)).toBe(2);
    expect(errors.split('\n')[0]).toBe(
      `The page would replace the file of traces '${file}'. Choose another --output.`,
    );
    expect(readFileSync(file, 'utf8')).toBe('{"traceId":"1","spanId":"2"}');
  });

  it('prints its usage for --help', async () => {
    let output = '';
    const into = { write: (text: string) => (output += text) };
    expect(await runView(['--help'], into, { write: () => {} })).toBe(0);
    expect(output).toContain('Usage: ');
  });

  it.runIf(existsSync('/proc/self'))('ends where no folder can be created', () => {
    const file = join(folder, 'traces.jsonl');
    writeFileSync(file, '{"traceId":"1","spanId":"2"}');
    const cli = join(import.meta.dirname, '../../dist/cli.cjs');
    const page = '/proc/traces/page.html';
    const { status, stderr } = spawnSync(process.execPath, [cli, 'view', file, '--output', page], {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    expect([status, stderr]).toEqual([1, `${page} cannot be written: no such file or directory.\n`]);
  });

  it('reports a missing file and a file without spans', async () => {
    expect(run(join(folder, 'nothing'))).toMatchObject({
      code: 1,
      errors: `${join(folder, 'nothing')} cannot be read: no such file or directory.\n`,
    });
    writeFileSync(join(folder, 'empty'), '{}');
    expect(run(join(folder, 'empty'))).toMatchObject({
      code: 1,
      errors: `${join(folder, 'empty')} contains no spans. It must be OTLP/JSON.\n`,
    });
    expect(readdirSync(folder)).toEqual(['empty']);
  });
});
