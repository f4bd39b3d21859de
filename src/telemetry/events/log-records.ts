import type { Context } from '@opentelemetry/api';
import { SCHEMA_URL } from '../../semconv/schema.ts';
import { guard } from '../../util/guard.ts';
import { isNoopLoggerProvider } from '../../util/otel-api.ts';
import { field } from '../../util/payload.ts';
import { NAME, VERSION } from '../../util/version.ts';

/** Where the API keeps what is registered with it: from version 1.10 on a logger provider, too. */
const API_KEY: symbol = Symbol.for('opentelemetry.js.api.1');
/** Where the `@opentelemetry/api-logs` package keeps the provider that is registered with it, and for which version. */
const API_LOGS_KEY: symbol = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;
/** `SeverityNumber.WARN`. API 1.9 has no such constant. */
const WARN = 13;

/** What an event needs of a logger: of `@opentelemetry/api` 1.10 or of `@opentelemetry/api-logs`, which have no type in common. */
export interface Logger {
  emit(record: object): void;
  enabled?(options?: object): boolean;
}

/** A `LoggerProvider` of either package. */
export interface LoggerProvider {
  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): Logger;
}

/** A log record with a name, which belongs to the span of its context. */
export interface Event {
  readonly name: string;
  readonly context: Context;
  /** Structured values, too, which spans cannot have. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** How serious an event is; one that is not here has no severity. */
const SEVERITIES: Readonly<Record<string, number>> = { 'gen_ai.client.operation.exception': WARN };

/**
 * Events as log records: the only user of OpenTelemetry's logs API. It is part of API 1.10; on the older line
 * it is a package of its own, which is not imported: what is registered with it can be found without it, at
 * any time.
 */
export class Events {
  #explicit: LoggerProvider | undefined;
  #current: { readonly provider: LoggerProvider; readonly logger: Logger } | undefined;

  /** What stands in for a provider that is yet to be registered is not taken: that one is found when it is there. */
  setLoggerProvider(provider: LoggerProvider): void {
    this.#explicit = isPlaceholder(provider) ? undefined : provider;
  }

  /** The provider in force, if there is one. */
  get provider(): LoggerProvider | undefined {
    return this.#explicit ?? registeredProvider();
  }

  /** Whether somebody takes an event. Nothing is built for one that nobody does. */
  wanted(name: string, context: Context): boolean {
    return guard('asking a logger', () => this.#logger(name, context)) !== undefined;
  }

  emit({ name, context, attributes, time }: Event): void {
    const severityNumber = SEVERITIES[name];
    this.#logger(name, context)?.emit({
      eventName: name,
      timestamp: time,
      context,
      attributes,
      ...(severityNumber === undefined ? {} : { severityNumber, severityText: 'WARN' }),
    });
  }

  #logger(eventName: string, context: Context): Logger | undefined {
    const { provider } = this;
    if (provider === undefined) return undefined;
    if (this.#current?.provider !== provider) {
      const logger = provider.getLogger(NAME, VERSION, { schemaUrl: SCHEMA_URL });
      this.#current = { provider, logger };
    }
    const { logger } = this.#current;
    return isEnabled(logger, { eventName, context, severityNumber: SEVERITIES[eventName] ?? 0 })
      ? logger
      : undefined;
  }
}

/** The provider in force: that of the API, or that of the package, whichever has a real one. */
function registeredProvider(): LoggerProvider | undefined {
  const ofApi = providerOfApi();
  if (ofApi !== undefined && !isPlaceholder(ofApi)) return ofApi;
  const ofApiLogs = providerOfApiLogs();
  return ofApiLogs === undefined || isPlaceholder(ofApiLogs) ? undefined : ofApiLogs;
}

/** Importing `logs` would fail with API 1.9, which has no such export. */
function providerOfApi(): LoggerProvider | undefined {
  const registered = (globalThis as Readonly<Record<symbol, unknown>>)[API_KEY];
  return field(registered, 'logs') as LoggerProvider | undefined;
}

function providerOfApiLogs(): LoggerProvider | undefined {
  const getter = (globalThis as Readonly<Record<symbol, unknown>>)[API_LOGS_KEY];
  return typeof getter === 'function' ? (getter(API_LOGS_VERSION) as LoggerProvider) : undefined;
}

/** Both lines have a proxy for a provider that is not there yet, and one that does nothing. */
function isPlaceholder(provider: LoggerProvider): boolean {
  return typeof field(provider, '_getDelegate') === 'function' || isNoopLoggerProvider(provider);
}

/** Loggers of older versions cannot be asked. */
function isEnabled(logger: Logger, options: object): boolean {
  return typeof logger.enabled === 'function' ? logger.enabled(options) : true;
}
