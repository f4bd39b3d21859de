import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, expect, test } from 'vitest';
import { listsOf, otlp, send } from './live/requests.ts';
import { makeSpans } from './spans.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.cjs');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

interface Program {
  /** Resolves once this has been printed. */
  printed(text: RegExp): Promise<RegExpMatchArray>;
  ended: Promise<number | null>;
  said(): string;
}

function start(...parameters: string[]): Program {
  const child = spawn(process.execPath, [CLI, 'view', ...parameters]);
  cleanups.push(() => child.kill());
  let said = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
      for (const listener of listeners) listener();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const printed = (text: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = said.match(text);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(said)));
    });
  return { printed, ended, said: () => said };
}

test('it prints its address, and answers there', async () => {
  const program = start('--port', '0');
  const [, page = ''] = await program.printed(
    /shown at ((http:\/\/localhost:\d+)\/\?token=\w+)\n.*OTEL_EXPORTER_OTLP_ENDPOINT=\2\n/,
  );
  for (const host of ['127.0.0.1', '[::1]'])
    expect((await send(page.replace('localhost', host))).text, host).toContain(
      '<title>OpenAI traces</title>',
    );
});

test('a port that is taken is said in one line', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as { port: number };
  const program = start('--port', String(port));
  expect(await program.ended).toBe(1);
  expect(program.said()).toBe(
    `Port ${port} is in use. Choose another with --port, or let --port 0 pick a free one.\n`,
  );
});

test('it watches a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'view-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'a.jsonl'), otlp({ traceId: 't', spanId: '1', name: 'x' }));
  const program = start(folder, '--port', '0');
  const [, page = ''] = await program.printed(/shown at (\S+)/);
  expect((await listsOf(page)).traces).toMatchObject([{ trace: { title: 'x' } }]);
});

test.skipIf(process.platform === 'win32')('it does not wait for pipes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'view-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const pipe = join(folder, 'a.jsonl');
  execFileSync('mkfifo', [pipe]);
  await writeFile(join(folder, 'b.jsonl'), otlp({ traceId: 't', spanId: '1', name: 'x' }));
  const [, page = ''] = await start(folder, '--port', '0').printed(/shown at (\S+)/);
  expect((await listsOf(page)).traces).toMatchObject([{ trace: { title: 'x' } }]);
  await start(pipe, '--watch', '--port', '0').printed(
    /a\.jsonl cannot be watched: it is neither a file nor a folder\.\n/,
  );
});

test('an option that is wrong is answered with what is wrong and the usage', async () => {
  const program = start('--port', 'x');
  expect(await program.ended).toBe(2);
  expect(program.said()).toMatch(/^.+\.\nUsage: .* view/);
});

test('standard input without spans is named in words', async () => {
  const child = spawn(process.execPath, [CLI, 'view', '-']);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.end();
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([1, 'Standard input contains no spans. It must be OTLP/JSON.\n']);
});

test('--keep keeps what is received, as OTLP lines that a later one shows again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kept-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'traces.jsonl');
  const first = start('--port', '0', '--keep', file);
  const [, , address = ''] = await first.printed(/shown at ((http:\/\/localhost:\d+)\S+)/);
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
  const times = { startTimeUnixNano: '1700000000000000001', endTimeUnixNano: '1700000001000000000' };
  const sent = { ...ids, ...times, name: 'kept' };
  const traces = `${address}/v1/traces`;
  await send(traces, { method: 'POST', headers: { 'content-type': 'application/json' }, body: otlp(sent) });
  const exporter = new OTLPTraceExporter({ url: traces });
  const [root] = makeSpans({ name: 'in protobuf' }) as unknown as ReadableSpan[];
  if (root === undefined) throw new Error('There is no span');
  await new Promise((done) => exporter.export([root], done));
  // In progress, and metrics: neither is kept.
  await send(traces, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-openai-traces-view': 'live' },
    body: otlp({ ...sent, spanId: 'b7ad6b7169203332', endTimeUnixNano: '0' }),
  });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '')).toEqual(JSON.parse(otlp(sent)));
  expect(lines[1]).toContain(`"spanId":"${root.spanContext().spanId}"`);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  const second = start('--port', '0', '--keep', file);
  const [, page = ''] = await second.printed(/shown at (\S+)/);
  expect((await listsOf(page)).traces.map(({ trace }) => trace.title).sort()).toEqual([
    'in protobuf',
    'kept',
  ]);
});

test('--keep says in one line that its file cannot be used', async () => {
  const program = start('--port', '0', '--keep', join(tmpdir(), 'missing', 'traces.jsonl'));
  expect(await program.ended).toBe(1);
  expect(program.said()).toMatch(/^\S+traces\.jsonl cannot be read: no such file or directory\.\n$/);
});
