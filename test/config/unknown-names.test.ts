import { describe, expect, test } from 'vitest';
import { unknownOptions, unknownVariables } from '../../src/config/unknown-names.ts';

describe('a name that no option has is reported', () => {
  test.each<[unknown, string?, string?]>([
    [{ captureMesageContent: true }, 'captureMesageContent', 'captureMessageContent'],
    [{ captureContent: true }, 'captureContent', 'captureMessageContent'],
    [{ runsteps: 'off' }, 'runsteps', 'runSteps'],
    [{ run_steps: 'off' }, 'run_steps', 'runSteps'],
    [{ enable: false }, 'enable', 'enabled'],
    [{ meida: 'drop' }, 'meida', 'media'],
    [{ zone: true }, 'zone'],
    [{ events: { sink: () => {}, presets: 'full' } }, 'events.presets', 'preset'],
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ enabled: true, prices: {} }],
    [{ events: { sink: () => {} } }],
    [{ a: undefined }],
  ])('in %j: %s, with the name that was meant: %s', (config, name, meant) => {
    const question = meant === undefined ? '.' : `; did you mean ${meant}?`;
    expect(unknownOptions(config)).toEqual(
      name === undefined ? [] : [`option ${name} is unknown${question}`],
    );
  });
});

describe('a variable of no option', () => {
  const CAPTURE = 'INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

  test.each([
    ['INSTRUMENTATION_OPENAI_RUNSTEPS', 'INSTRUMENTATION_OPENAI_RUN_STEPS'],
    ['INSTRUMENTATION_OPENAI_CAPTURE_MESSAGE_CONTENT', CAPTURE],
    ['INSTRUMENTATION_OPENAI_CAPTURE_CONTENT', CAPTURE],
    ['INSTRUMENTATION_GENAI_CAPTURE_CONTENT', CAPTURE],
    ['INSTRUMENTATION_GENAI_CAPTUR_MESSAGE_CONTENT', CAPTURE],
    ['INSTRUMENTATON_OPENAI_ENABLED', 'INSTRUMENTATION_OPENAI_ENABLED'],
    ['INSTRUMENTATION_OPEN_AI_ENABLED', 'INSTRUMENTATION_OPENAI_ENABLED'],
    ['SEMCONV_STABILTY_OPT_IN', 'SEMCONV_STABILITY_OPT_IN'],
  ])('is reported with the one that was meant: OTEL_%s', (rest, meant) => {
    expect(unknownVariables({ [`OTEL_${rest}`]: 'x' })).toEqual([
      `OTEL_${rest} is unknown; did you mean OTEL_${meant}?`,
    ]);
  });

  test('is reported even if it is like none', () => {
    const name = 'OTEL_INSTRUMENTATION_OPENAI_XYZ';
    expect(unknownVariables({ [name]: 'x' })).toEqual([`${name} is unknown.`]);
  });

  test.each([
    'OTEL_INSTRUMENTATION_OPENAI_ENABLED',
    'OTEL_INSTRUMENTATION_OPENAI_PAGE',
    'OTEL_INSTRUMENTATION_OPENAI_MEDIA',
    'OTEL_SEMCONV_STABILITY_OPT_IN',
    'OTEL_SERVICE_NAME',
    'OTEL_INSTRUMENTATION_HTTP_ENABLED',
    'DD_TRACE_OPENAI_ENABLED',
  ])('is not %s, which is known, or of others', (name) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([]);
  });
});

describe('a variable that other instrumentations for GenAI read', () => {
  const EMIT = 'OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT';
  const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
  const HOOK = 'OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK';
  const FOLDER = 'OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH';

  test.each<[Record<string, string>, string | undefined]>([
    [{ [EMIT]: 'true' }, `${EMIT} is not read: ${CAPTURE} decides`],
    [{ [EMIT]: 'true', [CAPTURE]: 'span_only' }, `${EMIT} is not read`],
    [{ [EMIT]: 'false', [CAPTURE]: 'SPAN_AND_EVENT' }, `${EMIT} is not read`],
    [{ [EMIT]: 'TRUE', [CAPTURE]: 'EVENT_ONLY' }, undefined],
    [{ [EMIT]: 'false' }, undefined],
    [{ [HOOK]: 'upload' }, `${HOOK} is "upload", for which ${FOLDER} must name a folder`],
    [{ [HOOK]: 'upload', [FOLDER]: '/content' }, undefined],
    [{ [HOOK]: 'mine' }, `${HOOK} is not read: hooks are set in code`],
  ])('%j is reported unless it asks for what is done: %s', (environment, problem) => {
    expect(unknownVariables(environment)).toEqual(
      problem === undefined ? [] : [expect.stringContaining(problem)],
    );
  });
});
