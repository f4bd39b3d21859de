import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test, vi } from 'vitest';
import type { Completion } from '../../../src/client.ts';
import { ContentStore } from '../../../src/export.ts';
import { newCompletion } from '../../../src/telemetry/content/content-record.ts';
import { callerIn } from '../../../src/telemetry/metadata.ts';
import { newFolder } from '../../support/folders.ts';
import { collectWarnings } from '../../support/warnings.ts';
import { OPERATIONS, type OperationCase, record } from './operations.ts';

function completion(said: string): Completion {
  const inputMessages = [{ role: 'user', parts: [{ type: 'text', content: said }] }];
  return { ...newCompletion({}, INVALID_SPAN_CONTEXT, callerIn(ROOT_CONTEXT)), inputMessages } as Completion;
}

/** The file that a completion is stored in. */
function fileOf({ inputMessages }: Completion): string {
  return `input_messages-${createHash('sha256').update(JSON.stringify(inputMessages)).digest('hex')}.json`;
}

const REFERENCE = 'gen_ai.input.messages_ref';

describe('a content store', () => {
  test('writes content to a folder, and refers to it on span and event', async () => {
    const folder = await newFolder();
    const store = new ContentStore({ folder, baseUrl: 'https://content.example/' });
    const { telemetry } = await record(OPERATIONS[0] as OperationCase, 'NO_CONTENT', {
      config: { completionHook: store.hook },
    });
    await store.flush();
    const references = Object.entries(telemetry.spans[0]?.attributes ?? {}).filter(([name]) =>
      name.endsWith('_ref'),
    );
    expect(references.map(([name]) => name).sort()).toEqual([
      'gen_ai.input.messages_ref',
      'gen_ai.output.messages_ref',
      'gen_ai.tool.definitions_ref',
    ]);
    const files = await readdir(folder);
    expect(references.map(([, url]) => String(url)).sort()).toEqual(
      files.map((file) => `https://content.example/${file}`).sort(),
    );
    const input = files.find((file) => file.startsWith('input_messages-')) ?? '';
    expect(JSON.parse(await readFile(join(folder, input), 'utf8'))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'hidden' }] },
    ]);
  });

  test('writes the same content once, and refers to it each time', async () => {
    const put = vi.fn();
    const store = new ContentStore({ put });
    const [first, second] = [completion('x'), completion('x')];
    store.hook(first);
    store.hook(second);
    await store.flush();
    expect(put).toHaveBeenCalledExactlyOnceWith(
      fileOf(first),
      new TextEncoder().encode(JSON.stringify(first.inputMessages)),
      'application/json',
    );
    expect(second.attributes).toEqual(first.attributes);
    expect(first.attributes).toHaveProperty([REFERENCE]);
  });

  test('writes what a hook before it leaves, which may have removed a field', async () => {
    const put = vi.fn();
    const store = new ContentStore({ put, dropMedia: true });
    const left = { ...completion('x'), outputMessages: undefined, toolDefinitions: null } as never;
    store.hook(left);
    await store.flush();
    expect(put).toHaveBeenCalledExactlyOnceWith(fileOf(left), expect.any(Uint8Array), 'application/json');
  });

  test('writes content that is still in use again after an hour: something else may delete old files', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const put = vi.fn();
    const store = new ContentStore({ put });
    for (const minutes of [0, 59, 61, 119, 122]) {
      clock.mockReturnValue(minutes * 60_000);
      store.hook(completion('x'));
    }
    await store.flush();
    expect(put).toHaveBeenCalledTimes(3);
    clock.mockRestore();
  });

  test('restricts files to their owner, writes them atomically, and keeps existing ones', async () => {
    const folder = join(await newFolder(), 'new');
    await new ContentStore({ folder }).hook(completion('x'));
    const [file = ''] = await readdir(folder);
    const before = await stat(join(folder, file));
    expect(before.mode & 0o077).toBe(0);
    expect((await stat(folder)).mode & 0o077).toBe(0);
    await new ContentStore({ folder }).hook(completion('x'));
    expect(await readdir(folder)).toEqual([file]);
    expect((await stat(join(folder, file))).ino).toBe(before.ino);
  });

  test('never leaves its folder, not even through a symbolic link', async () => {
    const folder = await newFolder();
    const outside = join(await newFolder(), 'outside.json');
    await writeFile(outside, 'untouched');
    const said = completion('../../../etc/passwd');
    const name = fileOf(said);
    await symlink(outside, join(folder, name));
    const store = new ContentStore({ folder });
    store.hook(said);
    await store.flush();
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect(await readdir(folder)).toEqual([name]);
    expect((await lstat(join(folder, name))).isFile()).toBe(true);
    expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toEqual(said.inputMessages);
  });
});

describe('content that is not stored', () => {
  test('because the queue is full has no reference, and is counted', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const put = vi.fn(() => promise);
    const store = new ContentStore({ put, maxQueueLength: 2 });
    const completions = Array.from({ length: 20 }, (_, index) => completion(String(index)));
    for (const one of completions) store.hook(one);
    const referred = completions.filter(({ attributes }) => REFERENCE in attributes);
    expect(referred.length).toBeLessThan(20);
    expect(store.dropped).toBe(20 - referred.length);
    resolve();
    await store.flush();
    expect(put).toHaveBeenCalledTimes(referred.length);
  });

  test('because there is not even room for a mark is counted', async () => {
    const written: Uint8Array[] = [];
    const store = new ContentStore({ put: (_, bytes) => written.push(bytes), maxLength: 100 });
    const one = completion('x'.repeat(100));
    store.hook(one);
    await store.flush();
    expect([store.dropped, one.attributes, written]).toEqual([1, {}, []]);
  });

  test('because writing fails is counted, reported once without its text, and tried again', async () => {
    const warnings = collectWarnings();
    const put = vi
      .fn()
      .mockRejectedValueOnce(new Error('hidden'))
      .mockImplementationOnce(() => {
        throw new Error('hidden');
      });
    const store = new ContentStore({ put });
    for (let count = 0; count < 3; count++) await store.hook(completion('hidden'));
    expect([put.mock.calls.length, store.dropped]).toEqual([3, 2]);
    expect(warnings).toEqual([expect.stringContaining('storing content failed')]);
    expect(warnings.join()).not.toContain('hidden');
  });

  test('because its file cannot be written leaves nothing behind', async () => {
    const folder = await newFolder();
    const said = completion('x');
    await mkdir(join(folder, fileOf(said)));
    const store = new ContentStore({ folder });
    await store.hook(said);
    expect([await readdir(folder), store.dropped]).toEqual([[fileOf(said)], 1]);
  });
});

test.runIf(existsSync('/proc/self'))(
  'a content store drops content where no folder can be created',
  async () => {
    const store = new ContentStore({ folder: '/proc/nowhere/content' });
    store.hook(completion('hidden'));
    await store.flush();
    expect(store.dropped).toBe(1);
  },
);
