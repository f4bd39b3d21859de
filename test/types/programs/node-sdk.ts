// Compiled, never run: the instrumentation fits wherever OpenTelemetry takes one.
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  MetadataSpanProcessor,
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
} from 'opentelemetry-instrumentation-openai';

type Instrumentations = NonNullable<
  NonNullable<ConstructorParameters<typeof NodeSDK>[0]>['instrumentations']
>;

const config: OpenAIInstrumentationConfig = { captureMessageContent: 'SPAN_ONLY', runSteps: 'observe' };

export const sdk: NodeSDK = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation(), new OpenAIInstrumentation(config)],
});

export const stamping: NodeSDK = new NodeSDK({ spanProcessors: [new MetadataSpanProcessor()] });

// Instrumentations also come in lists within the list.
export const nested: Instrumentations = [[new OpenAIInstrumentation()], new OpenAIInstrumentation({})];

// Something that is no instrumentation is refused, else the above says nothing.
// @ts-expect-error
export const wrong: Instrumentations = [{ instrumentationName: 'made up' }];
