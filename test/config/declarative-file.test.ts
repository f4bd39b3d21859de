import { expect, test } from 'vitest';
import { ignoredFileOptions } from '../../src/config/declarative-file.ts';

const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
const problem = (option: string, remedy: string): string =>
  `The option ${option} in the file of OTEL_CONFIG_FILE has no effect, because OpenTelemetry's SDK passes no instrumentation its options; ${remedy}.`;

const FILE = `file_format: '1.0'
tracer_provider:
  processors: []
instrumentation/development:
  general:
    http: {}
  js:
    # of this package
    openai:
      capture_message_content: true
      streamUsage: include
      request_hook: x
      events:
        preset: full
    pino:
      enabled: false
propagator: {}
`;

test('options of a declarative file are named, with what to use instead', () => {
  expect(ignoredFileOptions(FILE)).toEqual([
    problem('capture_message_content', `set ${CAPTURE}`),
    problem('streamUsage', 'set OTEL_INSTRUMENTATION_OPENAI_STREAM_USAGE'),
    problem('request_hook', 'set it in code'),
    problem('events', 'set it in code'),
  ]);
});

test.each([
  'opentelemetry-instrumentation-openai',
  '"@opentelemetry/instrumentation-openai"',
  'opentelemetry_instrumentation_openai',
])('under the name %s, too', (name) => {
  expect(ignoredFileOptions(FILE.replace('openai:', `${name}:`))).toHaveLength(4);
});

test.each([
  ['nothing', ''],
  ['no such section', FILE.replace('instrumentation/development', 'instrumentation')],
  ['options of others alone', FILE.replace('openai:', 'undici:')],
  ['a section without options', 'instrumentation/development:\n  js:\n    openai:\n'],
  ['openai elsewhere', 'resource:\n  attributes:\n    openai:\n      cost: 1\n'],
])('a file with %s has no problem', (_, text) => {
  expect(ignoredFileOptions(text)).toEqual([]);
});

test('reading takes time in proportion to the file', () => {
  const long = `instrumentation/development:\n${'    x\n'.repeat(100_000)}`;
  expect(ignoredFileOptions(long)).toEqual([]);
});
