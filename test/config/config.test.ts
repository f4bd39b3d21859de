import { describe, expect, test } from 'vitest';
import {
  contentTargets,
  type OpenAIInstrumentationConfig,
  resolveSettings,
} from '../../src/config/config.ts';

/** The settings, and what is wrong with where they come from. */
function resolve(
  config: OpenAIInstrumentationConfig | Record<string, unknown> = {},
  environment: Record<string, string> = {},
): { settings: ReturnType<typeof resolveSettings>; problems: string[] } {
  const problems: string[] = [];
  const settings = resolveSettings(config, (problem) => problems.push(problem), environment);
  return { settings, problems };
}

describe('every option has an environment variable', () => {
  test.each([
    ['captureMessageContent', 'GENAI_CAPTURE_MESSAGE_CONTENT', 'span_only', 'SPAN_ONLY'],
    ['captureMessageContent', 'GENAI_CAPTURE_MESSAGE_CONTENT', ' True ', 'SPAN_AND_EVENT'],
    ['captureMessageContent', 'GENAI_CAPTURE_MESSAGE_CONTENT', 'false', 'NO_CONTENT'],
    ['runSteps', 'OPENAI_RUN_STEPS', 'OBSERVE', 'observe'],
    ['maxContentLength', 'OPENAI_MAX_CONTENT_LENGTH', '0', 0],
    ['maxSpanContentLength', 'OPENAI_MAX_SPAN_CONTENT_LENGTH', ' 100 ', 100],
    ['conversationSpans', 'OPENAI_CONVERSATION_SPANS', 'always', 'always'],
    ['conversationIdleTimeout', 'OPENAI_CONVERSATION_IDLE_TIMEOUT', '5000', 5_000],
    ['runTimeout', 'OPENAI_RUN_TIMEOUT', '60000', 60_000],
    ['maxConversations', 'OPENAI_MAX_CONVERSATIONS', '7', 7],
    ['apiSpans', 'OPENAI_API_SPANS', 'none', 'none'],
  ] as const)('%s: OTEL_INSTRUMENTATION_%s=%s', (option, variable, text, value) => {
    const { settings, problems } = resolve({}, { [`OTEL_INSTRUMENTATION_${variable}`]: text });
    expect(settings[option]).toBe(value);
    expect(problems).toEqual([]);
  });
});

test('an empty variable counts as unset', () => {
  expect(resolve({}, { OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS: '' }).problems).toEqual([]);
});

describe('an invalid value is reported with the accepted values, and the next source applies', () => {
  test.each<[Record<string, unknown>, Record<string, string>, string]>([
    [
      {},
      { OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS: 'maybe' },
      'OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS is "maybe"; accepted: fetch, observe, off.',
    ],
    [{ maxContentLength: 1.5 }, {}, 'option maxContentLength is "1.5"; accepted: whole numbers from 0.'],
    [{ maxContentLength: -1 }, {}, 'option maxContentLength is "-1"; accepted: whole numbers from 0.'],
    [{ apiSpans: null }, {}, 'option apiSpans is malformed; accepted: all, writes, none.'],
    [{ apiSpans: Object.create(null) }, {}, 'option apiSpans is malformed; accepted: all, writes, none.'],
    [
      { apiSpans: 'x'.repeat(99) },
      {},
      `option apiSpans is "${'x'.repeat(40)}"; accepted: all, writes, none.`,
    ],
    [
      { apiSpans: 'https://me:hunter2@host.test' },
      {},
      'option apiSpans is "https://host.test/"; accepted: all, writes, none.',
    ],
    [{ completionHook: null }, {}, 'option completionHook is malformed; accepted: functions.'],
  ])('%j %j', (config, environment, problem) => {
    const { settings, problems } = resolve(config, environment);
    expect(problems).toEqual([`${problem} It is treated as not set.`]);
    expect(settings).toEqual(resolve().settings);
  });
});

describe('no content is recorded', () => {
  const environment = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_AND_EVENT' };

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
        `option captureMessageContent is ${shown}; accepted: NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false. No content is recorded.`,
      ]);
    },
  );

  test('if the variable is not accepted', () => {
    const { settings, problems } = resolve(
      {},
      { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'none' },
    );
    expect(settings).toEqual(resolve().settings);
    expect(problems).toEqual([
      'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is "none"; accepted: NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false. No content is recorded.',
    ]);
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

  test('but undefined is not set, and a hook still receives what is not recorded', () => {
    const completionHook = (): void => undefined;
    const unset = { captureMessageContent: undefined, completionHook: undefined };
    expect(resolve(unset, environment).settings.captureMessageContent).toBe('SPAN_AND_EVENT');
    expect(resolve({ captureMessageContent: 'off', completionHook }).settings).toMatchObject({
      captureMessageContent: 'NO_CONTENT',
      completionHook,
    });
  });
});

test('settings are immutable', () => {
  expect(Object.isFrozen(resolve().settings)).toBe(true);
});

test.each([
  ['NO_CONTENT', false],
  ['SPAN_ONLY', true],
  ['EVENT_ONLY', false],
  ['SPAN_AND_EVENT', true],
  [true, true],
  [false, false],
] as const)('%s records content on spans: %s', (captureMessageContent, expected) => {
  expect(contentTargets(resolve({ captureMessageContent }).settings).span).toBe(expected);
});
