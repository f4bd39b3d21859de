export type {
  BlobPart,
  Caller,
  Completion,
  CompletionHook,
  Message,
  MessagePart,
  ToolDefinition,
} from './config/completion-types.ts';
export type {
  CaptureMessageContent,
  ContentConsent,
  OpenAIInstrumentationConfig,
  ProviderRow,
} from './config/config.ts';
export type { HookRequest, HookResponse, Hooks } from './config/hook-types.ts';
export type { ModelPrices, Price, PricePackage } from './config/model-prices.ts';
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
