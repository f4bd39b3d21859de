import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import { asName, ownField } from '../util/payload.ts';
import { type Environment, readEnvironment } from '../util/variables.ts';
import type { Caller, CompletionHook } from './completion-types.ts';
import type { Hooks } from './hook-types.ts';
import {
  asPricePackage,
  type ModelPrices,
  type PricePackage,
  readPriceTable,
  wrongPrice,
} from './model-prices.ts';
import {
  aFunction,
  flag,
  listedNames,
  listOf,
  namedValue,
  type Option,
  oneOf,
  optionText,
  rejectedValue,
  variableOf,
  wholeNumber,
} from './option-parsers.ts';
import type { EventOptions, EventPreset } from './sink-event-types.ts';

/** A kind of private data that `maskingHook` finds. */
export type MaskedKind = 'email' | 'phone' | 'card' | 'key';

/** The kinds that masking finds by default. */
export const MASKED_KINDS: readonly MaskedKind[] = ['email', 'phone', 'card', 'key'];

/** Fields of requests that may name a person. */
export const PERSONAL_FIELDS: readonly string[] = [
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'metadata',
];

/** Where content is recorded. Events need a logger provider. */
export type CaptureMessageContent = 'NO_CONTENT' | 'SPAN_ONLY' | 'EVENT_ONLY' | 'SPAN_AND_EVENT';

/**
 * Decides where the content of each operation is recorded, depending on the user or tenant. If it throws or
 * returns another value, no content of that operation is recorded.
 */
export type ContentConsent = (caller: Caller) => CaptureMessageContent | boolean;

/**
 * The options of the instrumentation. An option takes precedence over its environment variable, and the
 * variable over the default. An invalid value counts as unset. Invalid values and unknown names are reported once,
 * through `diag` or, if it has no logger, `process.emitWarning`. With an invalid `completionHook`,
 * `captureMessageContent` or `hideContent`, no content is recorded.
 */
