export type { CaptureMessageContent, OpenAIInstrumentationConfig } from './config.ts';
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
