import { appendFile, chmod, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { newFolder } from '../../../test/support/folders.ts';
import { KeptTraces } from '../../src/live/kept-traces.ts';
import { type LiveView, startLiveView } from '../../src/live/live-view.ts';
import { makeSpans } from '../spans.ts';
import { listsOf, otlp, post } from './requests.ts';

let file: string;
beforeEach(async () => {
  file = join(await newFolder(), 'traces.jsonl');
});

const request = (name: string): unknown => JSON.parse(otlp({ traceId: 't', spanId: name, name }));
/** The size of a request with a name of one letter. */
const SIZE = `${JSON.stringify(request('0'))}\n`.length;

interface Opened {
  readonly names: string[];
  readonly problems: string[];
  add(...names: readonly (string | number)[]): void;
}

/** Opens the file, as large as so many requests. */
function open(maxRequests = Number.POSITIVE_INFINITY): Opened {
  const problems: string[] = [];
  const kept = new KeptTraces(file, (problem) => problems.push(problem), maxRequests * SIZE);
  const names = kept.read().spans.map(({ name }) => name);
  const add: Opened['add'] = (...added) => {
    for (const name of added) kept.add(request(String(name)));
  };
  return { names, problems, add };
}

async function expectPrivate(): Promise<void> {
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
}

test('what has ended is kept as OTLP lines, which a later viewer shows again', async () => {
  const start = async () => {
    const live = await startLiveView(0, () => expect.unreachable(), { keep: file });
    onTestFinished(live.close);
    return live;
  };
  const traces = `${(await start()).address}/v1/traces`;
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
  const times = { startTimeUnixNano: '1700000000000000001', endTimeUnixNano: '1700000001000000000' };
  const sent = { ...ids, ...times, name: 'kept' };
  await post(traces, otlp(sent));
  const [root] = makeSpans({ name: 'in protobuf' }) as unknown as ReadableSpan[];
  if (root === undefined) throw new Error('There is no span');
  await new Promise((done) => new OTLPTraceExporter({ url: traces }).export([root], done));
  const open = otlp({ ...sent, spanId: 'b7ad6b7169203332', endTimeUnixNano: '0' });
  await post(traces, open, { 'x-openai-traces-view': 'live' });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines).toEqual([expect.any(String), expect.stringContaining(`"${root.spanContext().spanId}"`)]);
  expect(JSON.parse(lines[0] ?? '')).toEqual(JSON.parse(otlp(sent)));
  await expectPrivate();
  const shown = (await listsOf((await start()).page)).traces.map(({ trace }) => trace.title);
  expect(shown.sort()).toEqual(['in protobuf', 'kept']);
});

test('a write that was interrupted loses its own line alone', async () => {
  open().add('first');
  await appendFile(file, JSON.stringify(request('interrupted')).slice(0, -20));
  open().add('next');
  expect(open().names).toEqual(['first', 'next']);
});

test.each([
  ['something else', { name: 'my-package' }],
  ['a document of several lines, which could not be read with another below it', request('x')],
])('a file with %s is refused, and stays as it is', async (_, content) => {
  const text = JSON.stringify(content, undefined, 2);
  await writeFile(file, text, { mode: 0o644 });
  expect(() => open()).toThrow(`${file} has no OTLP/JSON with spans in a line, so nothing is added to it.`);
  expect(await readFile(file, 'utf8')).toBe(text);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o644);
});

test('a full file makes room for what is new', async () => {
  const { add, problems } = open(10);
  for (let i = 0; i < 100; i++) {
    add(i % 10);
    expect((await stat(file)).size).toBeLessThanOrEqual(10 * SIZE);
  }
  expect(problems).toEqual([]);
  expect(open().names.at(-1)).toBe('9');
  expect(open().names.length).toBeGreaterThan(4);
  expect((await readFile(file, 'utf8')).endsWith('\n')).toBe(true);
  await expectPrivate();
});

