import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { OPTIONS, resolveSettings, type Settings } from '../../src/config/config.ts';
import { variableOf } from '../../src/config/option-parsers.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { inherit } from '../support/inherited.ts';

const DOCUMENT = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8');

const aFunction = (): boolean => false;
const sink = (): void => undefined;
const HERE = [{ host: '.here.example', provider: 'here' }];

interface Row {
  /** What holds where nothing is set. */
  readonly fallback: unknown;
  /** What an option may be, and the setting that it makes. */
  readonly option?: readonly [given: unknown, setting: unknown];
  /** What a variable may be, and the setting that it makes: another one than that of the option. */
  readonly variable?: readonly [text: string, setting: unknown];
  readonly bad?: unknown;
  /** What the report of a bad value says is accepted. */
  readonly accepts?: string;
}

/** One row for each setting. */
const ROWS: Readonly<Record<string, Row>> = {
  captureMessageContent: {
    fallback: 'NO_CONTENT',
    option: [true, 'SPAN_AND_EVENT'],
    variable: ['event_only', 'EVENT_ONLY'],
    bad: 'yes',
    accepts: 'NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false',
  },
  completionHook: hook(),
  hideContent: oneOf(['none', 'inputs', 'outputs']),
  recordRequest: {
    fallback: false,
    option: [['user'], ['user']],
    variable: ['user, metadata', ['user', 'metadata']],
    bad: 'model',
    accepts: 'true, false, lists of user, safety_identifier, prompt_cache_key, metadata',
  },
  runSteps: oneOf(['fetch', 'observe', 'off']),
  maxContentLength: count(16_384),
  maxSpanContentLength: count(65_536),
  media: oneOf(['reference', 'inline', 'drop']),
  conversationSpans: oneOf(['auto', 'always', 'never', 'trace']),
  conversationIdleTimeout: count(30_000),
  runTimeout: count(600_000),
  maxConversations: count(10_000),
  apiSpans: oneOf(['all', 'writes', 'none']),
  adoptRuns: {
    fallback: false,
    option: [true, true],
    variable: ['LINK', 'link'],
    bad: 'perhaps',
    accepts: 'true, false, polled, link',
  },
  propagateInMetadata: flag(false),
  streamDeltas: oneOf(['off', 'events', 'spans']),
  streamUsage: oneOf(['observe', 'include']),
  chunkMetrics: oneOf(['off', 'each']),
  cost: { ...flag(true), fallback: undefined, accepts: 'true, false, the module @pydantic/genai-prices' },
  costByPrompt: flag(false),
  prices: {
    fallback: {},
    option: [{ mine: { input_mtok: 1 } }, { mine: { input_mtok: 1 } }],
    bad: 'cheap',
    accepts: 'objects with an object of prices in USD for each model',
  },
  providers: {
    fallback: [],
    option: [HERE, HERE],
    bad: [{ host: '.here.example' }],
    accepts: 'lists of objects with the texts host and provider',
  },
  events: {
    fallback: undefined,
    option: [{ sink }, { sink, preset: 'standard' }],
    bad: { sink, preset: 'most' },
    accepts: 'objects with a function sink and a preset of standard, minimal, full',
  },
  requestHook: hook(),
  responseHook: hook(),
  ignoreRequestHook: hook(),
  startSpanHook: hook(),
  maskedKinds: { fallback: [], variable: ['email, KEY', ['email', 'key']] },
  contentBaseUrl: {
    fallback: undefined,
    variable: ['https://content.example/a', 'https://content.example/a'],
  },
  contentFolder: { fallback: undefined, variable: ['/tmp/content', '/tmp/content'] },
  conventions: { fallback: 'current', variable: ['http, gen_ai_latest_experimental', 'next'] },
  olderNames: { fallback: false, variable: ['http, GEN_AI/dup', true] },
};

