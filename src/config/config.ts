import { field, stringField } from '../util/payload.ts';
import type { CompletionHook } from './completion-types.ts';
import type { Hooks } from './hook-types.ts';
import { type ModelPrices, readTable } from './model-prices.ts';
import { aFunction, count, flag, namedValue, type Option, oneOf, textOf } from './option-parsers.ts';
import { asPackage, type PricePackage } from './price-package.ts';
import type { EventOptions, EventPreset } from './sink-event-types.ts';

/** Where the content of messages is recorded. `EVENT_ONLY` and the event half of `SPAN_AND_EVENT` need a logger. */
export type CaptureMessageContent = 'NO_CONTENT' | 'SPAN_ONLY' | 'EVENT_ONLY' | 'SPAN_AND_EVENT';

/**
 * Options of the instrumentation. Each has an environment variable; the option wins over the variable, the
 * variable over the default. A value that is not accepted is reported once, with those that are.
 */
export interface OpenAIInstrumentationConfig extends Hooks {
  /** As for every instrumentation: `false` waits for `enable()`. Default `true`. */
  enabled?: boolean;
  /**
   * Whether prompts, instructions, completions, tool arguments and results are recorded: `NO_CONTENT`
   * (default), `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, or `true` (the same as `SPAN_AND_EVENT`) and `false`.
   * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`.
   */
  captureMessageContent?: CaptureMessageContent | boolean;
  /**
   * How the steps of a run become known: `fetch` (default) reads them once, in the background, when a run
   * of this process has ended; `observe` takes only what passes by; `off` draws none.
   * `OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS`.
   */
  runSteps?: 'fetch' | 'observe' | 'off';
  /** Most characters recorded of one text. Default 16,384. `OTEL_INSTRUMENTATION_OPENAI_MAX_CONTENT_LENGTH`. */
  maxContentLength?: number;
  /** Most characters of content on one span. Default 65,536. `OTEL_INSTRUMENTATION_OPENAI_MAX_SPAN_CONTENT_LENGTH`. */
  maxSpanContentLength?: number;
  /**
   * What is recorded of media inside of messages (base64 and `data:` URLs), with consent: `reference` (default)
   * their type, size and SHA-256, `inline` the base64 itself where it is within `maxContentLength`, `drop`
   * nothing. `OTEL_INSTRUMENTATION_OPENAI_MEDIA`.
   */
  media?: 'reference' | 'inline' | 'drop';
  /**
   * Gets the messages of every operation before anything of them is recorded, whatever `captureMessageContent`
   * says and whether or not the trace is sampled; it may change them. See `docs/privacy.md`.
   */
  completionHook?: CompletionHook;
  /**
   * Whether a span stands for the use of a thread: `auto` (default), `always`, or `never`.
   * `OTEL_INSTRUMENTATION_OPENAI_CONVERSATION_SPANS`.
   */
  conversationSpans?: 'auto' | 'always' | 'never';
  /**
   * Milliseconds after which the span of a conversation that nothing happened on ends, where no active span
   * bounds it. Default 30,000. `OTEL_INSTRUMENTATION_OPENAI_CONVERSATION_IDLE_TIMEOUT`.
   */
  conversationIdleTimeout?: number;
  /** Milliseconds a run is waited for. Default 600,000. `OTEL_INSTRUMENTATION_OPENAI_RUN_TIMEOUT`. */
  runTimeout?: number;
  /** Most conversations remembered at once. Default 10,000. `OTEL_INSTRUMENTATION_OPENAI_MAX_CONVERSATIONS`. */
  maxConversations?: number;
  /**
   * Which endpoints that are no GenAI operation get spans: `all` (default), `writes` (no GET), or `none`.
   * `OTEL_INSTRUMENTATION_OPENAI_API_SPANS`.
   */
  apiSpans?: 'all' | 'writes' | 'none';
  /**
   * Whether this process draws runs and background responses that others have created, when it retrieves them,
   * answers their tool calls or streams them. Default `false`: the process that created a run draws it. With `true` it
   * goes on in the trace that the metadata of a run names (`propagateInMetadata`), sampled as that says. With
   * `'link'`, for metadata that strangers can write, it begins a trace of its own, with a link.
   * `OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS`.
   */
  adoptRuns?: boolean | 'link';
  /**
   * Whether the trace context travels in the metadata of runs, responses and sessions, so that the process that
   * goes on with them finds the trace they were created in. The metadata is the API's: whoever reads what was
   * created sees it there, and whoever may write it can name another trace. The run itself is then drawn by the
   * process that works on it. See `docs/hierarchy.md`. Default `false`. `OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA`.
   */
  propagateInMetadata?: boolean;
  /**
   * Whether the pieces in which a streamed run brings its messages are recorded: `off` (default), `events` on
   * the step, or `spans` below it. `OTEL_INSTRUMENTATION_OPENAI_STREAM_DELTAS`.
   */
  streamDeltas?: 'off' | 'events' | 'spans';
  /**
   * Whether a stream is asked for its usage: `observe` (default) leaves requests as they are; `include` adds
   * `stream_options.include_usage` to streamed completions that do not say whether they want it, and hides the
   * extra chunk from the program. `OTEL_INSTRUMENTATION_OPENAI_STREAM_USAGE`.
   */
  streamUsage?: 'observe' | 'include';
  /**
   * Whether costs are recorded, where prices are known: from the optional peer `@pydantic/genai-prices`, which is
   * used if it is installed, and from `prices`. Default `true`. Bundled programs hand over the package itself:
   * `cost: await import('@pydantic/genai-prices')`. `OTEL_INSTRUMENTATION_OPENAI_COST`.
   */
  cost?: boolean | PricePackage;
  /**
   * Prices in USD by model, instead of those of the price package or beside them. The name of a model may end in
   * `*`. `{ 'my-model': { input_mtok: 2.5, cache_read_mtok: 1.25, output_mtok: 10 } }` is for a million tokens.
   */
  prices?: Readonly<Record<string, ModelPrices>>;
  /** Hosts and the names of who answers there, before those that are known. Default: none. */
  providers?: readonly ProviderRow[];
  /** A function that gets events, and how much they tell. Default: none. See `docs/events.md`. */
  events?: EventOptions;
}

