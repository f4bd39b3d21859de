export type { CaptureMessageContent, OpenAIInstrumentationConfig } from './config.ts';
export { OpenAIInstrumentation } from './instrumentation.ts';
