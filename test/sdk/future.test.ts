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

/** What a future version of `openai` may call otherwise, and what is left of the spans then. */
const RENAMED: readonly {
  readonly what: string;
  readonly pattern: string;
  readonly name: string;
  readonly codes: readonly string[];
  readonly spans: 'all' | 'all but attempts' | 'those of lists' | 'none';
}[] = [
  {
    what: 'makeRequest, by which a client is known',
    pattern: '\\bmakeRequest\\b',
    name: 'performRequest',
    codes: ['openai_changed'],
    spans: 'none',
  },
  {
    what: 'request',
    pattern: '\\brequest(?=\\()',
    name: 'send',
    codes: ['openai_changed', 'openai_untested'],
    spans: 'those of lists',
  },
  {
    what: 'fetchWithTimeout',
    pattern: '\\bfetchWithTimeout\\b',
    name: 'fetchInTime',
    codes: ['openai_untested'],
    spans: 'all but attempts',
  },
  {
    what: 'retryRequest',
    pattern: '\\bretryRequest\\b',
    name: 'sendAgain',
    codes: ['openai_untested'],
    spans: 'all',
  },
  ...[
    ['the parsing of the client', '\\bparseResponseWithTimeout\\b'],
    ['the promise of the response', '\\bresponsePromise\\b'],
    ['the parsing of the promise', '\\bparseResponse\\b'],
    ['asResponse', '\\basResponse\\b'],
    ["a stream's iterator", '\\biterator\\b'],
    ["a stream's controller", '\\bcontroller\\b'],
    ['the items of a page', '\\bgetPaginatedItems\\b'],
  ].map(([what = '', pattern = '']) => ({
    what,
    pattern,
    name: 'ofTheFuture',
    codes: ['openai_untested'],
    spans: 'all' as const,
  })),
];

async function run(how: 'plain' | 'observed', pattern: string, name: string): Promise<Run> {
  const parameters = ['test/sdk/programs/future.ts', how, pattern, name];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  return JSON.parse(stdout.replaceAll(/"(created|\w+_at)":\d+/g, '"$1":0')) as Run;
}

describe('a future major version', () => {
  let plain: Run;
  let all: readonly string[];
  beforeAll(async () => {
    plain = await run('plain', '\\bNOTHING\\b', 'x');
    all = (await run('observed', '\\bNOTHING\\b', 'x')).names.toSorted();
  }, 120_000);

  test.each(RENAMED)(
    'that calls $what in another way works unchanged, and this is reported',
    { timeout: 120_000 },
    async (row) => {
      const observed = await run('observed', row.pattern, row.name);
      // Programs call this themselves, and then fail without us, too.
      const { seen } = row.what === 'asResponse' ? await run('plain', row.pattern, row.name) : plain;
      expect(observed.seen).toEqual(seen);
      expect(observed.open).toEqual([]);
      expect(observed.codes).toEqual(expect.arrayContaining([...row.codes]));
      if (!row.codes.includes('openai_changed')) expect(observed.codes).not.toContain('openai_changed');
      expect(observed.codes).not.toContain('openai_not_seen');
      const names = observed.names.toSorted();
      if (row.spans === 'all') expect(names).toEqual(all);
      if (row.spans === 'all but attempts') expect(names).toEqual(all.filter((name) => name !== 'attempt'));
      if (row.spans === 'those of lists') expect(names).toEqual(['GET /models']);
      if (row.spans === 'none') expect(names).toEqual([]);
    },
  );
});
