import { join } from 'node:path';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type OpenAI from 'openai';
import type { Prepared, SetUp, Variant } from './variant.ts';

/** The methods of all instrumentations that extend OpenTelemetry's base class. */
interface Instrumentation {
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
}

type InstrumentationClass = new (config: object) => Instrumentation;

/** Registers an instrumentation as `registerInstrumentations` would. */
function register({ load, telemetry }: SetUp, name: string, config: object): undefined {
  const { OpenAIInstrumentation } = load(name) as { OpenAIInstrumentation: InstrumentationClass };
  const instrumentation = new OpenAIInstrumentation(config);
  instrumentation.setTracerProvider(telemetry.tracerProvider);
  instrumentation.setMeterProvider(telemetry.api.metrics.getMeterProvider());
}

/**
 * Other packages that observe `openai`, in the measured versions. To add one, add a row: the packages to install, and
 * the setup that its documentation shows.
 */
export const PEERS: readonly Variant[] = [
  {
    name: '@opentelemetry/instrumentation-openai',
    packages: ['@opentelemetry/instrumentation-openai@0.22.0'],
    prepare: (setUp) =>
      register(setUp, '@opentelemetry/instrumentation-openai', {
        captureMessageContent: setUp.measured.content === true,
      }),
  },
  {
    name: '@traceloop/instrumentation-openai',
    packages: ['@traceloop/instrumentation-openai@0.27.0'],
    prepare: (setUp) =>
      register(setUp, '@traceloop/instrumentation-openai', { traceContent: setUp.measured.content === true }),
  },
  {
    name: '@arizeai/openinference-instrumentation-openai',
    packages: ['@arizeai/openinference-instrumentation-openai@4.2.7'],
    prepare: (setUp) => {
      const hidden = setUp.measured.content !== true;
      register(setUp, '@arizeai/openinference-instrumentation-openai', {
        tracerProvider: setUp.telemetry.tracerProvider,
        traceConfig: { hideInputs: hidden, hideOutputs: hidden, hideEmbeddingVectors: hidden },
      });
      return undefined;
    },
  },
  {
    name: '@langfuse/openai',
    packages: ['@langfuse/openai@5.11.1'],
    content: 'always',
    prepare: ({ load }) => {
      const { observeOpenAI } = load('@langfuse/openai') as { observeOpenAI: (client: OpenAI) => OpenAI };
      return { client: observeOpenAI };
    },
  },
  {
    name: 'openlit',
    packages: ['openlit@1.15.0'],
    prepare: prepareOpenLit,
  },
  {
    name: 'langsmith',
    packages: ['langsmith@0.12.0'],
    prepare: prepareLangSmith,
  },
];

/** Uses the class that observes `openai` without `init()`, which would start its own exporters. */
function prepareOpenLit({ load, folder, telemetry, measured }: SetUp): undefined {
  const files = join(folder, 'node_modules', 'openlit', 'dist');
  const config = load(join(files, 'config.js')) as { default: { updateConfig(config: object): void } };
  config.default.updateConfig({
    captureMessageContent: measured.content === true,
    pricingJson: {},
    disableEvents: true,
  });
  const { default: Instrumentation } = load(join(files, 'instrumentation', 'openai', 'index.js')) as {
    default: InstrumentationClass;
  };
  new Instrumentation({}).setTracerProvider(telemetry.tracerProvider);
}

interface LangSmithClient {
  createRun(...parameters: unknown[]): unknown;
}

/** LangSmith records its own runs instead of spans. They are not sent. */
function prepareLangSmith({ load, measured }: SetUp): Prepared {
  const { Client } = load('langsmith') as {
    Client: { new (options: object): LangSmithClient; prototype: LangSmithClient };
  };
  const { wrapOpenAI } = load('langsmith/wrappers') as {
    wrapOpenAI: (client: OpenAI, options: object) => OpenAI;
  };
  let runs = 0;
  const { createRun } = Client.prototype;
  Client.prototype.createRun = function (...parameters) {
    runs++;
    return createRun.apply(this, parameters);
  };
  const hidden = measured.content !== true;
  const client = new Client({
    apiUrl: 'http://langsmith.test',
    apiKey: 'test',
    hideInputs: hidden,
    hideOutputs: hidden,
    fetchImplementation: async () => Response.json({}),
  });
  return {
    client: (openai) => wrapOpenAI(openai, { client, tracingEnabled: true }),
    recorded: () => runs,
  };
}
