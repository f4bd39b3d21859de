import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

interface Run {
  readonly seen: readonly unknown[];
  /** Findings of the doctor. */
  readonly codes: readonly string[];
  readonly names: readonly string[];
  readonly open: readonly string[];
}

type Spans = 'all' | 'all but attempts' | 'those of lists' | 'none';

/** What a future version of `openai` may call otherwise, what is left of the spans then, and what the doctor says. */
const RENAMED: readonly (readonly [
  what: string,
  pattern: string,
  name: string,
  Spans,
  ...codes: string[],
])[] = [
  ['makeRequest, by which a client is known', 'makeRequest\\b', 'performRequest', 'none', 'openai_changed'],
  ['request', 'request(?=\\()', 'send', 'those of lists', 'openai_changed', 'openai_untested'],
  ['fetchWithTimeout', 'fetchWithTimeout\\b', 'fetchInTime', 'all but attempts', 'openai_untested'],
  ['retryRequest', 'retryRequest\\b', 'sendAgain', 'all', 'openai_untested'],
  ...[
    ['the parsing of the client', 'parseResponseWithTimeout\\b'],
    ['the promise of the response', 'responsePromise\\b'],
    ['the parsing of the promise', 'parseResponse\\b'],
    ['asResponse', 'asResponse\\b'],
    ["a stream's iterator", 'iterator\\b'],
    ["a stream's controller", 'controller\\b'],
    ['the items of a page', 'getPaginatedItems\\b'],
  ].map(([what = '', pattern = '']) => [what, pattern, 'ofTheFuture', 'all', 'openai_untested'] as const),
];

async function run(how: 'plain' | 'observed', pattern: string, name: string): Promise<Run> {
  const parameters = ['test/sdk/programs/future.ts', how, `\\b${pattern}`, name];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  return JSON.parse(stdout.replaceAll(/"(created|\w+_at)":\d+/g, '"$1":0')) as Run;
}

describe('a future major version', () => {
  let plain: Run;
  let all: readonly string[];
  beforeAll(async () => {
    plain = await run('plain', 'NOTHING\\b', 'x');
    all = (await run('observed', 'NOTHING\\b', 'x')).names.toSorted();
  }, 120_000);

  test.each(RENAMED)(
    'that calls %s in another way works unchanged, and this is reported',
    { timeout: 120_000 },
    async (what, pattern, name, spans, ...codes) => {
      const observed = await run('observed', pattern, name);
      // Programs call this themselves, and then fail without us, too.
      const { seen } = what === 'asResponse' ? await run('plain', pattern, name) : plain;
      expect(observed.seen).toEqual(seen);
      expect(observed.open).toEqual([]);
      expect(observed.codes).toEqual(expect.arrayContaining(codes));
      if (!codes.includes('openai_changed')) expect(observed.codes).not.toContain('openai_changed');
      expect(observed.codes).not.toContain('openai_not_seen');
      const names = observed.names.toSorted();
      if (spans === 'all') expect(names).toEqual(all);
      if (spans === 'all but attempts') expect(names).toEqual(all.filter((each) => each !== 'attempt'));
      if (spans === 'those of lists') expect(names).toEqual(['GET /models']);
      if (spans === 'none') expect(names).toEqual([]);
    },
  );
});
