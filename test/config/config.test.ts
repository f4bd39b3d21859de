import { describe, expect, test } from 'vitest';
import { type OpenAIInstrumentationConfig, resolveSettings } from '../../src/config/config.ts';

/** The settings, and what is wrong with where they come from. */
function resolve(
  config: OpenAIInstrumentationConfig | Record<string, unknown> = {},
  environment: Record<string, string> = {},
): { settings: ReturnType<typeof resolveSettings>; problems: string[] } {
  const problems: string[] = [];
  const settings = resolveSettings(config, (problem) => problems.push(problem), environment);
  return { settings, problems };
}

test('an empty variable counts as unset', () => {
  expect(resolve({}, { OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS: '' }).problems).toEqual([]);
});

describe('an invalid value is reported with the accepted values, and the next source applies', () => {
  const SPANS = 'accepted: all, writes, none.';

  test.each<[Record<string, unknown>, Record<string, string>, string]>([
    [{ maxContentLength: 1.5 }, {}, 'option maxContentLength is "1.5"; accepted: whole numbers from 0.'],
    [{ maxContentLength: -1 }, {}, 'option maxContentLength is "-1"; accepted: whole numbers from 0.'],
    [{ apiSpans: null }, {}, `option apiSpans is malformed; ${SPANS}`],
    [{ apiSpans: Object.create(null) }, {}, `option apiSpans is malformed; ${SPANS}`],
    [{ apiSpans: 'x'.repeat(99) }, {}, `option apiSpans is "${'x'.repeat(40)}…"; ${SPANS}`],
    [{ apiSpans: 'sk-proj-a1b2c3d4e5' }, {}, `option apiSpans is "REDACTED"; ${SPANS}`],
    [{ apiSpans: 'https://me:pw@host.test' }, {}, `option apiSpans is "https://host.test/"; ${SPANS}`],
    [{ completionHook: null }, {}, 'option completionHook is malformed; accepted: functions.'],
  ])('%j %j', (config, environment, problem) => {
    const { settings, problems } = resolve(config, environment);
    expect(problems).toEqual([`${problem} It is treated as not set.`]);
    expect(settings).toEqual(resolve().settings);
  });
});

describe('no content is recorded', () => {
  const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
  const environment = { [CAPTURE]: 'SPAN_AND_EVENT' };
  const modes = 'NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false';

  test.each<[unknown, string]>([
    ['NONE', '"NONE"'],
    ['off', '"off"'],
    ['', '""'],
    [0, '"0"'],
    [null, 'malformed'],
  ])(
    'if code sets captureMessageContent to %j, whatever the variable says',
    (captureMessageContent, shown) => {
      const { settings, problems } = resolve({ captureMessageContent }, environment);
      expect(settings.captureMessageContent).toBe('NO_CONTENT');
      expect(problems).toEqual([
        `option captureMessageContent is ${shown}; accepted: ${modes}. No content is recorded.`,
      ]);
    },
  );

  test('if the variable is not accepted', () => {
    const { settings, problems } = resolve({}, { [CAPTURE]: 'none' });
    expect(settings).toEqual(resolve().settings);
    expect(problems).toEqual([`${CAPTURE} is "none"; accepted: ${modes}. No content is recorded.`]);
  });

  test.each<[unknown, string]>([
    [{ default: () => undefined }, 'malformed'],
    [Promise.resolve(() => undefined), 'malformed'],
    ['mask', '"mask"'],
    ['', '""'],
    [false, '"false"'],
  ])('if code sets completionHook to %j', (completionHook, shown) => {
    for (const config of [{ completionHook, captureMessageContent: true }, { completionHook }]) {
      const { settings, problems } = resolve(config, environment);
      expect(settings).toMatchObject({ captureMessageContent: 'NO_CONTENT', completionHook: undefined });
      expect(problems).toEqual([
        `option completionHook is ${shown}; accepted: functions. No content is recorded.`,
      ]);
    }
  });

  test('but undefined is not set, false is accepted, and a hook still receives what is not recorded', () => {
    const completionHook = (): void => undefined;
    const unset = { captureMessageContent: undefined, completionHook: undefined };
    expect(resolve(unset, environment).settings.captureMessageContent).toBe('SPAN_AND_EVENT');
    const off = resolve({ captureMessageContent: false }, environment);
    expect(off).toMatchObject({ settings: { captureMessageContent: 'NO_CONTENT' }, problems: [] });
    expect(resolve({ captureMessageContent: 'off', completionHook }).settings).toMatchObject({
      captureMessageContent: 'NO_CONTENT',
      completionHook,
    });
  });
});

test('settings are immutable', () => {
  expect(Object.isFrozen(resolve().settings)).toBe(true);
});
