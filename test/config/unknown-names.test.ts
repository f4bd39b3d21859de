import { describe, expect, test } from 'vitest';
import { unknownOptions, unknownVariables } from '../../src/config/unknown-names.ts';

describe('a name that no option has is reported', () => {
  test.each([
    [{ captureMesageContent: true }, 'option captureMesageContent is unknown.'],
    [{ runsteps: 'off' }, 'option runsteps is unknown.'],
    [{ enable: false }, 'option enable is unknown.'],
    [{ zone: true }, 'option zone is unknown.'],
    [{ events: { sink: () => {}, presets: 'full' } }, 'option events.presets is unknown.'],
  ])('%j', (config, problem) => {
    expect(unknownOptions(config)).toEqual([problem]);
  });
});

test.each([
  undefined,
  null,
  'text',
  {},
  { enabled: true, prices: {} },
  { events: { sink: () => {} } },
  { a: undefined },
])('nothing is reported of %j', (config) => {
  expect(unknownOptions(config)).toEqual([]);
});

describe('the same for variables', () => {
  test.each([
    ['OTEL_INSTRUMENTATION_OPENAI_RUNSTEPS', 'OTEL_INSTRUMENTATION_OPENAI_RUNSTEPS is unknown.'],
    [
      'OTEL_INSTRUMENTATION_OPENAI_CAPTURE_MESSAGE_CONTENT',
      'OTEL_INSTRUMENTATION_OPENAI_CAPTURE_MESSAGE_CONTENT is unknown.',
    ],
    ['OTEL_INSTRUMENTATION_OPENAI_XYZ', 'OTEL_INSTRUMENTATION_OPENAI_XYZ is unknown.'],
  ])('%s', (name, problem) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([problem]);
  });

  test.each([
    'OTEL_INSTRUMENTATION_OPENAI_ENABLED',
    'OTEL_INSTRUMENTATION_OPENAI_PAGE',
    'OTEL_INSTRUMENTATION_OPENAI_MEDIA',
    'OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK',
    'OTEL_SEMCONV_STABILITY_OPT_IN',
    'OTEL_SERVICE_NAME',
  ])('%s is known, or of others', (name) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([]);
  });
});
