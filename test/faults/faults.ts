import type {
  ContextManager,
  LoggerProvider,
  MeterProvider,
  Tracer,
  TracerProvider,
} from '@opentelemetry/api';
import { LoggerProvider as SdkLoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BatchSpanProcessor,
  type IdGenerator,
  type Sampler,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';

/** Something around the instrumentation that does not do what it should. */
export interface Fault {
  readonly name: string;
  readonly config?: OpenAIInstrumentationConfig;
  readonly sampler?: Sampler;
  readonly idGenerator?: IdGenerator;
  readonly processor?: () => SpanProcessor;
  readonly contextManager?: (real: ContextManager) => ContextManager;
  readonly tracerProvider?: (real: TracerProvider) => TracerProvider;
  readonly meterProvider?: () => MeterProvider;
  readonly loggerProvider?: () => LoggerProvider;
  readonly diagThrows?: true;
  /** Whether each flush waits until it times out. */
  readonly flushWaits?: boolean;
  /** Spans are started that the instrumentation never gets, or whose end never arrives: they cannot be counted. */
  readonly uncounted?: true;
}

export function broken(): never {
  throw new Error('It is broken.');
}

const rejecting = (): Promise<never> => Promise.reject(new Error('It is broken.'));
const hanging = (): Promise<never> => new Promise(() => undefined);
const nothing = async (): Promise<void> => undefined;

function exporting(
  exportSpans: SpanExporter['export'],
  shutdown: () => Promise<void> = nothing,
): SpanExporter {
  return { export: exportSpans, shutdown, forceFlush: nothing };
}

function processing(methods: Partial<SpanProcessor>): () => SpanProcessor {
  const silent = { onStart: () => undefined, onEnd: () => undefined, forceFlush: nothing, shutdown: nothing };
  return () => ({ ...silent, ...methods });
}

const FAILED = 1;

const EXPORTERS: readonly (readonly [what: string, exporter: () => SpanExporter])[] = [
  ['fails', () => exporting((_, done) => done({ code: FAILED, error: new Error('It is broken.') }))],
  ['throws', () => exporting(broken)],
  ['reports its outcome later', () => exporting((_, done) => void setImmediate(() => done({ code: 0 })))],
  ['reports its outcome twice', () => exporting((_, done) => [done({ code: 0 }), done({ code: FAILED })])],
  ['rejects its shutdown', () => exporting((_, done) => done({ code: 0 }), rejecting)],
];

/** A real object, but for some methods of what it or its methods give. */
function but<Target extends object>(target: Target, methods: Partial<Record<keyof Target, unknown>>): Target {
  return new Proxy(target, {
    get: (real, key) => {
      if (Object.hasOwn(methods, key)) return methods[key as keyof Target];
      const value: unknown = Reflect.get(real, key, real);
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

/** A context manager that enters contexts in another way. */
function entering(real: ContextManager, wrap: (enter: () => unknown) => unknown): ContextManager {
  return but(real, {
    with: (...given: Parameters<ContextManager['with']>) => wrap(() => real.with(...given)),
  });
}

type WrapProvider = (real: TracerProvider) => TracerProvider;

type StartSpan = Tracer['startSpan'];

/** Tracers that start spans in another way. */
function startingBut(wrap: (start: StartSpan) => StartSpan): WrapProvider {
  return (real) =>
    but(real, {
      getTracer: (...parameters: Parameters<TracerProvider['getTracer']>) => {
        const tracer = real.getTracer(...parameters);
        return but(tracer, { startSpan: wrap((...given) => tracer.startSpan(...given)) });
      },
    });
}

/** Spans with methods that throw. */
function spansBut(methods: readonly string[]): WrapProvider {
  const throwing = Object.fromEntries(methods.map((name) => [name, broken]));
  return startingBut(
    (start) =>
      (...given) =>
        but(start(...given), throwing),
  );
}

const CONTEXT_MANAGERS: readonly (readonly [what: string, wrap: (real: ContextManager) => ContextManager])[] =
  [
    ['that throws', (real) => but(real, { active: broken, with: broken, bind: broken })],
    ['that throws on the way in', (real) => but(real, { with: broken })],
    ['that throws on the way out', (real) => entering(real, (enter) => [enter(), broken()])],
    ['that returns no result', (real) => entering(real, (enter) => void enter())],
    ['without an active context', (real) => but(real, { active: () => undefined })],
  ];

const EVERY_CONTENT = { captureMessageContent: 'SPAN_AND_EVENT' } as const;

export const FAULTS: readonly Fault[] = [
  ...EXPORTERS.flatMap(([what, exporter]): Fault[] => [
    { name: `an exporter that ${what}`, processor: () => new SimpleSpanProcessor({ exporter: exporter() }) },
    {
      name: `an exporter of batches that ${what}`,
      processor: () =>
        new BatchSpanProcessor({ exporter: exporter(), maxExportBatchSize: 2, maxQueueSize: 4 }),
    },
  ]),
  {
    name: 'a processor that throws when a span starts',
    processor: processing({ onStart: broken }),
    uncounted: true,
  },
  { name: 'a processor that throws when a span ends', processor: processing({ onEnd: broken }) },
  {
    name: 'a processor that throws before a span ends',
    processor: processing({ onEnding: broken } as never),
    uncounted: true,
  },
  {
    name: 'a processor that rejects to flush',
    processor: processing({ forceFlush: rejecting, shutdown: rejecting }),
  },
  { name: 'a sampler that throws', sampler: { shouldSample: broken, toString: () => 'broken' } },
  {
    name: 'a sampler without a decision',
    sampler: { shouldSample: () => ({}) as never, toString: () => 'empty' },
  },
  {
    name: 'a sampler that returns undefined',
    sampler: { shouldSample: () => undefined as never, toString: () => 'empty' },
  },
  { name: 'ids that cannot be made', idGenerator: { generateSpanId: broken, generateTraceId: broken } },
  { name: 'invalid ids', idGenerator: { generateSpanId: () => '', generateTraceId: () => '' } },
  ...CONTEXT_MANAGERS.map(
    ([what, contextManager]): Fault => ({
      name: `a context manager ${what}`,
      contextManager,
      // The tests tell reads of ours by their context.
      config: { runSteps: 'observe' },
    }),
  ),
  { name: 'a tracer that throws', tracerProvider: startingBut(() => broken) },
  { name: 'a tracer provider that throws', tracerProvider: (real) => but(real, { getTracer: broken }) },
  {
    name: 'spans that cannot be written on',
    tracerProvider: spansBut([
      'setAttribute',
      'setAttributes',
      'addEvent',
      'setStatus',
      'updateName',
      'addLink',
      'addLinks',
    ]),
  },
  { name: 'spans that cannot be ended', tracerProvider: spansBut(['end']), uncounted: true },
  { name: 'a meter that throws', meterProvider: () => ({ getMeter: broken }) },
  { name: 'instruments that cannot be made', meterProvider: () => metering(broken) },
  {
    name: 'instruments that throw',
    meterProvider: () => metering(() => ({ record: broken, add: broken, addCallback: broken })),
  },
  {
    name: 'a logger provider that throws',
    config: EVERY_CONTENT,
    loggerProvider: () => ({ getLogger: broken }) as never,
  },
  {
    name: 'a logger that throws',
    config: EVERY_CONTENT,
    loggerProvider: () => ({ getLogger: () => ({ emit: broken, enabled: broken }) }) as never,
  },
  {
    name: 'log records that cannot be emitted',
    config: EVERY_CONTENT,
    loggerProvider: () => ({ getLogger: () => ({ emit: broken, enabled: () => true }) }) as never,
  },
  { name: 'a logger provider after its shutdown', config: EVERY_CONTENT, loggerProvider: loggersThatAreGone },
  { name: 'a diagnostic logger that throws', config: { requestHook: broken }, diagThrows: true },
  { name: 'an ignoreRequestHook that throws', config: { ignoreRequestHook: broken } },
  { name: 'a startSpanHook that throws', config: { startSpanHook: broken } },
  {
    name: 'a startSpanHook that returns no attributes',
    config: { startSpanHook: () => ({ a: {}, b: Symbol('b') }) as never },
  },
  { name: 'a requestHook that throws', config: { requestHook: broken } },
  { name: 'a requestHook that ends the span', config: { requestHook: (span) => span.end() } },
  { name: 'a responseHook that throws', config: { responseHook: broken } },
  { name: 'a completionHook that throws', config: { ...EVERY_CONTENT, completionHook: broken } },
  { name: 'a completionHook that rejects', config: { ...EVERY_CONTENT, completionHook: rejecting } },
  {
    name: 'a completionHook that assigns invalid values',
    config: { ...EVERY_CONTENT, completionHook: garble },
  },
  { name: 'a sink that throws', config: { events: { sink: broken, preset: 'full' } } },
  { name: 'a sink that rejects', config: { events: { sink: rejecting, preset: 'full' } } },
  { name: 'a sink that hangs', flushWaits: true, config: { events: { sink: hanging, preset: 'full' } } },
  { name: 'invalid prices', config: { cost: true, prices: { '*': { input_mtok: Number.NaN } as never } } },
];

function metering(make: () => unknown): MeterProvider {
  return { getMeter: () => new Proxy({}, { get: () => make }) as never };
}

function loggersThatAreGone(): LoggerProvider {
  const provider = new SdkLoggerProvider();
  void provider.shutdown();
  return provider;
}

function garble(completion: object): void {
  for (const name of Object.keys(completion)) {
    if (name !== 'attributes') Reflect.set(completion, name, [null, 5, { role: {}, parts: 'none' }]);
  }
}