export interface OpenAIInstrumentationConfig extends Hooks {
  /** With `false`, the instrumentation waits for `enable()`, which `NodeSDK` calls. Default `true`. */
  enabled?: boolean | undefined;
  /**
   * Where content, such as prompts, answers, tool arguments and tool results, is recorded: `NO_CONTENT` (default),
   * `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, or a function that decides for each operation. See
   * `docs/privacy.md#only-with-consent`. `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`.
   */
  captureMessageContent?: CaptureMessageContent | boolean | ContentConsent | undefined;
  /**
   * Where the steps of a run come from: `fetch` (default) lists them once, in the background, after a run of this
   * process has ended; `observe` uses only what the program's own requests return; `off` records no steps.
   * See `docs/hierarchy.md#background-reads`. `OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS`.
   */
  runSteps?: 'fetch' | 'observe' | 'off' | undefined;
  /**
   * Which content is neither recorded nor passed to `completionHook`: `none` (default), `inputs` or `outputs`. Both
   * `inputs` and `outputs` also hide error messages. `OTEL_INSTRUMENTATION_OPENAI_HIDE_CONTENT`.
   */
  hideContent?: 'none' | 'inputs' | 'outputs' | undefined;
  /**
   * Whether `openai.request.body` has the request fields that no other attribute has, where content is recorded. A list
   * adds fields that may identify a person: `user`, `safety_identifier`, `prompt_cache_key`, `metadata`. Default `false`;
   * see `docs/evaluations.md#calls-as-a-dataset`. `OTEL_INSTRUMENTATION_OPENAI_RECORD_REQUEST`.
   */
  recordRequest?: boolean | readonly string[] | undefined;
  /** The maximum number of characters recorded of one text. Default 16,384. `OTEL_INSTRUMENTATION_OPENAI_MAX_CONTENT_LENGTH`. */
  maxContentLength?: number | undefined;
  /** The maximum number of characters of content on one span. Default 65,536. `OTEL_INSTRUMENTATION_OPENAI_MAX_SPAN_CONTENT_LENGTH`. */
  maxSpanContentLength?: number | undefined;
  /**
   * What is recorded of media inside messages (base64 and `data:` URLs), where content is recorded: `reference` (default)
   * records their type, size and SHA-256, `inline` the base64 text of up to 1 MiB each and 2 MiB
   * on a span, apart from the limits for text, `drop` nothing. `OTEL_INSTRUMENTATION_OPENAI_MEDIA`.
   */
  media?: 'reference' | 'inline' | 'drop' | undefined;
  /**
   * Receives the content of every operation before it is recorded, and may change it. It is called with any value of
   * `captureMessageContent`, and for unsampled traces too. See `docs/privacy.md#a-hook-that-masks` and `docs/masking.md`.
   */
  completionHook?: CompletionHook | undefined;
  /**
   * When a conversation gets its own span: `auto` (default), `always` below other spans too, `never`, or with `trace` in a
   * trace of its own. See `docs/hierarchy.md#threads`. `OTEL_INSTRUMENTATION_OPENAI_CONVERSATION_SPANS`.
   */
  conversationSpans?: 'auto' | 'always' | 'never' | 'trace' | undefined;
  /**
   * Milliseconds of inactivity after which the span of a conversation ends, unless it ends with an active
   * span above it. Default 30,000. `OTEL_INSTRUMENTATION_OPENAI_CONVERSATION_IDLE_TIMEOUT`.
   */
  conversationIdleTimeout?: number | undefined;
  /** Milliseconds without activity after which the span of a run ends. Default 600,000. `OTEL_INSTRUMENTATION_OPENAI_RUN_TIMEOUT`. */
  runTimeout?: number | undefined;
  /** The maximum number of conversations remembered at once. Default 10,000. `OTEL_INSTRUMENTATION_OPENAI_MAX_CONVERSATIONS`. */
  maxConversations?: number | undefined;
  /**
   * Which requests get a span if they are not GenAI operations: `all` (default), `writes` (all but GET) or `none`.
   * Every call of a model is an operation, images and moderations included. `OTEL_INSTRUMENTATION_OPENAI_API_SPANS`.
   */
  apiSpans?: 'all' | 'writes' | 'none' | undefined;
  /**
   * Whether this process records runs and background responses that another process created: `false` (default), `true`,
   * `'polled'` or `'link'`. See `docs/hierarchy.md#many-processes`. `OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS`.
   */
  adoptRuns?: boolean | 'polled' | 'link' | undefined;
  /**
   * Whether the trace context is written to the metadata of runs, responses, sessions and `@openai/agents` traces, where
   * everybody who can read them sees it. Default `false`; see `docs/hierarchy.md#many-processes`.
   * `OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA`.
   */
  propagateInMetadata?: boolean | undefined;
  /**
   * Whether the message deltas of a streamed run are recorded: `off` (default), as `events` on the step, or as `spans`
   * below it. `OTEL_INSTRUMENTATION_OPENAI_STREAM_DELTAS`.
   */
  streamDeltas?: 'off' | 'events' | 'spans' | undefined;
  /**
   * Whether streams are asked for their usage: `observe` (default) leaves requests unchanged; `include` adds
   * `stream_options.include_usage` to streamed completions that do not set it, and hides the extra chunk from the
   * program. See `docs/streaming.md#tokens-of-a-stream`. `OTEL_INSTRUMENTATION_OPENAI_STREAM_USAGE`.
   */
  streamUsage?: 'observe' | 'include' | undefined;
  /**
   * Whether the metric `gen_ai.client.operation.time_per_output_chunk` is recorded: `off` (default) or for `each` chunk
   * of a stream. Spans have the mean and the longest time between chunks in either case.
   * `OTEL_INSTRUMENTATION_OPENAI_CHUNK_METRICS`.
   */
  chunkMetrics?: 'off' | 'each' | undefined;
  /**
   * Whether costs are recorded, by `prices` and the optional peer `@pydantic/genai-prices`. Default `true`; a bundled
   * program passes the package itself: `cost: await import('@pydantic/genai-prices')`. See `docs/cost.md`.
   * `OTEL_INSTRUMENTATION_OPENAI_COST`.
   */
  cost?: boolean | PricePackage | undefined;
  /**
   * Whether the metric `openai.client.cost` has the name and version of the prompt of `withMetadata`, or of
   * one stored at OpenAI, as dimensions. Default `false`. `OTEL_INSTRUMENTATION_OPENAI_COST_BY_PROMPT`.
   */
  costByPrompt?: boolean | undefined;
  /**
   * Prices in USD by model, which override those of the price package. For example,
   * `{ 'my-model': { input_mtok: 2.5, cache_read_mtok: 1.25, output_mtok: 10 } }` gives prices per million tokens. See
   * `docs/cost.md`.
   */
  prices?: Readonly<Record<string, ModelPrices>> | undefined;
  /** Additional rows of the provider table; they come before the built-in ones. Default: none. */
  providers?: readonly ProviderRow[] | undefined;
  /** A function that receives events, and their level of detail. Default: none. See `docs/events.md`. */
  events?: EventOptions | undefined;
}

