export { ConversationIdGenerator, type IdGenerator } from './conversation-id-generator.ts';
export { doctor, type Finding, type FindingCode, type Severity } from './doctor.ts';
export { OpenAIInstrumentation } from './instrumentation.ts';
export { MetadataSpanProcessor } from './metadata-span-processor.ts';
export type * from './public-types.ts';
export type { Logger, LoggerProvider } from './telemetry/events.ts';