/** Whether this process draws what others have created: with `link` in a trace of its own. */
export type AdoptRuns = boolean | 'link';

/** Every option resolved. */
export interface Settings {
  readonly captureMessageContent: CaptureMessageContent;
  readonly runSteps: 'fetch' | 'observe' | 'off';
  readonly maxContentLength: number;
  readonly maxSpanContentLength: number;
  readonly media: 'reference' | 'inline' | 'drop';
  readonly completionHook: CompletionHook | undefined;
  readonly conversationSpans: 'auto' | 'always' | 'never';
  readonly conversationIdleTimeout: number;
  readonly runTimeout: number;
  readonly maxConversations: number;
  readonly apiSpans: 'all' | 'writes' | 'none';
  readonly adoptRuns: AdoptRuns;
  readonly propagateInMetadata: boolean;
  readonly streamDeltas: 'off' | 'events' | 'spans';
  readonly streamUsage: 'observe' | 'include';
  readonly cost: boolean | PricePackage;
  readonly prices: Readonly<Record<string, ModelPrices>>;
  readonly providers: readonly ProviderRow[];
  readonly events: (EventOptions & { readonly preset: EventPreset }) | undefined;
  readonly requestHook: Hooks['requestHook'];
  readonly responseHook: Hooks['responseHook'];
  readonly ignoreRequestHook: Hooks['ignoreRequestHook'];
  readonly startSpanHook: Hooks['startSpanHook'];
  /** Whether spans also have the names that attributes had in older versions of the conventions. */
  readonly olderNames: boolean;
}

const OPENAI = 'OTEL_INSTRUMENTATION_OPENAI_';
const ADOPT_RUNS: Readonly<Record<string, AdoptRuns>> = { true: true, false: false, link: 'link' };
const PRESET = oneOf(['standard', 'minimal', 'full']);

