import {
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_GEN_AI_USAGE_AUDIO_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS,
  ATTR_OPENAI_REALTIME_CANCEL_REASON,
  ATTR_OPENAI_REALTIME_HEARD_AUDIO_DURATION,
  ATTR_OPENAI_REALTIME_INTERRUPTION_COUNT,
} from '../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION } from '../semconv/events.ts';
import { count, isNumber, tokens } from './amounts.ts';
import type { Rank } from './detail-layout.ts';

interface SpokenFact {
  readonly attributes: readonly string[];
  readonly rank: Rank;
  readonly show: (values: readonly unknown[]) => string | undefined;
}

interface SessionEvent {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

const CANCELLED_BY: ReadonlyMap<unknown, string> = new Map([
  ['turn_detected', 'interrupted by the user'],
  ['client_cancelled', 'cancelled by the program'],
]);

/** Who cut an answer off. */
export function cancelledBy(reason: unknown): string | undefined {
  return CANCELLED_BY.get(reason);
}

/**
 * How much of a finished answer was played before the user interrupted it. The session knows: audio arrives faster than
 * it is played.
 */
export function heardOf(responseId: unknown, sessionEvents: readonly SessionEvent[]): string | undefined {
  if (responseId === undefined) return undefined;
  for (const { name, attributes } of sessionEvents) {
    if (name !== EVENT_OPENAI_REALTIME_INTERRUPTION || attributes?.[ATTR_GEN_AI_RESPONSE_ID] !== responseId)
      continue;
    const text = interruptedAfter(attributes[ATTR_OPENAI_REALTIME_HEARD_AUDIO_DURATION]);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function interruptedAfter(seconds: unknown): string | undefined {
  return isNumber(seconds) ? `interrupted after ${Number(seconds.toFixed(1))} s` : undefined;
}

/** What only realtime sessions and their responses have: who interrupted whom, and how much of it was audio. */
export const SPOKEN_FACTS: readonly SpokenFact[] = [
  {
    attributes: [ATTR_OPENAI_REALTIME_CANCEL_REASON],
    rank: 1,
    show: ([reason]) => cancelledBy(reason),
  },
  {
    attributes: [ATTR_OPENAI_REALTIME_INTERRUPTION_COUNT],
    rank: 1,
    show: ([value]) => count(value, 'interruption'),
  },
  {
    attributes: [ATTR_GEN_AI_USAGE_AUDIO_INPUT_TOKENS, ATTR_GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS],
    rank: 2,
    show: ([input, output]) => {
      const isSpoken = [input, output].some((value) => isNumber(value) && value > 0);
      const shown = isSpoken ? tokens(input, output) : undefined;
      return shown && `audio ${shown}`;
    },
  },
];
