import { join } from 'node:path';
import type { OpenAI } from 'openai';
import { ROOT } from '../../test/support/lanes/paths.ts';

/** A record of a call that has ended: a span, a run or an event. */
export interface Ended {
  readonly failed: boolean;
}

export interface SetUp {
  readonly client: OpenAI;
  /** The calls whose records have ended. */
  readonly ended: () => Promise<readonly Ended[]> | readonly Ended[];
  /** What a package needs around the use, such as a root span. */
  readonly around?: (use: () => Promise<void>) => Promise<void>;
}

/** Loads a package from the folder of a peer. */
export type Load = <T>(name: string) => T;

export interface Peer {
  readonly name: string;
  /** What is installed. The first is what is compared. */
  readonly packages: readonly string[];
  readonly setUp: (load: Load, urls: { api: string; agent: string }) => SetUp | Promise<SetUp>;
}

type New<T = object> = new (...parameters: readonly unknown[]) => T;
interface Instrumentation {
  manuallyInstrument(module: unknown): void;
  manualPatch(module: unknown): void;
  setTracerProvider(provider: object): void;
}
interface Row {
  readonly span_id: string;
  readonly error?: unknown;
  readonly metrics?: { readonly end?: number };
}
interface Braintrust {
  readonly _exportsForTestingOnly: {
    useTestBackgroundLogger(): { drain(): Promise<Row[]> };
    simulateLoginForTests(): Promise<void>;
  };
  initLogger(options: object): void;
  wrapOpenAI(client: OpenAI): OpenAI;
}
interface Sentry {
  init(options: object): void;
  startSpan(options: object, use: () => Promise<void>): Promise<void>;
}

const SDK_3 = [
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/context-async-hooks@3.1.1',
  '@opentelemetry/instrumentation@0.301.1',
  '@opentelemetry/sdk-trace@3.1.1',
];
const SDK_2 = [
  '@opentelemetry/api@1.9.1',
  '@opentelemetry/instrumentation@0.223.0',
  '@opentelemetry/sdk-trace-node@2.12.0',
];

/** The packages of the table in docs/comparison.md, in the order of its columns. */
export const PEERS: readonly Peer[] = [
  {
    name: 'ours',
    packages: ['openai@6.49.0', ...SDK_3],
    setUp: (load, { api }) => {
      const { OpenAIInstrumentation } = load<{ OpenAIInstrumentation: New }>(join(ROOT, 'dist', 'index.cjs'));
      return automatic(load, api, new OpenAIInstrumentation());
    },
  },
  {
    name: 'otel',
    packages: ['@opentelemetry/instrumentation-openai@0.22.0', ...SDK_3],
    setUp: (load, { api }) =>
      automatic(load, api, newInstrumentation(load, '@opentelemetry/instrumentation-openai')),
  },
  {
    name: 'traceloop',
    packages: ['@traceloop/instrumentation-openai@0.27.0', ...SDK_2],
    setUp: (load, { api }) =>
      automatic(load, api, newInstrumentation(load, '@traceloop/instrumentation-openai')),
  },
  {
    name: 'arize',
    packages: ['@arizeai/openinference-instrumentation-openai@4.2.7', ...SDK_2],
    setUp: (load, { api }) => {
      const { ended, provider } = startOpenTelemetry(load);
      const tracerProvider = { tracerProvider: provider };
      const made = newInstrumentation(load, '@arizeai/openinference-instrumentation-openai', tracerProvider);
      made.manuallyInstrument(load<{ OpenAI: unknown }>('openai').OpenAI);
      return { client: newClient(load, api), ended };
    },
  },
  {
    name: 'openlit',
    packages: ['openlit@1.15.0', ...SDK_2],
    setUp: (load, { api }) => {
      const { ended, provider } = startOpenTelemetry(load);
      // Its own set-up also starts metrics and fetches prices.
      const { default: OpenLit } = load<{ default: New<Instrumentation> }>(
        './node_modules/openlit/dist/instrumentation/openai/index.js',
      );
      const { default: settings } = load<{ default: object }>('./node_modules/openlit/dist/config.js');
      Object.assign(settings, { applicationName: 'peers', environment: 'test' });
      const made = new OpenLit();
      made.setTracerProvider(provider);
      made.manualPatch(load('openai'));
      return { client: newClient(load, api), ended };
    },
  },
  {
    name: 'langfuse',
    packages: ['@langfuse/openai@5.11.1', '@langfuse/tracing@5.11.1', ...SDK_2],
    setUp: (load, { api }) => {
      const { ended } = startOpenTelemetry(load);
      const { observeOpenAI } = load<{ observeOpenAI(client: OpenAI): OpenAI }>('@langfuse/openai');
      return { client: observeOpenAI(newClient(load, api)), ended };
    },
  },
  {
    name: 'langsmith',
    packages: ['langsmith@0.12.0'],
    setUp: (load, { api }) => {
      process.env.LANGSMITH_TRACING = 'true';
      const ended: Ended[] = [];
      const see = (run: { readonly end_time?: unknown; readonly error?: unknown }): Promise<void> => {
        if (run.end_time !== undefined) ended.push({ failed: run.error !== undefined });
        return Promise.resolve();
      };
      const client = { createRun: see, updateRun: (_: string, run: object) => see(run) };
      const { wrapOpenAI } = load<{ wrapOpenAI(client: OpenAI, options: object): OpenAI }>(
        'langsmith/wrappers',
      );
      return {
        client: wrapOpenAI(newClient(load, api), { client, tracingEnabled: true }),
        ended: () => ended,
      };
    },
  },
  {
    name: 'braintrust',
    packages: ['braintrust@3.35.0', 'zod@3.25.76'],
    setUp: async (load, { api }) => {
      const { _exportsForTestingOnly: testing, initLogger, wrapOpenAI } = load<Braintrust>('braintrust');
      const logger = testing.useTestBackgroundLogger();
      await testing.simulateLoginForTests();
      initLogger({ projectName: 'peers', projectId: 'peers' });
      return {
        client: wrapOpenAI(newClient(load, api)),
        ended: async () =>
          (await logger.drain())
            .filter(({ metrics }) => metrics?.end !== undefined)
            .map(({ error }) => ({ failed: error !== undefined })),
      };
    },
  },
  {
    name: 'posthog',
    packages: ['@posthog/ai@8.13.1', 'posthog-node'],
    setUp: (load, { api }) => {
      const ended: Ended[] = [];
      const capture = ({ properties }: { properties: { $ai_is_error?: boolean } }): void =>
        void ended.push({ failed: properties.$ai_is_error === true });
      const posthog = { capture, captureException: () => undefined, options: {} };
      const { OpenAI } = load<{ OpenAI: New<OpenAI> }>('@posthog/ai/openai');
      return { client: new OpenAI({ ...optionsFor(api), posthog }), ended: () => ended };
    },
  },
  {
    name: 'sentry',
    packages: ['@sentry/node@11.12.0'],
    setUp: (load, { api }) => {
      const sentry = load<Sentry>('@sentry/node');
      const ended: Ended[] = [];
      sentry.init({
        dsn: 'http://public@127.0.0.1:1/1',
        tracesSampleRate: 1,
        traceLifecycle: 'static',
        beforeSendTransaction: ({ spans }: { spans: readonly { op?: string; status?: string }[] }) => {
          for (const { op, status } of spans)
            if (op?.startsWith('gen_ai') === true) ended.push({ failed: status !== 'ok' });
          return null;
        },
      });
      const root = { name: 'peers', op: 'peers' };
      return {
        client: newClient(load, api),
        ended: () => ended,
        around: (use) => sentry.startSpan(root, use),
      };
    },
  },
  {
    name: 'dd-trace',
    packages: ['dd-trace@6.21.0'],
    setUp: (load, { api, agent }) => {
      process.env.DD_INSTRUMENTATION_TELEMETRY_ENABLED = 'false';
      process.env.DD_REMOTE_CONFIGURATION_ENABLED = 'false';
      load<{ init(options: object): void }>('dd-trace').init({ url: agent, flushInterval: 50 });
      return {
        client: newClient(load, api),
        ended: () =>
          payloads.filter(isOfOpenAI).map((payload) => ({ failed: payload.includes('error.type') })),
      };
    },
  },
];