export type AdoptRuns = NonNullable<OpenAIInstrumentationConfig['adoptRuns']>;

/** The settings that differ in type from their option, may be absent, or come only from a variable. */
interface ResolvedOptions extends Pick<OpenAIInstrumentationConfig, keyof Hooks | 'completionHook'> {
  /** `settingsFor` in `telemetry/content/consent.ts` calls the function for each operation. */
  captureMessageContent: CaptureMessageContent | ContentConsent;
  /** `undefined` if the option is not set: costs are then recorded if their prices are known. */
  cost: OpenAIInstrumentationConfig['cost'];
  events: (EventOptions & { readonly preset: EventPreset }) | undefined;
  /** What is masked before the program's hook receives content. */
  maskedKinds: readonly MaskedKind[];
  /** The folder where content is stored after all hooks have run. */
  contentFolder: string | undefined;
  /** The URL under which that folder is public. References to content begin with it, or else with the folder. */
  contentBaseUrl: string | undefined;
  /** Which version of the conventions names metrics and cached tokens: the next one only on request. */
  conventions: 'current' | 'next' | 'both';
  /** Whether spans also carry the attribute names of older versions of the conventions. */
  olderNames: boolean;
}

export type Settings = Required<Readonly<ResolvedOptions>> & {
  readonly [Name in Exclude<
    keyof OpenAIInstrumentationConfig,
    keyof ResolvedOptions | 'enabled'
  >]-?: NonNullable<OpenAIInstrumentationConfig[Name]>;
} & {
  /** Set in the settings of one operation: whether the program's function has refused its content. */
  readonly isRefused?: boolean;
  /** Set in the settings of one operation: the program's function, if it was asked about its content. */
  readonly decidedBy?: ContentConsent | undefined;
};

export const CAPTURE_MODES: Option<CaptureMessageContent> = oneOf(
  ['NO_CONTENT', 'SPAN_ONLY', 'EVENT_ONLY', 'SPAN_AND_EVENT'],
  { true: 'SPAN_AND_EVENT', false: 'NO_CONTENT' },
);

const TRUE_OR_FALSE = flag(false);
const PRESET = oneOf(['standard', 'minimal', 'full']);

