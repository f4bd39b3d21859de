import { describe, expect, test } from 'vitest';
import { unknownOptions, unknownVariables } from '../../src/config/unknown-names.ts';

describe('a name that no option has is reported', () => {
  test.each<[unknown, string?]>([
    [{ captureMesageContent: true }, 'captureMesageContent'],
    [{ runsteps: 'off' }, 'runsteps'],
    [{ enable: false }, 'enable'],
    [{ zone: true }, 'zone'],
    [{ events: { sink: () => {}, presets: 'full' } }, 'events.presets'],
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ enabled: true, prices: {} }],
    [{ events: { sink: () => {} } }],
    [{ a: undefined }],
  ])('in %j: %s', (config, name) => {
    expect(unknownOptions(config)).toEqual(name === undefined ? [] : [`option ${name} is unknown.`]);
  });
});

describe('a variable of no option', () => {
  test.each(['RUNSTEPS', 'CAPTURE_MESSAGE_CONTENT', 'XYZ'])('is reported: …_OPENAI_%s', (rest) => {
    const name = `OTEL_INSTRUMENTATION_OPENAI_${rest}`;
    expect(unknownVariables({ [name]: 'x' })).toEqual([`${name} is unknown.`]);
  });

  test.each([
    'OTEL_INSTRUMENTATION_OPENAI_ENABLED',
    'OTEL_INSTRUMENTATION_OPENAI_PAGE',
    'OTEL_INSTRUMENTATION_OPENAI_MEDIA',
    'OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK',
    'OTEL_SEMCONV_STABILITY_OPT_IN',
    'OTEL_SERVICE_NAME',
  ])('is not %s, which is known, or of others', (name) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([]);
  });
});
