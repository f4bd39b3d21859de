import {
  type Context,
  type MeterProvider,
  ROOT_CONTEXT,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { recordsContentOnEvents, recordsContentOnSpans, type Settings } from '../config/config.ts';
import {
  EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
  EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION,
} from '../semconv/events.ts';
import { SCHEMA_URL } from '../semconv/schema.ts';
import { BoundedMap } from '../util/lru-map.ts';
import { providerBehind } from '../util/otel-api.ts';
import { NAME, VERSION } from '../util/version.ts';
import { PendingHooks } from './content/completion-hook.ts';
import { Costs } from './cost/costs.ts';
import { Events, type LoggerProvider } from './events/log-records.ts';
import { Sink, sinkTakesContent } from './events/sink.ts';
import { withMetadataOfContext } from './metadata.ts';
import { Metrics } from './metrics/metrics.ts';
import { withOlderNames } from './older-names.ts';
import { flushAtProgramEnd, type SendState } from './program-end.ts';

interface KnownTracer {
  readonly provider: object;
  readonly olderNames: boolean;
  readonly state: SendState;
  readonly tracer: Pick<Tracer, 'startSpan'>;
}

/** Functions whose promises never settle are kept as well. */
const MOST_FUNCTIONS = 10_000;

/** What recording needs: the settings, a tracer and the metrics, of providers that may come later. */
export class Telemetry {
  settings: Settings;
  readonly metrics: Metrics = new Metrics();
  readonly events: Events = new Events();
  readonly costs: Costs = new Costs(() => this.settings);
  readonly sink: Sink = new Sink();
  /** Completion hooks that are still at work. */
  readonly hooks: PendingHooks = new PendingHooks(this);
  /** Functions and tools of the program that are under way, and what ends their spans. */
  readonly functions: BoundedMap<object, () => void> = new BoundedMap(MOST_FUNCTIONS);
  #provider: TracerProvider | undefined;
  #tracer: KnownTracer | undefined;

  /** Who listens to the providers: held by all that is under way, since they hold it weakly. */
  readonly listener: object | undefined;

  constructor(settings: Settings, listener?: object) {
    this.settings = settings;
    this.listener = listener;
  }

  setTracerProvider(provider: TracerProvider): void {
    this.#provider = provider;
  }

  setMeterProvider(provider: MeterProvider): void {
    this.metrics.setMeterProvider(provider);
  }

  setLoggerProvider(provider: LoggerProvider): void {
    this.events.setLoggerProvider(provider);
  }

  /** Whether anybody wants content: spans, events that somebody takes, or a hook. Otherwise none is read. */
  get wantsContent(): boolean {
    const { settings } = this;
    return (
      settings.completionHook !== undefined ||
      recordsContentOnSpans(settings) ||
      sinkTakesContent(settings) ||
      (recordsContentOnEvents(settings) &&
        this.events.wanted(EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS, ROOT_CONTEXT))
    );
  }

  /** Whether anybody hears of a call that is not recorded as a span: events tell of it, and so do exceptions. */
  tells(context: Context): boolean {
    return (
      this.settings.events !== undefined ||
      this.events.wanted(EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION, context)
    );
  }

  /** The provider that makes the spans: behind the API's proxy, the one registered by now. */
  get provider(): TracerProvider {
    return providerBehind(this.#provider ?? trace.getTracerProvider());
  }

  /** A tracer of the provider in force: the API's own proxies stay with the first one that was registered. */
  get tracer(): Pick<Tracer, 'startSpan'> {
    const { provider } = this;
    const { olderNames } = this.settings;
    if (this.#tracer?.provider !== provider || this.#tracer.olderNames !== olderNames) {
      const tracer = provider.getTracer(NAME, VERSION, { schemaUrl: SCHEMA_URL });
      const named = olderNames ? withOlderNames(tracer) : tracer;
      this.#tracer = {
        provider,
        olderNames,
        state: flushAtProgramEnd(provider),
        tracer: withMetadataOfContext(named),
      };
    }
    // Whoever asks for the tracer starts a span.
    this.#tracer.state.unsent = true;
    return this.#tracer.tracer;
  }
}
