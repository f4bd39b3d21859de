import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newFolder } from '../../test/support/folders.ts';
import { listen } from '../../test/support/listening.ts';
import { withEvaluations } from '../src/evaluations.ts';
import { HtmlTraceExporter } from '../src/html-trace.ts';
import { pageDocument, writePrivately } from '../src/page-file.ts';
import type { TextStream } from '../src/shared/text-stream.ts';
import { pageFromFile, runView } from '../src/view-command.ts';
import { type FinishedSpan, toViewedSpan, type ViewedSpan } from '../src/viewed-span.ts';
import { exit, reported } from './host.ts';
import { evaluationOf, otlp, otlpLogs } from './live/requests.ts';
import { makeSpans, type SpanPlan } from './spans.ts';

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => {
  reported.clear();
  vi.restoreAllMocks();
});

interface Started {
  readonly exporter: HtmlTraceExporter;
  readonly path: string;
  send(...spans: readonly (FinishedSpan | undefined)[]): void;
}

/** An exporter whose page is in the folder of the test. */
function start(name = 'page.html', maxSize?: number): Started {
  const path = join(folder, name);
  const exporter = new HtmlTraceExporter({ path, maxSize });
  const send: Started['send'] = (...spans) =>
    exporter.export(
      spans.filter((span) => span !== undefined),
      ({ code }) => expect(code).toBe(0),
    );
  return { exporter, path, send };
}

/** What a page was given. */
function dataOf(path: string): { omitted: number; spans: ViewedSpan[] } {
  const [, json = ''] = readFileSync(path, 'utf8').match(/id="data">(.*?)<\/script>/s) ?? [];
  return JSON.parse(json);
}

