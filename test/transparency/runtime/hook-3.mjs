// Loaded before the program: `OpenAIInstrumentation` on SDK 3.x.
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';
import { startTracing } from './sdk-3.mjs';

globalThis.tracing = startTracing();
new OpenAIInstrumentation({ runSteps: 'observe' });
instrumentAgents();
