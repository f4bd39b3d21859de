import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import './sdk-bare.mjs';

new OpenAIInstrumentation({ captureMessageContent: 'SPAN_ONLY' });