test('a request that is too large is reported, and costs nothing that is there', async () => {
  const { add, problems } = open(4);
  add('first', 'x'.repeat(2 * SIZE));
  expect(problems).toEqual([`A request was too large to be kept in ${file}.`]);
  add('next');
  expect((await stat(file)).size).toBeLessThanOrEqual(4 * SIZE);
  expect(open(4).names).toEqual(['first', 'next']);
});

test('a file that is emptied or deleted meanwhile has room again', async () => {
  const { add, problems } = open(4);
  for (const free of [() => truncate(file), () => rm(file)]) {
    add(0, 1, 2, 3);
    await free();
    add(0, 1, 2, 3);
    expect(open().names).toEqual(['0', '1', '2', '3']);
    await rm(file);
  }
  expect(problems).toEqual([]);
});

test('of a file that is too large already, the newest half of the maximum is shown and stays', () => {
  open().add(...Array(9).keys());
  const next = open(6);
  expect(next.names).toEqual(['6', '7', '8']);
  next.add(9);
  expect(open().names).toEqual(['6', '7', '8', '9']);
});

describe('the token of kept traces', () => {
  const tokenFile = (): string => `${file}.token`;
  const start = async (isTokenRenewed?: boolean): Promise<LiveView> => {
    const live = await startLiveView(0, () => expect.unreachable(), { keep: file, isTokenRenewed });
    onTestFinished(live.close);
    return live;
  };
  const tokenOf = ({ page }: LiveView): string | null => new URL(page).searchParams.get('token');

  test('stays the same after a restart, in a file that only its owner can read, until it is renewed', async () => {
    const first = tokenOf(await start());
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(await readFile(tokenFile(), 'utf8')).toBe(`${first}\n`);
    if (process.platform !== 'win32') expect((await stat(tokenFile())).mode & 0o777).toBe(0o600);
    expect(tokenOf(await start())).toBe(first);
    const renewed = tokenOf(await start(true));
    expect(renewed).toMatch(/^[0-9a-f]{32}$/);
    expect(renewed).not.toBe(first);
    expect(tokenOf(await start())).toBe(renewed);
  });

  test.skipIf(process.platform === 'win32').each([0o640, 0o604, 0o620])(
    'is refused if others can use its file: %o',
    async (mode) => {
      const first = await start();
      await chmod(tokenFile(), mode);
      await expect(start()).rejects.toThrow(
        `Other users can read or change ${tokenFile()}. Replace its token with --new-token.`,
      );
      expect(tokenOf(await start(true))).not.toBe(tokenOf(first));
      expect((await stat(tokenFile())).mode & 0o777).toBe(0o600);
    },
  );

  test.each(['', 'secret', 'a'.repeat(31), `${'a'.repeat(32)} b`, 'x'.repeat(1_000_000)])(
    'is not replaced if its file contains something else: %#',
    async (text) => {
      await writeFile(tokenFile(), text, { mode: 0o600 });
      await expect(start()).rejects.toThrow(`${tokenFile()} is not a token file.`);
      expect(await readFile(tokenFile(), 'utf8')).toBe(text);
    },
  );

  test('is not read or written through a symbolic link', async () => {
    const elsewhere = `${file}.elsewhere`;
    await writeFile(elsewhere, 'a'.repeat(32), { mode: 0o600 });
    await symlink(elsewhere, tokenFile());
    await expect(start()).rejects.toThrow(`${tokenFile()} is not a token file.`);
    await expect(start(true)).rejects.toThrow(`${tokenFile()} cannot be written: `);
    expect(await readFile(elsewhere, 'utf8')).toBe('a'.repeat(32));
  });

  test('is not written beside a file that keeps no traces', async () => {
    await writeFile(file, '{"name":"my-package"}\n');
    await expect(start()).rejects.toThrow('has no OTLP/JSON');
    await expect(stat(tokenFile())).rejects.toThrow('ENOENT');
  });
});
