import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import type { OpenAIInstrumentationConfig } from './config/config.ts';
import { isSwitchedOff } from './config/environment.ts';
import { logFindingsEarly, logMistakesAtExit } from './diagnostics/report.ts';
import { prepareDefaultObservers } from './pipeline/default-observers.ts';
import { reportMissingProvider } from './pipeline/missing-provider.ts';
import { observeProcess } from './pipeline/observe-process.ts';
import { Observer } from './pipeline/observer.ts';
import type { LoggerProvider } from './telemetry/events/log-records.ts';
import { guard } from './util/guard.ts';
import { NAME, VERSION } from './util/version.ts';

/**
 * OpenTelemetry instrumentation for the `openai` package, versions 4.19 to 7.
 *
 * Implements the `Instrumentation` interface of `@opentelemetry/instrumentation` without depending on that package,
 * and therefore works with API 1.9 and SDK 2.x as well as API 1.10 and SDK 3.x:
 *
 * ```ts
 * new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
 * ```
 *
 * Create it before `openai` is imported.
 */
export class OpenAIInstrumentation {
  readonly instrumentationName: string = NAME;
  readonly instrumentationVersion: string = VERSION;

  #config: OpenAIInstrumentationConfig & { enabled: boolean };
  #observer: Observer;
  #stop: (() => void) | undefined;

  constructor(config: OpenAIInstrumentationConfig = {}) {
    this.#config = withEnabled(config);
    this.#observer = new Observer(this.#config, prepareDefaultObservers);
    if (this.#config.enabled) this.enable();
    logMistakesAtExit();
  }

  /** Instruments all clients, those loaded already and those loaded later. */
  enable(): void {
    this.#config.enabled = true;
    this.#stop ??= guard('enabling the instrumentation', () => this.#start());
  }

  /**
   * Ends all open spans, forgets all conversations, and restores everything that was patched. Calls in progress finish
   * unrecorded.
   */
  disable(): void {
    this.#config.enabled = false;
    this.#stop?.();
    this.#stop = undefined;
    guard('disabling the instrumentation', () => this.#observer.dispose());
  }

  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#observer.telemetry.own.tracerProvider = tracerProvider;
    logFindingsEarly();
  }

  setMeterProvider(meterProvider: MeterProvider): void {
    this.#observer.telemetry.own.metrics.setMeterProvider(meterProvider);
  }

  /** @param loggerProvider of API 1.10 or of `@opentelemetry/api-logs`; default: the registered one */
  setLoggerProvider(loggerProvider: LoggerProvider): void {
    this.#observer.telemetry.own.events.setLoggerProvider(loggerProvider);
  }

  getConfig(): OpenAIInstrumentationConfig & { enabled: boolean } {
    return this.#config;
  }

  /** Replaces the options. Applies to calls that start later. */
  setConfig(config: OpenAIInstrumentationConfig): void {
    this.#config = withEnabled(config);
    this.#observer.configure(this.#config);
  }

  #start(): (() => void) | undefined {
    if (isSwitchedOff()) return undefined;
    this.#observer.enable();
    const stopObserving = observeProcess(this.#observer);
    const stopReporting = reportMissingProvider();
    return () => {
      stopObserving();
      stopReporting();
    };
  }
}

function withEnabled(
  config: OpenAIInstrumentationConfig | null,
): OpenAIInstrumentationConfig & { enabled: boolean } {
  const own = ownFields(config ?? {});
  return { ...own, enabled: own.enabled ?? true };
}
