export {
  doctor,
  type Finding,
  type FindingCode,
  type ProcessFindingCode,
  type ProjectFindingCode,
  type Severity,
} from './doctor/index.ts';
export { ConversationIdGenerator, type IdGenerator } from './helpers/conversation-id-generator.ts';
export { MetadataSpanProcessor } from './helpers/metadata-span-processor.ts';
export { OpenAIInstrumentation } from './instrumentation.ts';
export type { Logger, LoggerProvider } from './telemetry/events/log-records.ts';
export type * from './types.ts';
