import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchTraces } from '../../../src/viewer/live/watch-traces.ts';
import type { ViewedSpan } from '../../../src/viewer/viewed-span.ts';
import { evaluationOf, otlp, otlpLogs } from './requests.ts';

let folder: string;
let stop: (() => void) | undefined;
let taken: ViewedSpan[];
let evaluated: string[];
let problems: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'));
  taken = [];
  evaluated = [];
  problems = [];
});
afterEach(async () => {
  stop?.();
  await rm(folder, { recursive: true, force: true });
});

function watch(path: string): void {
  stop = watchTraces(
    path,
    (problem) => problems.push(problem),
    ({ spans }) => {
      taken.push(...spans.filter(({ isEvaluation }) => !isEvaluation));
      evaluated.push(...spans.flatMap(({ isEvaluation, parentId }) => (isEvaluation && parentId) || []));
    },
  );
}

const line = (name: string): string => `${otlp({ traceId: 't', spanId: name, name })}\n`;
const taking = (...names: string[]): Promise<void> =>
  vi.waitFor(() => expect(taken.map(({ name }) => name)).toEqual(names), { timeout: 20_000 });

test('a file is read, and then what is added to it', async () => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, line('a'));
  watch(file);
  await taking('a');
  await appendFile(file, line('b').slice(0, 20));
  await appendFile(file, line('b').slice(20) + line('c'));
  await taking('a', 'b', 'c');
});

test('evaluations that are added to a file are read', async () => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, line('a'));
  watch(file);
  await taking('a');
  await appendFile(file, `${otlpLogs(evaluationOf('t', 'a'))}\n`);
  await vi.waitFor(() => expect(evaluated).toEqual(['a']), { timeout: 20_000 });
});

test('a file that is replaced is read anew', async () => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, line('long'.repeat(20)));
  watch(file);
  await writeFile(join(folder, 'next'), line('a'));
  await rename(join(folder, 'next'), file);
  await taking('long'.repeat(20), 'a');
});

test.each([
  ['larger', line('b') + line('c'), ['b', 'c']],
  ['of the same size', line('long'), ['long']],
  ['smaller', line('b'), ['b']],
  ['a larger document', `${JSON.stringify(JSON.parse(line('b')), undefined, 2)}\n`, ['b']],
])('a file that is rewritten in place is read anew: %s', async (_what, text, names) => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, line('once'));
  // Some file systems keep times in steps of milliseconds.
  await utimes(file, 1, 1);
  watch(file);
  await writeFile(file, text);
  await taking('once', ...names);
});

test('a file that is rewritten with the same length and end is read anew', async () => {
  const file = join(folder, 'traces.jsonl');
  const end = `${otlp({ traceId: 't', spanId: '1', name: 'end'.repeat(2_000) })}\n`;
  await writeFile(file, line('first') + end);
  await utimes(file, 1, 1);
  watch(file);
  await writeFile(file, line('other') + end);
  await vi.waitFor(() => expect(taken).toHaveLength(4), { timeout: 20_000 });
  expect(taken.map(({ spanId }) => spanId)).toEqual(['first', '1', 'other', '1']);
});

test('what was read of a file does not stay in memory', async () => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, `${'x'.repeat(16 * 2 ** 20)}\n${line('a')}`);
  setFlagsFromString('--expose-gc');
  const buffersNow = (): number => {
    runInNewContext('gc')();
    return process.memoryUsage().arrayBuffers;
  };
  const before = buffersNow();
  watch(file);
  await taking('a');
  // Memory of buffers is freed in the background.
  await vi.waitFor(() => expect(buffersNow() - before).toBeLessThan(8 * 2 ** 20), { timeout: 20_000 });
});

test('what was read is not read again when more is added', async () => {
  const file = join(folder, 'traces.jsonl');
  const long = otlp({ traceId: 't', spanId: '1', name: 'x'.repeat(100_000) });
  const added = [line('a'), line('b').slice(0, 20), line('b').slice(20), `${long}\n`, line('c')];
  await writeFile(file, '');
  watch(file);
  for (const [index, text] of added.entries()) {
    await appendFile(file, text);
    await vi.waitFor(() => expect(taken).toHaveLength(Math.max(1, index)), { timeout: 20_000 });
  }
  expect(taken.map(({ spanId }) => spanId)).toEqual(['a', 'b', '1', 'c']);
});

test('lines that are added to a UTF-16 file are read', async () => {
  const file = join(folder, 'traces.jsonl');
  await writeFile(file, `\ufeff${line('a')}`, 'utf16le');
  watch(file);
  await appendFile(file, line('b'), 'utf16le');
  await taking('a', 'a', 'b');
});

const indented = JSON.stringify(JSON.parse(line('a')), undefined, 2);
test.each([
  ['its first line', indented, 2],
  ['some lines', indented, 60],
  ['some documents of a list', `[\n${line('a').trim()},\n${line('b').trim()}\n]`, line('a').length + 3],
])('a document of many lines is read once it is whole: first %s', async (_what, document, written) => {
  const file = join(folder, 'traces.json');
  await writeFile(file, document.slice(0, written));
  watch(file);
  expect(taken).toEqual([]);
  await appendFile(file, document.slice(written));
  await taking(...(document === indented ? ['a'] : ['a', 'b']));
});

test.each([
  ['text', 'INFO started\n'.repeat(10_001)],
  ['text that begins as JSON', '[2026-11-22] started\n'.repeat(2)],
  ['a document that was never finished', '{\n  "resourceSpans": [\n'],
  ['other documents', `${'{"level":30}\n'.repeat(2)}Error: x\n    at y\n`],
])('spans between lines of %s are each read once', async (_what, others) => {
  const file = join(folder, 'log.jsonl');
  await writeFile(file, others + line('a') + others);
  watch(file);
  await taking('a');
  await appendFile(file, line('b') + others);
  await taking('a', 'b');
  await appendFile(file, line('c'));
  await taking('a', 'b', 'c');
});

test('the files of a folder are read, also those that come later, and no others', async () => {
  await writeFile(join(folder, 'a.json'), line('a'));
  await writeFile(join(folder, 'b.txt'), line('b'));
  watch(folder);
  await taking('a');
  await writeFile(join(folder, 'c.ndjson'), line('c'));
  await taking('a', 'c');
});

test('a path that is not there is reported once, and shown when it is', async () => {
  const file = join(folder, 'later.jsonl');
  watch(file);
  expect(problems).toEqual([`${file} cannot be read: no such file or directory.`]);
  await writeFile(file, line('a'));
  await taking('a');
  expect(problems).toHaveLength(1);
});

test('a folder in a folder is passed over', async () => {
  await mkdir(join(folder, 'a.json'));
  await writeFile(join(folder, 'b.json'), line('b'));
  watch(folder);
  await taking('b');
  expect(problems).toEqual([]);
});

test('a file of a folder that cannot be read is reported once by its name, and hides no other', async () => {
  const broken = join(folder, 'a.jsonl');
  await symlink(join(folder, 'nowhere'), broken);
  await writeFile(join(folder, 'b.jsonl'), line('b'));
  watch(folder);
  await taking('b');
  await writeFile(join(folder, 'c.jsonl'), line('c'));
  await taking('b', 'c');
  expect(problems).toEqual([`${broken} cannot be read: no such file or directory.`]);
});