/** Every option. `npm run api-reference` writes `docs/options.md` from this and the comments above. */
export const OPTIONS: { readonly [Name in keyof Settings]: Option<Settings[Name]> } = {
  captureMessageContent: {
    ...CAPTURE_MODES,
    variable: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT',
    parse: (value) => (typeof value === 'function' ? (value as ContentConsent) : CAPTURE_MODES.parse(value)),
    withholdsContent: () => true,
  },
  completionHook: { ...aFunction(), withholdsContent: (value) => value !== null },
  hideContent: { ...oneOf(['none', 'inputs', 'outputs']), withholdsContent: () => true },
  recordRequest: listOf(PERSONAL_FIELDS, { true: true, false: false }),
  runSteps: oneOf(['fetch', 'observe', 'off']),
  maxContentLength: wholeNumber(16_384),
  maxSpanContentLength: wholeNumber(65_536),
  media: oneOf(['reference', 'inline', 'drop']),
  conversationSpans: oneOf(['auto', 'always', 'never', 'trace']),
  conversationIdleTimeout: wholeNumber(30_000),
  runTimeout: wholeNumber(600_000),
  maxConversations: wholeNumber(10_000),
  apiSpans: oneOf(['all', 'writes', 'none']),
  adoptRuns: namedValue<AdoptRuns>({ true: true, false: false, polled: 'polled', link: 'link' }, false),
  propagateInMetadata: flag(false),
  streamDeltas: oneOf(['off', 'events', 'spans']),
  streamUsage: oneOf(['observe', 'include']),
  chunkMetrics: oneOf(['off', 'each']),
  cost: {
    fallback: undefined,
    accepts: 'true, false, the module @pydantic/genai-prices',
    parse: (value) => asPricePackage(value) ?? TRUE_OR_FALSE.parse(value),
  },
  costByPrompt: flag(false),
  prices: {
    source: 'code',
    fallback: ownFields({}),
    accepts: 'objects with an object of prices in USD for each model',
    parse: (value) => readPriceTable(value, true),
    wrongPart: wrongPrice,
  },
  providers: {
    source: 'code',
    fallback: [],
    accepts: 'lists of objects with the texts host and provider',
    parse: (value) => (Array.isArray(value) && value.every(isProviderRow) ? value : undefined),
  },
  events: {
    source: 'code',
    fallback: undefined,
    accepts: `objects with a function sink and a preset of ${PRESET.accepts}`,
    parse: parseEvents,
  },
  requestHook: aFunction(),
  responseHook: aFunction(),
  ignoreRequestHook: aFunction(),
  startSpanHook: aFunction(),
  maskedKinds: {
    ...listOf(MASKED_KINDS, { true: MASKED_KINDS, false: [] }),
    variable: 'OTEL_INSTRUMENTATION_OPENAI_MASKING',
    source: 'variable',
    withholdsContent: () => true,
  },
  contentBaseUrl: {
    source: 'variable',
    fallback: undefined,
    accepts: 'URLs',
    parse: (value) => /^[a-z][a-z\d+.-]*:\/\/\S+$/i.exec(optionText(value).trim())?.[0],
  },
  contentFolder: {
    variable: 'OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH',
    source: 'variable',
    fallback: undefined,
    accepts: 'paths of folders, and file: URLs',
    parse: parseFolder,
  },
  conventions: {
    variable: 'OTEL_SEMCONV_STABILITY_OPT_IN',
    source: 'variable',
    fallback: 'current',
    accepts:
      'lists of names, of which gen_ai/dup, gen_ai_latest_experimental and gen_ai_latest_experimental/dup are known',
    parse: parseConventions,
  },
  olderNames: {
    variable: 'OTEL_SEMCONV_STABILITY_OPT_IN',
    source: 'variable',
    fallback: false,
    accepts: 'lists of names, of which gen_ai/dup is one',
    parse: (value) => listedNames(value).includes('gen_ai/dup'),
  },
};

const MASKING_OPTIONS: readonly string[] = ['completionHook', 'hideContent', 'maskedKinds'];

/**
 * Resolves each option to its value in code, else that of its environment variable, else its default.
 *
 * @param report receives a sentence for each value that is not accepted
 */
export function resolveSettings(
  config: OpenAIInstrumentationConfig,
  report: (problem: string) => void,
  environment: Environment = readEnvironment(),
): Settings {
  const options = ownFields(config) as Readonly<Record<string, unknown>>;
  const settings: Record<string, unknown> = {};
  const withheld: string[] = [];
  for (const [name, option] of Object.entries<Option<unknown>>(OPTIONS)) {
    const { source, fallback, accepts, parse, wrongPart, withholdsContent } = option;
    const variable = variableOf(name, option);
    const sources: [name: string, value: unknown][] = [];
    if (source !== 'variable') sources.push([`option ${name}`, options[name]]);
    if (variable !== undefined) sources.push([variable, environment[variable] || undefined]);
    settings[name] = fallback;
    for (const [given, value] of sources) {
      const withholds = withholdsContent?.(value) === true;
      if (value === undefined || (value === '' && !withholds)) continue;
      const parsed = parse(value);
      if (parsed !== undefined) {
        settings[name] = parsed;
        break;
      }
      const effect = withholds ? 'No content is recorded.' : undefined;
      report(rejectedValue(given, value, accepts, effect, wrongPart?.(value)));
      if (withholds) {
        withheld.push(name);
        break;
      }
    }
  }
  if (withheld.length > 0) settings.captureMessageContent = 'NO_CONTENT';
  // An invalid option might have masked or hidden any content, so no hook and no store may receive it.
  if (withheld.some((name) => MASKING_OPTIONS.includes(name)))
    Object.assign(settings, { completionHook: undefined, contentFolder: undefined });
  return Object.freeze(settings) as unknown as Settings;
}

