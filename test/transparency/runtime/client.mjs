// Where modules cannot be hooked: the class itself is handed over.
import * as openai from 'openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { startTracing } from './sdk-3.mjs';

export function startInstrumented() {
  const tracing = startTracing();
  instrumentOpenAI(openai, { runSteps: 'observe' });
  return tracing;
}