/** What Datadog's agent has received. */
export const payloads: string[] = [];

function isOfOpenAI(payload: string): boolean {
  return payload.includes('openai.request');
}

function newInstrumentation(load: Load, name: string, options: object = {}): Instrumentation {
  const { OpenAIInstrumentation } = load<{ OpenAIInstrumentation: New<Instrumentation> }>(name);
  return new OpenAIInstrumentation(options);
}

function automatic(load: Load, api: string, instrumentation: object): SetUp {
  const { ended, provider } = startOpenTelemetry(load);
  const { registerInstrumentations } = load<{ registerInstrumentations(options: object): void }>(
    '@opentelemetry/instrumentation',
  );
  registerInstrumentations({ instrumentations: [instrumentation], tracerProvider: provider });
  return { client: newClient(load, api), ended };
}

function startOpenTelemetry(load: Load): { provider: object; ended: () => readonly Ended[] } {
  const ended: Ended[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const processor = {
    onStart: () => undefined,
    onEnd: ({ status }: { status: { code: number } }) => void ended.push({ failed: status.code === 2 }),
    forceFlush: nothing,
    shutdown: nothing,
  };
  const options = { spanProcessors: [processor] };
  const api = load<typeof import('@opentelemetry/api')>('@opentelemetry/api');
  const provider = providerOf(load, options);
  api.trace.setGlobalTracerProvider(provider);
  return { provider, ended: () => ended };
}

function providerOf(load: Load, options: object): import('@opentelemetry/api').TracerProvider {
  try {
    const { TracerProvider } = load<{ TracerProvider: New<import('@opentelemetry/api').TracerProvider> }>(
      '@opentelemetry/sdk-trace',
    );
    return new TracerProvider(options);
  } catch {
    const { NodeTracerProvider } = load<{
      NodeTracerProvider: New<import('@opentelemetry/api').TracerProvider & { register(): void }>;
    }>('@opentelemetry/sdk-trace-node');
    const provider = new NodeTracerProvider(options);
    provider.register();
    return provider;
  }
}

function newClient(load: Load, api: string): OpenAI {
  const { OpenAI: Client } = load<{ OpenAI: New<OpenAI> }>('openai');
  return new Client(optionsFor(api));
}

function optionsFor(api: string): object {
  return { apiKey: 'test', baseURL: api, maxRetries: 0 };
}