/** Every option; the table of `docs/options.md` has a row for each. */
export const OPTIONS: { readonly [Name in keyof Settings]: Option<Settings[Name]> } = {
  captureMessageContent: {
    variable: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT',
    ...oneOf(['NO_CONTENT', 'SPAN_ONLY', 'EVENT_ONLY', 'SPAN_AND_EVENT'], {
      true: 'SPAN_AND_EVENT',
      false: 'NO_CONTENT',
    }),
  },
  runSteps: { variable: `${OPENAI}RUN_STEPS`, ...oneOf(['fetch', 'observe', 'off']) },
  maxContentLength: { variable: `${OPENAI}MAX_CONTENT_LENGTH`, ...count(16_384) },
  maxSpanContentLength: { variable: `${OPENAI}MAX_SPAN_CONTENT_LENGTH`, ...count(65_536) },
  media: { variable: `${OPENAI}MEDIA`, ...oneOf(['reference', 'inline', 'drop']) },
  completionHook: aFunction(),
  conversationSpans: { variable: `${OPENAI}CONVERSATION_SPANS`, ...oneOf(['auto', 'always', 'never']) },
  conversationIdleTimeout: { variable: `${OPENAI}CONVERSATION_IDLE_TIMEOUT`, ...count(30_000) },
  runTimeout: { variable: `${OPENAI}RUN_TIMEOUT`, ...count(600_000) },
  maxConversations: { variable: `${OPENAI}MAX_CONVERSATIONS`, ...count(10_000) },
  apiSpans: { variable: `${OPENAI}API_SPANS`, ...oneOf(['all', 'writes', 'none']) },
  adoptRuns: { variable: `${OPENAI}ADOPT_RUNS`, ...namedValue(ADOPT_RUNS, false) },
  propagateInMetadata: { variable: `${OPENAI}PROPAGATE_IN_METADATA`, ...flag(false) },
  streamDeltas: { variable: `${OPENAI}STREAM_DELTAS`, ...oneOf(['off', 'events', 'spans']) },
  streamUsage: { variable: `${OPENAI}STREAM_USAGE`, ...oneOf(['observe', 'include']) },
  cost: {
    variable: `${OPENAI}COST`,
    fallback: true,
    accepts: 'true, false, the module @pydantic/genai-prices',
    parse: (value) => asPackage(value) ?? flag(true).parse(value),
  },
  prices: {
    fallback: {},
    accepts: 'objects with an object of prices in USD for each model',
    parse: readTable,
  },
  providers: {
    fallback: [],
    accepts: 'lists of objects with the texts host and provider',
    parse: (value) => (Array.isArray(value) && value.every(isProviderRow) ? value : undefined),
  },
  events: {
    fallback: undefined,
    accepts: `objects with a function sink and a preset of ${PRESET.accepts}`,
    parse: parseEvents,
  },
  requestHook: aFunction(),
  responseHook: aFunction(),
  ignoreRequestHook: aFunction(),
  startSpanHook: aFunction(),
  olderNames: {
    variable: 'OTEL_SEMCONV_STABILITY_OPT_IN',
    variableOnly: true,
    fallback: false,
    accepts: 'lists of names, of which gen_ai/dup is one',
    // Other names in the list are for other instrumentations.
    parse: (value) =>
      textOf(value)
        .split(',')
        .some((name) => name.trim().toLowerCase() === 'gen_ai/dup'),
  },
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings that options and environment variables make, frozen.
 *
 * @param report gets a sentence for each value that is not accepted
 */
export function resolveSettings(
  config: OpenAIInstrumentationConfig,
  report: (problem: string) => void,
  environment: Environment = readEnvironment(),
): Settings {
  const names = Object.keys(OPTIONS) as (keyof Settings)[];
  return Object.freeze(
    Object.fromEntries(names.map((name) => [name, resolve(name, config, report, environment)])),
  ) as unknown as Settings;
}

/** Whether content may be recorded on spans. */
export function recordsContentOnSpans(settings: Settings): boolean {
  return (
    settings.captureMessageContent === 'SPAN_ONLY' || settings.captureMessageContent === 'SPAN_AND_EVENT'
  );
}

/** Whether content may be recorded on events. */
export function recordsContentOnEvents(settings: Settings): boolean {
  return (
    settings.captureMessageContent === 'EVENT_ONLY' || settings.captureMessageContent === 'SPAN_AND_EVENT'
  );
}

function resolve(
  name: keyof Settings,
  config: OpenAIInstrumentationConfig,
  report: (problem: string) => void,
  environment: Environment,
): unknown {
  const { variable, variableOnly, fallback, accepts, parse } = OPTIONS[name];
  const option = (config as Readonly<Record<string, unknown>>)[name];
  const sources = [
    { name: `option ${name}`, value: variableOnly ? undefined : option },
    { name: variable ?? '', value: variable === undefined ? undefined : environment[variable] },
  ];
  for (const source of sources) {
    if (source.value === undefined || source.value === '') continue;
    const value = parse(source.value);
    if (value !== undefined) return value;
    const shown = JSON.stringify(textOf(source.value).slice(0, 40));
    report(`${source.name} is ${shown}; accepted are ${accepts}. It is treated as not set.`);
  }
  return fallback;
}

function isProviderRow(value: unknown): value is ProviderRow {
  return stringField(value, 'host') !== undefined && stringField(value, 'provider') !== undefined;
}

function parseEvents(value: unknown): Settings['events'] {
  const sink = field(value, 'sink');
  const parsed = PRESET.parse(field(value, 'preset') ?? PRESET.fallback);
  return typeof sink === 'function' && parsed !== undefined
    ? { sink: sink as EventOptions['sink'], preset: parsed }
    : undefined;
}

function readEnvironment(): Environment {
  return typeof process === 'object' && typeof process.env === 'object' ? process.env : {};
}

/** Who answers at a host. */
export interface ProviderRow {
  /**
   * The host of a base URL, as in `llm.example.com`. `*` stands for any text, as in `*.openai.azure.com`; with a
   * port, as in `gpu-1:8000`, that port is meant.
   */
  readonly host: string;
  /** `gen_ai.provider.name`: a name of the conventions, or another. */
  readonly provider: string;
}
