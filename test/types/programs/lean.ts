// Compiled with all declarations checked, and without anybody's types but those of the language: ours need no others.
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';
import { assertSpanTree } from 'opentelemetry-instrumentation-openai/testing';

export const values: readonly unknown[] = [
  new OpenAIInstrumentation(),
  assertSpanTree,
  new ConsoleTreeExporter(),
];
