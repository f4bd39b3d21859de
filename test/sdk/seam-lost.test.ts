import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/** Runs a program of its own, since it collects garbage. */
async function run(program: string, ...args: string[]): Promise<Record<string, unknown>> {
  const file = `test/sdk/programs/${program}.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, ...args]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a span ends when the holder of its result is garbage collected', () => {
  test.each<[string, Record<string, unknown>]>([
    ['neverAwaited', { 'openai.response.parsed': false, 'http.response.status_code': 200 }],
    ['ofSubclassNeverAwaited', { 'openai.response.parsed': false, 'http.response.status_code': 200 }],
    ['streamNeverAwaited', { 'openai.stream.end': 'abandoned', 'openai.stream.chunk_count': 0 }],
    ['streamNeverRead', { 'openai.stream.end': 'abandoned', 'openai.stream.chunk_count': 0 }],
    ['streamNoLongerRead', { 'openai.stream.end': 'abandoned', 'openai.stream.chunk_count': 2 }],
  ])('at the last event: %s', async (program, attributes) => {
    expect(await run('forgotten', program)).toMatchObject({
      name: 'chat gpt-4o',
      attributes,
      endedBefore: true,
    });
  });
});

test.each([
  ['client', 'client'],
  ['socket', 'socket of realtime'],
])('no finished %s is kept in memory', async (what, collected) => {
  expect(await run('let-go', what)).toEqual([collected]);
});