const namesIn = (path: string): string[] => dataOf(path).spans.map(({ name }) => name);
/** The spans of a page, with the events that it shows. */
const spansOn = (path: string): ViewedSpan[] => withEvaluations(dataOf(path).spans);
const named = (count: number, name: string): SpanPlan[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${name} ${i}` }));

/** A span whose resource is still detected, which calls back when the resource is read. */
function spanReadingResource(span: FinishedSpan | undefined, read: () => void): FinishedSpan {
  const resource = {
    asyncAttributesPending: true,
    get attributes() {
      read();
      return {};
    },
  };
  return Object.create(span ?? null, { resource: { value: resource } });
}

describe('a page', () => {
  it('contains all traces, and is rewritten with later spans', async () => {
    const { exporter, path, send } = start();
    const [late, root] = makeSpans({ name: 'root', children: [{ name: 'late' }] });
    send(root);
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root']);
    send(late, ...makeSpans({ name: 'other' }));
    await exporter.shutdown();
    expect(namesIn(path)).toEqual(['root', 'late', 'other']);
    expect(readdirSync(folder)).toEqual(['page.html']);
  });

  it('is rewritten with spans that ended while it was written', async () => {
    const { exporter, path, send } = start();
    const [meanwhile, root] = makeSpans({ name: 'root', children: [{ name: 'meanwhile' }] });
    let reads = 0;
    send(spanReadingResource(root, () => reads++ === 0 && send(meanwhile)));
    await exporter.forceFlush();
    await exporter.forceFlush();
    expect(namesIn(path)).toEqual(['root', 'meanwhile']);
    await exporter.shutdown();
  });

  it('replaces the page that another process has written', async () => {
    for (const span of makeSpans({ name: 'root', children: [{ name: 'child' }] })) {
      const { exporter, send } = start();
      send(span);
      await exporter.shutdown();
    }
    expect(readdirSync(folder).map((page) => namesIn(join(folder, page)))).toEqual([['root']]);
  });

  it('is not written without spans, and has evaluations that came before them', async () => {
    const { exporter, path, send } = start();
    await exporter.forceFlush();
    expect(readdirSync(folder)).toEqual([]);
    const [span] = makeSpans({ name: 'late' });
    exporter.evaluated({ spanContext: span?.spanContext(), hrTime: [1, 0], attributes: {} } as never);
    send(span);
    await exporter.shutdown();
    expect(dataOf(path).omitted).toBe(0);
    expect(spansOn(path)).toMatchObject([{ name: 'late', events: [{ name: 'gen_ai.evaluation.result' }] }]);
  });

  it('is written at the exit of a program that flushes nothing', async () => {
    const { exporter, path, send } = start();
    // Once this has come back, what pages are made of is loaded.
    await exporter.forceFlush();
    send(...makeSpans({ name: 'root' }));
    exit();
    expect(namesIn(path)).toEqual(['root']);
    await exporter.shutdown();
  });

  it('is reported if the process exits before it can be written', async () => {
    const { exporter, path, send } = start();
    send(...makeSpans({ name: 'root' }));
    exit();
    expect([...reported.values()]).toEqual([
      `the page ${path} cannot be written: the process exited too early`,
    ]);
    await exporter.shutdown();
  });

  it('is rewritten at exit with spans that the SDK held back until the resource was known', async () => {
    const { exporter, path } = start();
    const { promise: place, resolve } = Promise.withResolvers<string>();
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ place }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    provider.getTracer('test').startSpan('root').end();
    await provider.shutdown();
    expect(readdirSync(folder)).toEqual([]);
    resolve('here');
    await setImmediate();
    exit();
    expect(namesIn(path)).toEqual(['root']);
    await exporter.shutdown();
  });

  it('is written one second after a trace has ended, by a timer that does not keep the process alive', async () => {
    const [child, root] = makeSpans({ name: 'root', children: [{ name: 'child' }] });
    const { exporter, path, send } = start();
    await exporter.forceFlush();
    vi.useFakeTimers();
    const unref = vi.fn();
    const { setTimeout } = globalThis;
    const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, delay: number) => {
      setTimeout(run, delay);
      return { unref };
    }) as never);
    send(child);
    expect(timer).not.toHaveBeenCalled();
    send(root);
    expect(unref).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1000);
    expect(namesIn(path)).toEqual(['child', 'root']);
    vi.useRealTimers();
    await exporter.shutdown();
  });

  it('has the resource as it is known at the time of writing, also for earlier spans', async () => {
    const said = vi.spyOn(diag, 'error').mockImplementation(() => {});
    const { exporter, path } = start();
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'a', 'service.version': Promise.resolve('1') }),
      spanProcessors: [exporter],
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

  it.each(Object.entries({ SimpleSpanProcessor, BatchSpanProcessor }))(
    'of a %s shows events and the resource, and cuts values that are too long for a browser',
    async (_, Processor) => {
      const { exporter, path } = start();
      const provider = new TracerProvider({ spanProcessors: [new Processor({ exporter })] });
      const span = provider.getTracer('test').startSpan('x', { attributes: { long: 'y'.repeat(200_000) } });
      span.addEvent('happened', { a: 1 });
      span.end();
      await provider.shutdown();
      const [data] = dataOf(path).spans;
      expect(data).toMatchObject({
        events: [{ name: 'happened', attributes: { a: 1 } }],
        resource: { 'service.name': expect.any(String) },
      });
      expect(JSON.stringify(data).length).toBeLessThan(101_000);
    },
  );
});

describe('the size limit of a page', () => {
  it('drops and counts the oldest traces', async () => {
    const { exporter, path, send } = start('page.html', 5000);
    for (const plan of named(100, 'trace')) send(...makeSpans(plan));
    await exporter.shutdown();
    const { spans, omitted } = dataOf(path);
    expect(spans.at(-1)?.name).toBe('trace 99');
    expect(spans.length + omitted).toBe(100);
    expect(JSON.stringify(spans).length).toBeLessThan(5200);
  });

  it('drops the newest spans of a single trace', async () => {
    const { exporter, path, send } = start('page.html', 5000);
    send(...makeSpans({ name: 'root', children: named(100, 'span') }));
    await exporter.shutdown();
    const { spans, omitted } = dataOf(path);
    expect(spans[0]?.name).toBe('span 0');
    expect(spans.length + omitted).toBe(101);
  });
});

describe('the exporter does not throw', () => {
  it('if it cannot write, which is reported, and tries again at the next flush', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { exporter, path, send } = start('file/page.html');
    for (let i = 0; i < 3; i++) {
      send(...makeSpans({ name: 'root' }));
      await exporter.forceFlush();
    }
    expect([...reported.values()]).toEqual([expect.stringMatching(/cannot be written: (ENOTDIR|EEXIST)/)]);
    rmSync(join(folder, 'file'));
    await exporter.forceFlush();
    expect(namesIn(path)).toHaveLength(3);
    await exporter.shutdown();
  });

  it('if an evaluation has values that JSON cannot hold', async () => {
    const { exporter, path, send } = start();
    const [span] = makeSpans({ name: 'a' });
    send(span);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const attributes = { big: 1n, circle, long: 'x'.repeat(200_000) };
    exporter.evaluated({ spanContext: span?.spanContext(), hrTime: [1, 0], attributes } as never);
    await exporter.shutdown();
    const [shown] = spansOn(path);
    expect(shown).toMatchObject({ events: [{ attributes: { big: 1, circle: '[no text]' } }] });
    expect(JSON.stringify(shown).length).toBeLessThan(101_000);
  });

  it('if something else than a file is at its path, which stays and is reported once', async () => {
    const { exporter, path, send } = start('socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    for (let i = 0; i < 3; i++) {
      send(...makeSpans({ name: 'root' }));
      await exporter.forceFlush();
    }
    await exporter.shutdown();
    expect(reported).toEqual(new Map([[`page ${path}`, `the page ${path} cannot be written: not a file`]]));
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
    const { exporter } = start();
    const results: number[] = [];
    exporter.export(undefined as never, ({ code }) => results.push(code));
    await exporter.shutdown();
    expect(results).toEqual([1]);
    expect(readdirSync(folder)).toEqual([]);
  });
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
  /** What a command says on its two streams, and its exit code. */
  async function saidBy(run: (output: TextStream, errors: TextStream) => number | Promise<number>) {
    const [output, errors]: [string[], string[]] = [[], []];
    const into = (said: string[]): TextStream => ({ write: (text) => said.push(text) });
    const code = await run(into(output), into(errors));
    return { code, output: output.join(''), errors: errors.join('') };
  }
  const view = (...parameters: string[]) => saidBy((output, errors) => runView(parameters, output, errors));
  /** Makes a page of a file with these lines. */
  const make = (content: string | Uint8Array, page = join(folder, 'page.html')) => {
    writeFileSync(join(folder, 'file'), content);
    return saidBy((output, errors) => pageFromFile(join(folder, 'file'), page, output, errors));
  };
  const lines = (...all: readonly (object | string)[]): string =>
    all.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const spanNamed = (name: string, spanId = '2', traceId = '1'): object => ({ traceId, spanId, name });
  const page = (): string => join(folder, 'page.html');
  const EVALUATION = otlpLogs(evaluationOf('1', '2'));

  it('writes a page from a file with spans, and prints its URL', async () => {
    expect(await make(`${otlp(spanNamed('chat'))}\nno JSON\n`)).toEqual({
      code: 0,
      output: `1 span: file://${page()}\n`,
      errors: 'Skipped 1 line that is not JSON.\n',
    });
    expect(namesIn(page())).toEqual(['chat']);
    const errors = `${join(folder, 'file')} contains no spans. It must be OTLP/JSON.\n`;
    expect(await make('{}')).toEqual({ code: 1, output: '', errors });
  });

  it('shows a span and an evaluation that are repeated once, as they were sent last', async () => {
    const text = lines(spanNamed('open'), spanNamed('other', '3'), EVALUATION, spanNamed('chat'), EVALUATION);
    const output = `2 spans: file://${page()}\n`;
    expect(await make(text)).toMatchObject({ code: 0, output, errors: '' });
    expect(spansOn(page())).toMatchObject([
      { name: 'chat', events: [{ attributes: { 'gen_ai.evaluation.name': 'helpful' } }] },
      { name: 'other', events: [] },
    ]);
  });

  it('leaves out the oldest traces of a large file as a whole, and their evaluations', async () => {
    const value = { stringValue: 'x'.repeat(100_000) };
    const attributes = Array.from({ length: 95 }, (_, i) => ({ key: `a${i}`, value }));
    const large = ['1', '2', '3', '4', '5', '6'].map((id) => ({ ...spanNamed(id, id, id), attributes }));
    const text = lines(otlpLogs(evaluationOf('2', '2')), ...large, spanNamed('late', '7'));
    expect(await make(text)).toMatchObject({ code: 0, errors: '' });
    expect(namesIn(page()).sort()).toEqual(['1', '3', '4', '5', '6', 'late']);
    expect(dataOf(page()).omitted).toBe(2);
  });

  it.each(['folder', '.', ''])(
    'leaves no temporary file behind if %j is not a writable path',
    async (name) => {
      mkdirSync(join(folder, 'folder'));
      expect(await make(lines(spanNamed('x')), `${folder}/${name}`)).toEqual({
        code: 1,
        output: '',
        errors: `${folder}/${name} cannot be written: not a file.\n`,
      });
      expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
    },
  );

  it.each([
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE, as older PowerShells write it', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['files that were joined', (text: string) => Buffer.from(`${text}\n\ufeff${text}`)],
  ])('reads %s', async (_what, encode) => {
    const text = encode(lines(spanNamed('é'), spanNamed('', '3')));
    expect(await make(text)).toMatchObject({ code: 0, errors: '' });
    expect(dataOf(page()).spans).toContainEqual(expect.objectContaining({ spanId: '2', name: 'é' }));
  });

  it.each([
    [['a', 'b'], "Unexpected argument 'b'."],
    [['a', '--colour'], "Unknown option '--colour'."],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', 'http'], "--port 'http' is not a number from 0 to 65535."],
    [['--port', '65536'], "--port '65536' is not a number from 0 to 65535."],
    [['--port', '4319', 'a'], '--keep and --port do not go with a file.'],
    [['--keep', 'b', 'a'], '--keep and --port do not go with a file.'],
    [['--output', 'a'], '--output needs a file of traces.'],
    [['--new-token'], '--new-token needs --keep.'],
    [['--new-token', 'a'], '--new-token needs --keep.'],
    [[''], 'The name of a file is empty.'],
    [['a', '--output', ''], 'The name of a file is empty.'],
  ])('says what is wrong with %j, and prints its usage', async (parameters, problem) => {
    const { errors, ...ended } = await view(...parameters);
    expect(ended).toEqual({ code: 2, output: '' });
    expect(errors.split('\n').slice(0, 2)).toEqual([
      problem,
      'Usage: npx opentelemetry-instrumentation-openai view [--keep <file>] [--port <port>]',
    ]);
  });

  it('says in one line why it cannot start', async () => {
    const { port } = new URL(await listen());
    expect(await view('--port', port)).toEqual({
      code: 1,
      output: '',
      errors: `Port ${port} is in use. Choose another with --port, or let --port 0 pick a free one.\n`,
    });
    const missing = join(folder, 'missing', 'traces.jsonl');
    expect(await view('--port', '0', '--keep', missing)).toEqual({
      code: 1,
      output: '',
      errors: `${missing} cannot be read: no such file or directory.\n`,
    });
    expect(await view('--port', '0', '--keep', folder)).toEqual({
      code: 1,
      output: '',
      errors: `${folder} is not a regular file.\n`,
    });
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
    writeFileSync(file, lines(spanNamed('x')));
    const { code, output, errors } = await view(file, '--output', pageFor(file));
    expect([code, output, errors.split('\n')[0]]).toEqual([
      2,
      '',
      `The page would replace the file of traces '${file}'. Choose another --output.`,
    ]);
    expect(readFileSync(file, 'utf8')).toBe(lines(spanNamed('x')));
  });

  it.runIf(existsSync('/proc/self'))('ends where no folder can be created', async () => {
    const target = '/proc/traces/page.html';
    const errors = `${target} cannot be written: no such file or directory.\n`;
    expect(await make(lines(spanNamed('x')), target)).toEqual({ code: 1, output: '', errors });
  });
});