/** Where the content of at least some operations may be recorded. */
export interface ContentTargets {
  readonly span: boolean;
  readonly event: boolean;
  /** The sink receives content only if its preset is `full` and events may contain content. */
  readonly sink: boolean;
}

export function contentTargets({ captureMessageContent: mode, events }: Settings): ContentTargets {
  const onBoth = mode === 'SPAN_AND_EVENT' || typeof mode === 'function';
  const event = onBoth || mode === 'EVENT_ONLY';
  return { span: onBoth || mode === 'SPAN_ONLY', event, sink: event && events?.preset === 'full' };
}

/**
 * The current settings, with content only where the settings at the operation's start allow it, too. A hook or
 * `hideContent` from the start still applies, unless the current settings have one. Content that the program's
 * function has refused, or that its current function has not been asked about, reaches nothing: no hook, no store.
 */
export function operationSettings(atStart: Settings, current: Settings): Settings {
  if (atStart === current) return current;
  const before = contentTargets(atStart);
  const now = contentTargets(current);
  const { captureMessageContent: consent } = current;
  const isUnasked = typeof consent === 'function' && consent !== atStart.decidedBy;
  const isRefused = atStart.isRefused || isUnasked;
  return {
    ...current,
    captureMessageContent: isUnasked
      ? 'NO_CONTENT'
      : captureMode(before.span && now.span, before.event && now.event),
    completionHook: isRefused ? undefined : (current.completionHook ?? atStart.completionHook),
    hideContent: current.hideContent === 'none' ? atStart.hideContent : current.hideContent,
    isRefused,
    decidedBy: atStart.decidedBy,
  };
}

function captureMode(onSpans: boolean, onEvents: boolean): CaptureMessageContent {
  if (onSpans) return onEvents ? 'SPAN_AND_EVENT' : 'SPAN_ONLY';
  return onEvents ? 'EVENT_ONLY' : 'NO_CONTENT';
}

function isProviderRow(value: unknown): value is ProviderRow {
  return asName(ownField(value, 'host')) !== undefined && asName(ownField(value, 'provider')) !== undefined;
}

function parseEvents(value: unknown): Settings['events'] {
  const sink = ownField(value, 'sink');
  const parsed = PRESET.parse(ownField(value, 'preset') ?? PRESET.fallback);
  return typeof sink === 'function' && parsed !== undefined
    ? { sink: sink as EventOptions['sink'], preset: parsed }
    : undefined;
}

/** Ignores names for other instrumentations. */
function parseConventions(value: unknown): Settings['conventions'] | undefined {
  const names = listedNames(value);
  const known = ['gen_ai/dup', 'gen_ai_latest_experimental', 'gen_ai_latest_experimental/dup'];
  if (names.some((name) => name.startsWith('gen_ai') && !known.includes(name))) return undefined;
  if (names.includes('gen_ai_latest_experimental/dup')) return 'both';
  return names.includes('gen_ai_latest_experimental') ? 'next' : 'current';
}

/** Rejects URLs of object stores, which would need a library. Python's instrumentations accept them. */
function parseFolder(value: unknown): string | undefined {
  const path = optionText(value).trim();
  if (!/^[a-z][a-z\d+.-]+:/i.test(path)) return path || undefined;
  return /^file:\/\/\//i.test(path) ? path.slice('file://'.length) : undefined;
}

/** Maps a host to the provider behind it. */
export interface ProviderRow {
  /**
   * The host of a base URL, such as `llm.example.com`. `*` matches any text, as in `*.openai.azure.com`. A host with a
   * port, such as `gpu-1:8000`, matches that port only.
   */
  readonly host: string;
  /** `gen_ai.provider.name`: one of the conventions' names, or another. */
  readonly provider: string;
}
