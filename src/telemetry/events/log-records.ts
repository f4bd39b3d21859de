import type { Attributes, Context } from '@opentelemetry/api';
import {
  EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
  EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION,
} from '../../semconv/events.ts';
import { SCHEMA_URL } from '../../semconv/schema.ts';
import { guard } from '../../util/guard.ts';
import { API_KEY, isLoggerPlaceholder } from '../../util/otel-api.ts';
import { NAME, VERSION } from '../../util/version.ts';
import { addedMetadata, metadataIn } from '../metadata.ts';

/** The global in which `@opentelemetry/api-logs` keeps the registered provider, and the API version to ask it for. */
const API_LOGS_KEY: unique symbol = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

interface LoggerGlobals {
  readonly [API_KEY]?: { readonly logs?: LoggerProvider };
  readonly [API_LOGS_KEY]?: unknown;
}

/** The part of a logger that events need. It fits `@opentelemetry/api` 1.10 and `@opentelemetry/api-logs`. */
export interface Logger {
  emit(record: object): void;
  enabled?(options?: object): boolean;
}

/** A `LoggerProvider` of either package. */
export interface LoggerProvider {
  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): Logger;
}

export interface Event {
  readonly name: string;
  readonly context: Context;
  /** Unlike the attributes of spans, these may contain structured values. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

interface EventSeverity {
  readonly severityNumber: number;
  readonly severityText: string;
}

/** The severity of each event. Other events have none. Plain numbers, because API 1.9 lacks `SeverityNumber`. */
const SEVERITIES: Readonly<Record<string, EventSeverity>> = {
  [EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS]: { severityNumber: 5, severityText: 'DEBUG' },
  [EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION]: { severityNumber: 13, severityText: 'WARN' },
};

/**
 * Emits events as log records. The logs API is part of `@opentelemetry/api` 1.10. Before that, it was a
 * package of its own, `@opentelemetry/api-logs`. That package is not imported, because its registered
 * provider can be read from a global.
 */
export class Events {
  readonly #schemaUrl: () => string;
  #explicit: LoggerProvider | undefined;
  #current: { readonly provider: LoggerProvider; readonly logger: Logger } | undefined;

  constructor(schemaUrl: () => string = () => SCHEMA_URL) {
    this.#schemaUrl = schemaUrl;
  }

  /** Ignores placeholders: the real provider is found once it is registered. */
  setLoggerProvider(provider: LoggerProvider): void {
    this.#explicit = isLoggerPlaceholder(provider) ? undefined : provider;
  }

  get provider(): LoggerProvider | undefined {
    return this.#explicit ?? globalLoggerProvider();
  }

  /** Whether a logger accepts the event, so that it is worth building. */
  wanted(name: string, context: Context): boolean {
    return guard('checking a logger', () => this.#logger(name, context)) !== undefined;
  }

  emit({ name, context, attributes, time }: Event): void {
    const metadata = metadataIn(context);
    this.#logger(name, context)?.emit({
      eventName: name,
      // Not a number: older versions of OpenTelemetry's SDK 2 mistake a time before the start of the process
      // for a reading of `performance.now()`.
      timestamp: [Math.floor(time / 1e3), Math.round((time % 1e3) * 1e6)],
      context,
      attributes:
        metadata === undefined
          ? attributes
          : { ...addedMetadata(metadata, attributes as Attributes), ...attributes },
      ...SEVERITIES[name],
    });
  }

  #logger(eventName: string, context: Context): Logger | undefined {
    const { provider } = this;
    if (provider === undefined) return undefined;
    if (this.#current?.provider !== provider) {
      const logger = provider.getLogger(NAME, VERSION, { schemaUrl: this.#schemaUrl() });
      this.#current = { provider, logger };
    }
    const { logger } = this.#current;
    const { severityNumber = 0 } = SEVERITIES[eventName] ?? {};
    return isEnabled(logger, { eventName, context, severityNumber }) ? logger : undefined;
  }
}

export function globalLoggerProvider(): LoggerProvider | undefined {
  const { [API_KEY]: registered, [API_LOGS_KEY]: getter } = globalThis as LoggerGlobals;
  // Read from the global, because API 1.9 has no export `logs`.
  const ofApi = registered?.logs;
  if (ofApi !== undefined && !isLoggerPlaceholder(ofApi)) return ofApi;
  const ofApiLogs = typeof getter === 'function' ? (getter(API_LOGS_VERSION) as LoggerProvider) : undefined;
  return ofApiLogs === undefined || isLoggerPlaceholder(ofApiLogs) ? undefined : ofApiLogs;
}

/** Older loggers lack `enabled` and count as enabled. */
function isEnabled(logger: Logger, options: object): boolean {
  return typeof logger.enabled === 'function' ? logger.enabled(options) : true;
}
