export type { CaptureMessageContent, OpenAIInstrumentationConfig } from './config/config.ts';
export type { HookRequest, HookResponse, Hooks } from './config/hook-types.ts';
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
} from './config/sink-event-types.ts';
export type { ProviderRow } from './sdk/provider.ts';
export type { Completion, CompletionHook } from './telemetry/content/completion-hook.ts';
export type { BlobPart, Message, MessagePart, ToolDefinition } from './telemetry/content/messages.ts';
export type { ModelPrices, Price } from './telemetry/cost/prices.ts';
