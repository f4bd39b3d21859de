// Loaded before the program: `OpenAIInstrumentation` on SDK 2.x.
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';
import { startTracing } from './sdk-2.mjs';

globalThis.tracing = startTracing();
new OpenAIInstrumentation({ runSteps: 'observe' });
instrumentAgents();