function oneOf(names: readonly [string, string, ...string[]]): Row {
  const [fallback, first, second = first] = names;
  return {
    fallback,
    option: [first.toUpperCase(), first],
    variable: [` ${second.toUpperCase()} `, second],
    bad: 'sometimes',
    accepts: names.join(', '),
  };
}

function count(fallback: number): Row {
  return { fallback, option: [7, 7], variable: [' 0 ', 0], bad: '1.5', accepts: 'whole numbers from 0' };
}

function flag(fallback: boolean): Row {
  return {
    fallback,
    option: [!fallback, !fallback],
    variable: [String(!fallback), !fallback],
    bad: 'perhaps',
    accepts: 'true, false',
  };
}

function hook(): Row {
  return { fallback: undefined, option: [aFunction, aFunction], bad: 'log', accepts: 'functions' };
}

interface Case extends Row {
  readonly name: keyof Settings;
  readonly environmentVariable: string | undefined;
}

const CASES: readonly Case[] = Object.entries(OPTIONS).map(([name, option]) => ({
  ...(ROWS[name] ?? { fallback: 'It has no row.' }),
  name: name as keyof Settings,
  environmentVariable: variableOf(name, option),
}));

function resolve({ name }: Case, option: unknown, environment: Record<string, string> = {}) {
  const problems: string[] = [];
  const config = option === undefined ? {} : { [name]: option };
  const setting = resolveSettings(config, (problem) => problems.push(problem), environment)[name];
  return { setting, problems };
}

function environmentOf({ environmentVariable = '', variable }: Case): Record<string, string> {
  return { [environmentVariable]: variable?.[0] ?? '' };
}

test('every setting has a row in this test', () => {
  expect(Object.keys(ROWS)).toEqual(Object.keys(OPTIONS));
});

const withOption = CASES.filter(({ option }) => option !== undefined);
const withVariable = CASES.filter(({ variable }) => variable !== undefined);
const withBoth = withOption.filter((row) => withVariable.includes(row));

test.each(CASES)('$name has a default', (row) => {
  expect(resolve(row, undefined)).toEqual({ setting: row.fallback, problems: [] });
});

test.each(withOption)('$name is set by its option', (row) => {
  expect(resolve(row, row.option?.[0])).toEqual({ setting: row.option?.[1], problems: [] });
});

test.each(withVariable)('$name is set by $environmentVariable', (row) => {
  expect(resolve(row, undefined, environmentOf(row))).toEqual({ setting: row.variable?.[1], problems: [] });
});

test.each(withBoth)('$name is set by the option if both are set', (row) => {
  expect(resolve(row, row.option?.[0], environmentOf(row)).setting).toEqual(row.option?.[1]);
  // Of what has two values only, the variable is now the one that is not the default.
  const { environmentVariable = '' } = row;
  if (typeof row.fallback === 'boolean')
    expect(resolve(row, row.fallback, { [environmentVariable]: String(!row.fallback) }).setting).toBe(
      row.fallback,
    );
});

test.each(withOption)(
  'an invalid $name is reported once with the accepted values, and counts as unset',
  (row) => {
    const { setting, problems } = resolve(row, row.bad);
    expect(setting).toEqual(row.fallback);
    expect(problems).toEqual([expect.stringContaining(`option ${row.name} is`)]);
    expect(problems[0]).toContain(`accepted: ${row.accepts}.`);
  },
);

test.each<[unknown, string]>([
  [{ mine: { input_mtok: 1 }, yours: { input_mtok: 1, output_mtk_mtok: 2 } }, 'yours.output_mtk_mtok'],
  [{ mine: { input_mtok: '1' } }, 'mine.input_mtok'],
  [{ mine: { service_tiers: { flex: { input_mtok: -1 } } } }, 'mine.service_tiers'],
  [{ mine: {} }, 'mine'],
  [{ mine: null }, 'mine'],
])('of invalid prices, the first wrong one is named: %j', (prices, place) => {
  const problems: string[] = [];
  resolveSettings({ prices: prices as never }, (problem) => problems.push(problem), {});
  expect(problems).toEqual([expect.stringContaining(`option prices is malformed at "${place}"; accepted`)]);
});

