import { appendFile, mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchTraces } from '../../../src/viewer/live/watch-traces.ts';
import type { ViewedSpan } from '../../../src/viewer/viewed-span.ts';
import { newFolder } from '../../support/folders.ts';
import { evaluationOf, otlp, otlpLogs } from './requests.ts';

let folder: string;
let file: string;
let stop: (() => void) | undefined;
let taken: ViewedSpan[];
let evaluated: string[];
let problems: string[];
beforeEach(async () => {
  folder = await newFolder();
  file = join(folder, 'traces.jsonl');
  [taken, evaluated, problems] = [[], [], []];
});
afterEach(() => stop?.());

function watch(path = file): void {
  stop = watchTraces(
    path,
    (problem) => problems.push(problem),
    ({ spans }) => {
      taken.push(...spans.filter(({ isEvaluation }) => !isEvaluation));
      evaluated.push(...spans.flatMap(({ isEvaluation, parentId }) => (isEvaluation && parentId) || []));
    },
  );
}

/** Watches a file with this text, whose time is long ago: some file systems keep times in steps of milliseconds. */
async function watchOld(text: string): Promise<void> {
  await writeFile(file, text);
  await utimes(file, 1, 1);
  watch();
}

const line = (spanId: string, name = spanId): string => `${otlp({ traceId: 't', spanId, name })}\n`;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000 });
const taking = (...ids: string[]): Promise<void> =>
  until(() => expect(taken.map(({ spanId }) => spanId)).toEqual(ids));

test('a file is read, and then the spans and evaluations that are added to it', async () => {
  await writeFile(file, line('a'));
  watch();
  await taking('a');
  await appendFile(file, line('b').slice(0, 20));
  await appendFile(file, line('b').slice(20) + line('c') + otlpLogs(evaluationOf('t', 'a')));
  await appendFile(file, '\n');
  await taking('a', 'b', 'c');
  await until(() => expect(evaluated).toEqual(['a']));
});

const LONG = 'long'.repeat(20);
const END = line('1', 'end'.repeat(2_000));
const INDENTED = JSON.stringify(JSON.parse(line('a')), undefined, 2);

describe('a file that is rewritten is read anew:', () => {
  test('replaced by another', async () => {
    await writeFile(file, line(LONG));
    watch();
    await writeFile(join(folder, 'next'), line('a'));
    await rename(join(folder, 'next'), file);
    await taking(LONG, 'a');
  });

  test.each([
    ['larger', line('once'), line('b') + line('c'), ['once', 'b', 'c']],
    ['of the same size', line('once'), line('long'), ['once', 'long']],
    ['of the same size and end', line('first') + END, line('other') + END, ['first', '1', 'other', '1']],
    ['smaller', line('once'), line('b'), ['once', 'b']],
    ['a larger document', line('once'), `${INDENTED}\n`, ['once', 'a']],
  ])('%s', async (_what, before, after, ids) => {
    await watchOld(before);
    await writeFile(file, after);
    await taking(...ids);
  });
});

test('what was read of a file does not stay in memory', async () => {
  await writeFile(file, `${'x'.repeat(16 * 2 ** 20)}\n${line('a')}`);
  setFlagsFromString('--expose-gc');
  const buffersNow = (): number => {
    runInNewContext('gc')();
    return process.memoryUsage().arrayBuffers;
  };
  const before = buffersNow();
  watch();
  await taking('a');
  // Memory of buffers is freed in the background.
  await until(() => expect(buffersNow() - before).toBeLessThan(8 * 2 ** 20));
});

test('what was read is not read again when more is added', async () => {
  const long = line('1', 'x'.repeat(100_000));
  await writeFile(file, '');
  watch();
  for (const [index, text] of [
    line('a'),
    line('b').slice(0, 20),
    line('b').slice(20),
    long,
    line('c'),
  ].entries()) {
    await appendFile(file, text);
    await until(() => expect(taken).toHaveLength(Math.max(1, index)));
  }
  await taking('a', 'b', '1', 'c');
});

test('lines that are added to a UTF-16 file are read', async () => {
  await writeFile(file, `\ufeff${line('a')}`, 'utf16le');
  watch();
  await appendFile(file, line('b'), 'utf16le');
  await taking('a', 'a', 'b');
});

test.each([
  ['its first line', INDENTED, 2],
  ['some lines', INDENTED, 60],
  ['some documents of a list', `[\n${line('a').trim()},\n${line('b').trim()}\n]`, line('a').length + 3],
])('a document of many lines is read once it is whole: first %s', async (_what, document, written) => {
  await writeFile(file, document.slice(0, written));
  watch();
  expect(taken).toEqual([]);
  await appendFile(file, document.slice(written));
  await taking(...(document === INDENTED ? ['a'] : ['a', 'b']));
});

test.each([
  ['text', 'INFO started\n'.repeat(10_001)],
  ['text that begins as JSON', '[2026-11-22] started\n'.repeat(2)],
  ['a document that was never finished', '{\n  "resourceSpans": [\n'],
  ['other documents', `${'{"level":30}\n'.repeat(2)}Error: x\n    at y\n`],
])('spans between lines of %s are each read once', async (_what, others) => {
  await writeFile(file, others + line('a') + others);
  watch();
  await taking('a');
  await appendFile(file, line('b') + others);
  await taking('a', 'b');
  await appendFile(file, line('c'));
  await taking('a', 'b', 'c');
});

test('the files of a folder are read, also those that come later, and no others', async () => {
  await mkdir(join(folder, 'a folder.json'));
  await writeFile(join(folder, 'a.json'), line('a'));
  await writeFile(join(folder, 'b.txt'), line('b'));
  watch(folder);
  await taking('a');
  await writeFile(join(folder, 'c.ndjson'), line('c'));
  await taking('a', 'c');
  expect(problems).toEqual([]);
});

test('a path that is not there is reported once, and shown when it is', async () => {
  watch();
  expect(problems).toEqual([`${file} cannot be read: no such file or directory.`]);
  await writeFile(file, line('a'));
  await taking('a');
  expect(problems).toHaveLength(1);
});

test('a file of a folder that cannot be read is reported once by its name, and hides no other', async () => {
  await symlink(join(folder, 'nowhere'), file);
  await writeFile(join(folder, 'b.jsonl'), line('b'));
  watch(folder);
  await taking('b');
  await writeFile(join(folder, 'c.jsonl'), line('c'));
  await taking('b', 'c');
  expect(problems).toEqual([`${file} cannot be read: no such file or directory.`]);
});
