// Compiled with its declarations, never run: a library around this package, whose inferred types need names.
import {
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
} from 'opentelemetry-instrumentation-openai';
import { instrumentOpenAI, maskingHook, span, traced } from 'opentelemetry-instrumentation-openai/client';
import {
  CircuitBreakerExporter,
  type ConsoleTreeExporter,
  ContentStore,
  type ContentStoreOptions,
  consoleTree,
  type FinishedSpan,
  viewing,
} from 'opentelemetry-instrumentation-openai/export';

const base: OpenAIInstrumentationConfig = { runSteps: 'observe' };
export const config = { ...base, captureMessageContent: true };
export const instrumentation = new OpenAIInstrumentation(config);
export const costOf = (options: OpenAIInstrumentationConfig) => options.cost ?? true;
export function instrument<Client>(client: Client) {
  return instrumentOpenAI(client, config);
}
export const mask = maskingHook();

export const decorator = traced('answer');
export const answer = traced('answer', async (question: string) => question);
export const alone = traced(function list<Value>(value: Value) {
  return [value];
});
export function inSpan<Result>(run: () => Result) {
  return span('answer', run);
}

export const views = viewing(consoleTree());
export const breaker = (...options: ConstructorParameters<typeof CircuitBreakerExporter>) =>
  new CircuitBreakerExporter(...options);
export const store = (options: ContentStoreOptions) => new ContentStore(options);
export const limits = ({ folder, put, ...rest }: ContentStoreOptions) => rest;
export const startOf = ({ startTime }: FinishedSpan) => startTime;
export const resultOf = (...[, callback]: Parameters<ConsoleTreeExporter['export']>) => callback;
