import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { contentTargets, type Settings } from '../config/config.ts';
import { EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS } from '../semconv/events.ts';
import { NEXT_SCHEMA_URL, SCHEMA_URL } from '../semconv/schema.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { logError } from '../util/guard.ts';
import { isNoopTracerProvider, providerBehind } from '../util/otel-api.ts';
import { ProcessWide } from '../util/process-state.ts';
import { NAME, VERSION } from '../util/version.ts';
import { Events } from './events/log-records.ts';
import { metadataIn, startSpanWithMetadata } from './metadata.ts';
import { Metrics } from './metrics/metrics.ts';
import { withOlderNames } from './older-attribute-names.ts';
import { flushAtProgramEnd } from './program-end/program-end.ts';
import type { ProviderLife, ProviderListener } from './program-end/provider-life.ts';

interface KnownTracer {
  readonly provider: object;
  /** `undefined` for a no-op provider. */
  readonly life: ProviderLife | undefined;
  readonly tracer: Tracer;
}

/** How many functions can be open at once. Those whose promises never settle would otherwise pile up. */
const MAX_OPEN_FUNCTIONS = 10_000;

/** The providers of one instrumentation. Those that it was not given are the registered ones. */
export class Providers {
  tracerProvider: TracerProvider | undefined;
  readonly schemaUrl: () => string;
  readonly metrics: Metrics;
  readonly events: Events;

  /** @param settings read at the first use, because the program may load its `.env` file after this package */
  constructor(settings?: () => Pick<Settings, 'conventions'>) {
    this.schemaUrl = () => (settings?.().conventions === 'next' ? NEXT_SCHEMA_URL : SCHEMA_URL);
    this.metrics = new Metrics(this.schemaUrl);
    this.events = new Events(this.schemaUrl);
  }

  /** The current tracer provider, behind the API's proxy. */
  get provider(): TracerProvider {
    return providerBehind(this.tracerProvider ?? trace.getTracerProvider());
  }

  get otherProviders(): readonly object[] {
    const { metrics, events } = this;
    return events.provider === undefined ? [metrics.provider] : [metrics.provider, events.provider];
  }

  /** The providers to flush. If there is a tracer provider, its listeners name the others. */
  get flushed(): readonly object[] {
    const { provider } = this;
    return isNoopTracerProvider(provider) ? this.otherProviders : [provider];
  }
}

/** The providers of the newest instrumentation of the whole process. All copies of this release share them. */
const ofProcess = new ProcessWide(`providers@${VERSION}`, (): { providers: Providers | undefined } => ({
  providers: undefined,
}));

/** Makes everything in the process use these providers instead of its own. */
export function useProviders(providers: Providers | undefined): void {
  ofProcess.value.providers = providers;
}

/** Everything that recording needs: settings, tracer, metrics and events. Their providers may be registered later. */
export class Telemetry {
  settings: Settings;
  /** Used unless something else in the process decides. */
  readonly own: Providers;
  /** Whether the instrumentation is disabled. Clients and sockets may still be observed, but nothing is recorded. */
  isDisabled = false;
  /** What a shutdown ends, and how: the program's functions and tools, and spans that others left open. */
  readonly functions: BoundedMap<object, () => void> = new BoundedMap(MAX_OPEN_FUNCTIONS);
  readonly #ofProcess = ofProcess.value;
  #tracer: KnownTracer | undefined;
  /** The provider of the last call, and whether it records spans. */
  #lastProvider: TracerProvider | undefined;
  #records = false;

  /** Listens to the providers, which hold it weakly. This field keeps it alive while work is in progress. */
  readonly listener: ProviderListener | undefined;

  constructor(settings: Settings, listener?: ProviderListener) {
    this.settings = settings;
    this.own = new Providers(() => this.settings);
    this.listener = listener;
  }

  /** The current providers. What a disabled instrumentation still ends goes to its own. */
  get providers(): Providers {
    return this.isDisabled ? this.own : (this.#ofProcess.providers ?? this.own);
  }

  get metrics(): Metrics {
    return this.providers.metrics;
  }

  get events(): Events {
    return this.providers.events;
  }

  /** If nothing wants content, no content is read. */
  get wantsContent(): boolean {
    const { settings } = this;
    if (settings.completionHook !== undefined) return true;
    const { span, event, sink } = contentTargets(settings);
    const name = EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS;
    return span || sink || (event && this.events.wanted(name, ROOT_CONTEXT));
  }

  /** Whether content of unsampled operations is read, too, because it is recorded elsewhere than on spans. */
  get readsUnsampled(): boolean {
    const { settings } = this;
    const { span, sink } = contentTargets(settings);
    return settings.completionHook !== undefined || sink || (!span && this.wantsContent);
  }

  get provider(): TracerProvider {
    return this.providers.provider;
  }

  /** Whether anything receives what is recorded. Without OpenTelemetry's SDK, only a hook or a sink can. */
  isReceivedBy(provider: TracerProvider, others: Pick<Providers, 'metrics' | 'events'>): boolean {
    if (provider !== this.#lastProvider) this.#records = !isNoopTracerProvider(provider);
    this.#lastProvider = provider;
    if (this.#records) return true;
    const { events, completionHook } = this.settings;
    return others.metrics.wanted || (events ?? completionHook ?? others.events.provider) !== undefined;
  }

  /** Ends the spans of functions, newest first: a newer one may be below an older one. */
  endFunctions(): void {
    for (const end of this.functions.values().reverse()) end();
  }

  /** Arranges for all providers to be flushed when the program ends, even if no span has been started. */
  sendAtEnd(): void {
    this.#useTracer();
  }

  /** The span carries the metadata of its context. */
  startSpan(name: string, options: SpanOptions, parent: Context): Span {
    const { tracer, life } = this.#useTracer();
    const metadata = metadataIn(parent);
    const named = this.settings.olderNames
      ? { ...options, attributes: withOlderNames(options.attributes ?? {}) }
      : options;
    const span =
      metadata === undefined
        ? tracer.startSpan(name, named, parent)
        : startSpanWithMetadata(tracer, name, named, parent, metadata);
    // Checked until a span is recorded, because a sampler may drop all spans.
    if (life?.recorded === false) life.recorded = span.isRecording();
    return span;
  }

  /** Returns a tracer of the current provider, and notes that the provider has something to send. */
  #useTracer(): KnownTracer {
    const { provider } = this;
    let known = this.#tracer;
    // The API's proxy tracers would stay with the first provider.
    if (known?.provider !== provider) {
      const tracer = provider.getTracer(NAME, VERSION, { schemaUrl: this.own.schemaUrl() });
      const life = isNoopTracerProvider(provider) ? undefined : flushAtProgramEnd(provider);
      known = { provider, life, tracer };
      this.#tracer = known;
    }
    if (known.life !== undefined) known.life.unsent = true;
    // Without a tracer provider, metrics and events must still be sent.
    else for (const each of this.providers.otherProviders) flushAtProgramEnd(each).unsent = true;
    return known;
  }
}

/** Ends one of our spans even if a span processor of the program throws. */
export function endSpan(span: Span, endTime: TimeInput): void {
  try {
    span.end(endTime);
  } catch (error) {
    logError('ending a span', error);
  }
}