test.each(withOption)('an inherited $name is ignored', (row) => {
  const remove = inherit({ [row.name]: row.option?.[0] });
  const resolved = resolve(row, undefined);
  remove();
  expect(resolved).toEqual({ setting: row.fallback, problems: [] });
});

test.each(withVariable)('an inherited $environmentVariable is ignored', (row) => {
  const remove = inherit(environmentOf(row));
  const setting = resolveSettings({}, expect.fail)[row.name];
  remove();
  expect(setting).toEqual(row.fallback);
});

test('inherited parts of options are ignored', () => {
  const remove = inherit({
    preset: 'full',
    sink,
    input_mtok: 1,
    base: 1,
    tiers: [],
    start: 0,
    price: 1,
    calcPrice: aFunction,
    host: 'here',
    provider: 'here',
    mine: { input_mtok: 1 },
  });
  const problems: string[] = [];
  const settings = (config: object) => {
    const { events, prices, providers, cost } = resolveSettings(config, (each) => problems.push(each), {});
    return {
      preset: events?.preset,
      price: prices.mine?.input_mtok,
      other: prices.other?.input_mtok,
      providers,
      cost,
    };
  };
  const found = [
    settings({ events: { sink }, prices: { other: { output_mtok: 1 } } }),
    settings({ events: {}, prices: { other: { input_mtok: {} } }, providers: [{}], cost: {} }),
  ];
  remove();
  expect(found).toEqual([{ preset: 'standard', providers: [] }, { providers: [] }]);
  expect(problems).toHaveLength(4);
});

// A program that limits what is recorded of content must not record more because it misspelt how.
const withVariableNext = withBoth.filter(
  ({ name }) => name !== 'captureMessageContent' && name !== 'hideContent',
);
test.each(withVariableNext)('after an invalid option $name, the variable applies', (row) => {
  expect(resolve(row, row.bad, environmentOf(row)).setting).toEqual(row.variable?.[1]);
});

test.each(withBoth)('an invalid $environmentVariable is reported too', (row) => {
  const { environmentVariable = '', bad, fallback } = row;
  const { setting, problems } = resolve(row, undefined, { [environmentVariable]: String(bad) });
  expect(setting).toEqual(fallback);
  expect(problems).toEqual([expect.stringContaining(`${environmentVariable} is "${String(bad)}"`)]);
});

test.each(CASES)('the documents show the default of $name', ({ name, fallback, option }) => {
  const documented = new RegExp(`^\\| \`${name}\` .*$`, 'm').exec(DOCUMENT)?.[0] ?? '';
  const shown = typeof fallback === 'number' ? fallback.toLocaleString('en') : fallback;
  if (option === undefined || typeof shown !== 'string') return;
  expect(documented).toMatch(new RegExp(`\`${shown}\` \\(default\\)|Default \`?${shown}\\b`));
});

describe('the instrumentation', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('accepts new options at any time', () => {
    const instrumentation = new OpenAIInstrumentation({ enabled: false, runSteps: 'off' });
    instrumentation.setConfig({ enabled: false, apiSpans: 'none' });
    expect(instrumentation.getConfig()).toEqual({ enabled: false, apiSpans: 'none' });
  });

  test('is enabled unless an option says otherwise', () => {
    const instrumentation = new OpenAIInstrumentation({ enabled: undefined });
    expect(instrumentation.getConfig().enabled).toBe(true);
    instrumentation.setConfig({ enabled: undefined });
    expect(instrumentation.getConfig()).toEqual({ enabled: true });
    const remove = inherit({ enabled: false });
    instrumentation.setConfig({});
    remove();
    expect(instrumentation.getConfig()).toEqual({ enabled: true });
    instrumentation.disable();
  });
});
