import { reportIdlePreload } from './doctor/idle-preload.ts';
import { guard } from './util/guard.ts';

export type {
  Finding,
  FindingCode,
  ProcessFindingCode,
  ProjectFindingCode,
  Severity,
} from './diagnostics/findings.ts';
export { doctor } from './doctor/index.ts';
export { ConversationIdGenerator, type IdGenerator } from './helpers/conversation-id-generator.ts';
export { MetadataSpanProcessor } from './helpers/metadata-span-processor.ts';
export { OpenAIInstrumentation } from './instrumentation.ts';
export type { Logger, LoggerProvider } from './telemetry/events/log-records.ts';
export type * from './types.ts';

guard('checking the start command', reportIdlePreload);
