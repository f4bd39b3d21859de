import {
  type CaptureMessageContent,
  recordsContentOnEvents,
  recordsContentOnSpans,
  type Settings,
} from './config.ts';

/**
 * The current settings, with content only where the settings at the start of an operation allow it too. A completion hook
 * that the operation started with stays.
 */
export function operationSettings(atStart: Settings, current: Settings): Settings {
  if (atStart === current) return current;
  return {
    ...current,
    captureMessageContent: captureMode(
      recordsContentOnSpans(atStart) && recordsContentOnSpans(current),
      recordsContentOnEvents(atStart) && recordsContentOnEvents(current),
    ),
    completionHook: current.completionHook ?? atStart.completionHook,
  };
}

function captureMode(onSpans: boolean, onEvents: boolean): CaptureMessageContent {
  if (onSpans) return onEvents ? 'SPAN_AND_EVENT' : 'SPAN_ONLY';
  return onEvents ? 'EVENT_ONLY' : 'NO_CONTENT';
}
