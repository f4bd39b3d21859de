export type { ProviderRow } from './client/provider.ts';
export type { CaptureMessageContent, OpenAIInstrumentationConfig } from './config.ts';
export type { HookRequest, HookResponse, Hooks } from './hooks.ts';
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
export type { BlobPart, Message, MessagePart, ToolDefinition } from './telemetry/messages.ts';
export type { ModelPrices, Price } from './telemetry/prices.ts';
