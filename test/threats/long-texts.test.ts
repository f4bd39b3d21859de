import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { maskingHook } from '../../src/client.ts';
import { newCompletion } from '../../src/telemetry/content/content-record.ts';
import { textWithoutMedia } from '../../src/telemetry/content/media.ts';
import { plainData, plainError } from '../../src/telemetry/content/plain-data.ts';
import { callerIn } from '../../src/telemetry/metadata.ts';
import { searchedStart } from '../../src/util/cut-text.ts';

/**
 * An end user who holds the program up by a text of megabytes that is searched for secrets or media: it is cut before it is
 * searched. What the cut leaves of a secret is not recorded.
 */
const KEY = 'sk-proj-abcdefghijklmnop1234';

describe('only the start of a text is searched', () => {
  test('and what the search replaces is not shown in part', () => {
    const read: number[] = [];
    const replace = (text: string): string => {
      read.push(text.length);
      return text.replaceAll(KEY, '*');
    };
    for (let length = 90; length <= 130; length++)
      expect(searchedStart(`${' '.repeat(length)}${KEY}${' '.repeat(5_000_000)}`, 100, replace)).toMatch(
        /^ *\*? *$/,
      );
    expect(new Set(read)).toEqual(new Set([100 + 4_096]));
    expect(searchedStart(` ${KEY} `, 100, replace)).toBe(' * ');
    expect(searchedStart('x'.repeat(101), 100, replace)).toBe('x'.repeat(100));
  });

  const cases: readonly (readonly [what: string, limit: number, record: (text: string) => unknown])[] = [
    ['masked text', 262_144, masked],
    ['argument of a traced function', 262_144, plainData],
  ];
  test.each(cases)('%s', (_, limit, record) => {
    for (const length of [limit - KEY.length - 1, limit - 10, limit - 1, limit]) {
      const shown = String(record(`${' '.repeat(length)}${KEY} ${' '.repeat(1_000_000)}`));
      expect(shown).not.toContain('sk-p');
      expect(shown.endsWith('…')).toBe(true);
      expect(shown.length).toBeLessThanOrEqual(limit + 1);
    }
    const honest = `${'Hallo. '.repeat(30_000)}${KEY}`;
    expect(record(honest)).toMatch(/Hallo\. (?:\[key\]|sk-REDACTED)$/);
  });

  test.each(['eyJ-', '_eyJ', 'eyJabcdefgh-', 'sk-', 'ghp_', '-Bearer '])(
    'quickly, if it is all %s',
    (start) => {
      const began = performance.now();
      plainData(start.repeat(262_144 / start.length));
      // In the time of a squared length, this would take half a minute.
      expect(performance.now() - began).toBeLessThan(3_000);
    },
  );

  test.each([' ', '\n', 'A', 'A \n'])('quickly, if it is an image of which the bytes are all %j', (piece) => {
    const began = performance.now();
    // No base64: the last character shows that.
    masked({ type: 'blob', modality: 'image', content: `${piece.repeat(200_000 / piece.length)}!` });
    // In the time of a squared length, this would take half a minute.
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('text with a data: URL', () => {
    const media = { mode: 'reference' as const, maxInline: 0, inlineLeft: 0, inlined: [], hashable: 0 };
    const url = `data:image/png;base64,${'A'.repeat(100)}`;
    expect(textWithoutMedia(media, `See ${url} and ${' '.repeat(5_000_000)}${url}`)).toMatch(
      /^See data:image\/png;base64,… and {1048446}…$/,
    );
    expect(textWithoutMedia(media, `See ${url}.`)).toBe('See data:image/png;base64,….');
    expect(textWithoutMedia(media, `See ${url}${'A'.repeat(5_000_000)}.`)).toBe(
      'See data:image/png;base64,…',
    );
  });
});

function masked(text: unknown): unknown {
  const completion = newCompletion(
    {},
    { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 },
    callerIn(ROOT_CONTEXT),
  );
  completion.functionResult = text;
  maskingHook()(completion);
  return completion.functionResult;
}

test('of an error that a server reports, the first 100 values are kept, and of any data twelve levels', () => {
  const values = Array.from({ length: 5_000 }, (_, index) => index);
  expect(plainError({ values })).toEqual({ values: [...values.slice(0, 99), '…'] });
  let nested: unknown = 'end';
  for (let level = 0; level < 20; level++) nested = [nested];
  expect(JSON.stringify(plainData(nested))).toBe(`${'['.repeat(12)}"…"${']'.repeat(12)}`);
});
