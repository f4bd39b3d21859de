import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** Every file of the source, by its path below `src`. */
const files = new Map(
  readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(SOURCE, path).split(sep).join('/'), readFileSync(path, 'utf8')] as const),
);

function filesWith(text: RegExp): string[] {
  return [...files].filter(([, content]) => text.test(content)).map(([path]) => path);
}

describe('there is one file that', () => {
  it.each([
    [
      'starts the spans of runs and turns',
      /startSpan\(\s*invocationSpanName/,
      'telemetry/invocation-span.ts',
    ],
    ['starts the spans of conversations', /startSpan\(\s*place\.kind/, 'telemetry/conversation-span.ts'],
    ['replaces methods of the SDK', /Object\.defineProperty\(holder/, 'client/patches.ts'],
    ['writes to `globalThis`', /defineProperty\(globalThis|holder\[/, 'process-wide.ts'],
    ['looks packages up by name', /\bcreateRequire\(/, 'optional-packages.ts'],
    ['logs what went wrong', /\bdiag\.(?:warn|error|info)/, 'guard.ts'],
  ])('%s', (_, text, file) => {
    const found = filesWith(text).filter((path) => !path.startsWith('semconv/'));
    expect(found).toEqual([file]);
  });
});

describe('only', () => {
  it('the telemetry starts spans', () => {
    expect(filesWith(/\.start(?:Active)?Span\(/).filter((path) => !path.startsWith('telemetry/'))).toEqual(
      [],
    );
  });

  it('the client knows the methods that calls of the SDK pass', () => {
    const inside = /makeRequest|fetchWithTimeout|parseResponse|responsePromise|_thenUnwrap/;
    expect(filesWith(inside).filter((path) => !path.startsWith('client/'))).toEqual([]);
  });

  it('entries that run on Node alone import its modules', () => {
    const onNode = filesWith(/from 'node:/).filter(
      (path) => !/^(?:client\/load|conversation-id-generator|register|bin|doctor|export)/.test(path),
    );
    expect(onNode).toEqual([]);
  });
});

it('no file is much longer than 300 lines', () => {
  const long = [...files].filter(
    ([path, content]) => !path.startsWith('semconv/') && content.split('\n').length > 311,
  );
  expect(long.map(([path]) => path)).toEqual([]);
});
