export type { ProviderRow } from './client/provider.ts';
export type { CaptureMessageContent, OpenAIInstrumentationConfig } from './config.ts';
export { ConversationIdGenerator, type IdGenerator } from './conversation-id-generator.ts';
export { doctor, type Finding, type FindingCode, type Severity } from './doctor.ts';
export type { HookRequest, HookResponse, Hooks } from './hooks.ts';
export { OpenAIInstrumentation } from './instrumentation.ts';
export type {
  CostRecordEvent,
  EventOptions,
  EventPreset,
  EventSink,
  ModelInvokeEvent,
  PolicyViolationEvent,
  SinkEvent,
  SinkEventBase,
  ToolCallEvent,
} from './sink-events.ts';
export type { Completion, CompletionHook } from './telemetry/completion.ts';
export type { Logger, LoggerProvider } from './telemetry/events.ts';
export type { BlobPart, Message, MessagePart, ToolDefinition } from './telemetry/messages.ts';
export type { ModelPrices, Price } from './telemetry/prices.ts';
