import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION } from '../semconv/events.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { isNumber } from './amounts.ts';
import type { SpanEvent } from './viewed-span.ts';

const NORMAL_FINISH_REASONS: ReadonlySet<string | undefined> = new Set(['stop', 'tool_calls', 'completed']);

/** Why an answer ended; `undefined` if it ended normally. */
export function unusualFinish(value: unknown): string | undefined {
  const text = words(value);
  return NORMAL_FINISH_REASONS.has(text) ? undefined : text;
}

/** One or several words of an attribute as text, separated by commas; `undefined` if there are none. */
export function words(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  const shown = list.filter((word) => typeof word === 'string' && word !== '');
  return shown.length > 0 ? terminalSafe(shown.join(', '), 100) : undefined;
}

const CANCELLED_BY: ReadonlyMap<unknown, string> = new Map([
  ['turn_detected', 'interrupted by the user'],
  ['client_cancelled', 'cancelled by the program'],
]);

/** Who cut an answer off; `undefined` if the reason is unknown. */
export function cancelledBy(reason: unknown): string | undefined {
  return CANCELLED_BY.get(reason);
}

/** How much of an answer was played. Audio arrives faster than it is played, so only the session's events tell. */
export function heardOf(responseId: unknown, sessionEvents: readonly SpanEvent[] = []): string | undefined {
  if (responseId === undefined) return undefined;
  for (const { name, attributes } of sessionEvents) {
    if (name !== EVENT_OPENAI_REALTIME_INTERRUPTION || attributes?.[ATTR.GEN_AI_RESPONSE_ID] !== responseId)
      continue;
    const text = interruptedAfter(attributes[ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION]);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function interruptedAfter(seconds: unknown): string | undefined {
  return isNumber(seconds) ? `interrupted after ${Number(seconds.toFixed(1))} s` : undefined;
}
