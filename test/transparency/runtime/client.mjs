// Where modules cannot be hooked: the class itself is handed over, and so is each class of sockets.
import * as openai from 'openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import { startTracing } from './sdk-3.mjs';

export function startInstrumented() {
  const tracing = startTracing();
  const handOver = (target) => instrumentOpenAI(target, { runSteps: 'observe' });
  handOver(openai);
  return { ...tracing, handOver };
}
