import { useAzureMonitor } from '@azure/monitor-opentelemetry';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { recorder } from './recorded-spans.mjs';

const connectionString =
  'InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://127.0.0.1:1';
useAzureMonitor({
  azureMonitorExporterOptions: { connectionString, disableOfflineStorage: true },
  // By default, it samples five traces per second.
  tracesPerSecond: 0,
  samplingRatio: 1,
  spanProcessors: [recorder],
});
new OpenAIInstrumentation();
