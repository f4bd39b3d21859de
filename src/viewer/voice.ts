import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION, EVENT_OPENAI_REALTIME_SPEECH } from '../semconv/events.ts';
import { isNumber } from './amounts.ts';
import { cancelledBy, interruptedAfter } from './answer-end.ts';
import { messageText, readMessages } from './messages.ts';
import type { Row } from './tree.ts';
import {
  compareTimes,
  isTranscription,
  millisecondsBetween,
  type SpanEvent,
  type Time,
} from './viewed-span.ts';

/** A stretch of speech in a realtime session. Times are in milliseconds since the start of the session. */
export interface Utterance {
  readonly speaker: 'user' | 'assistant';
  readonly from: number;
  readonly to: number;
  /** The span: a response of the assistant, or a transcription of the user; `undefined` if the speech has no span. */
  readonly row: Row | undefined;
  readonly text: string | undefined;
  /** Who or what cut the utterance off, or after how long; `undefined` if it was not cut off. */
  readonly cutOff: string | undefined;
}

export interface Voice {
  readonly session: Row;
  readonly length: number;
  /** The utterances in order. Those of the assistant are as long as its audio, as if it was played at once. */
  readonly utterances: readonly Utterance[];
  readonly interruptions: readonly number[];
  /** The spans that belong to the session: responses, transcriptions and tool calls. */
  readonly parts: readonly Row[];
}

const MAX_VOICES = 20;

/** The realtime sessions of a trace in which somebody speaks. */
export function voicesOf(rows: readonly Row[]): Voice[] {
  return rows
    .filter(isSession)
    .slice(0, MAX_VOICES)
    .map((session) => voiceOf(session, rows))
    .filter(({ utterances }) => utterances.length > 0);
}

function isSession({ span }: Row): boolean {
  const isNamed = span.name === 'realtime' || span.name === 'live';
  return isNamed && span.attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined;
}

/** Whether a span belongs to a session: below it or, if the program requested it, by the session's conversation id. */
function isPartOf(row: Row, session: Row): boolean {
  if (row.parent === session) return true;
  const id = session.span.attributes[ATTR.GEN_AI_CONVERSATION_ID];
  const isElsewhere = row !== session && (row.parent === undefined || !isSession(row.parent));
  return isElsewhere && id !== undefined && row.span.attributes[ATTR.GEN_AI_CONVERSATION_ID] === id;
}

function voiceOf(session: Row, rows: readonly Row[]): Voice {
  const { start, end, events = [] } = session.span;
  // Never 0, because places on the bar are fractions of this length.
  const length = Math.max(millisecondsBetween(start, end), 1e-3);
  const placeOf: PlaceOf = (time) => Math.min(Math.max(millisecondsBetween(start, time), 0), length);
  const parts = rows.filter((row) => isPartOf(row, session));
  const said = userSpeech(parts, events, placeOf);
  const interruptions = interruptionsIn(events, placeOf);
  const answered = assistantSpeech(parts, said, interruptions, placeOf, length);
  return {
    session,
    length,
    utterances: [...said, ...answered].sort((a, b) => a.from - b.from),
    interruptions: [...interruptions.values()].map(({ at }) => at),
    parts,
  };
}

/** A time in milliseconds since the start of the session. */
type PlaceOf = (time: Time) => number;

/** The interruptions by the id of the response, or by their time if they have none. One may have two events. */
type Interruptions = Map<unknown, { readonly at: number; readonly heardSeconds: number | undefined }>;

function interruptionsIn(events: readonly SpanEvent[], placeOf: PlaceOf): Interruptions {
  const found: Interruptions = new Map();
  for (const { name, time, attributes = {} } of events) {
    if (name !== EVENT_OPENAI_REALTIME_INTERRUPTION) continue;
    const key = attributes[ATTR.GEN_AI_RESPONSE_ID] ?? time;
    const known = found.get(key);
    const heard = attributes[ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION];
    const heardSeconds = isNumber(heard) ? heard : known?.heardSeconds;
    found.set(key, { at: known?.at ?? placeOf(time), heardSeconds });
  }
  return found;
}

function userSpeech(parts: readonly Row[], events: readonly SpanEvent[], placeOf: PlaceOf): Utterance[] {
  const heard = parts.filter(({ span }) => isTranscription(span));
  const transcriptions = new Map(heard.map((row) => [row.span.attributes[ATTR.OPENAI_ITEM_ID], row]));
  const utterance = (end: Time, seconds: unknown, row: Row | undefined): Utterance => {
    const to = placeOf(end);
    const from = Math.max(to - 1e3 * (isNumber(seconds) ? seconds : 0), 0);
    return { speaker: 'user', from, to, row, text: row && wordsIn(row), cutOff: undefined };
  };
  const speech = events.filter(({ name }) => name === EVENT_OPENAI_REALTIME_SPEECH);
  const utterances = speech.map(({ time, attributes = {} }) => {
    const { [ATTR.OPENAI_REALTIME_SPEECH_TIME]: spoken, [ATTR.OPENAI_ITEM_ID]: id } = attributes;
    const row = transcriptions.get(id);
    transcriptions.delete(id);
    return utterance(time, isNumber(spoken) ? spoken : attributes[ATTR.OPENAI_AUDIO_DURATION], row);
  });
  // Speech whose event is missing, because the SDK keeps a limited number of events: its transcription began when it
  // ended.
  return [...utterances, ...[...transcriptions.values()].map((row) => utterance(row.span.start, 0, row))];
}

function assistantSpeech(
  parts: readonly Row[],
  said: readonly Utterance[],
  interruptions: Interruptions,
  placeOf: PlaceOf,
  length: number,
): Utterance[] {
  const utterances: Utterance[] = [];
  let free = 0;
  for (const row of parts.toSorted((a, b) => compareTimes(a.span.start, b.span.start))) {
    const { attributes } = row.span;
    const seconds = attributes[ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION];
    if (!isNumber(seconds) || attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined) continue;
    const [start, end] = [placeOf(row.span.start), placeOf(row.span.end)];
    const first = attributes[ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO];
    const reason = attributes[ATTR.OPENAI_REALTIME_CANCEL_REASON];
    const interruption = interruptions.get(attributes[ATTR.GEN_AI_RESPONSE_ID]);
    const heard = interruption?.heardSeconds;
    const before = utterances.at(-1);
    if (before !== undefined && before.to > start) {
      // If the user has spoken since the last answer began, that answer is over, even if no event says so.
      const stopped = said.find(({ from: time }) => time > before.from && time <= start)?.from ?? before.to;
      free = Math.min(before.to, stopped);
      utterances[utterances.length - 1] = { ...before, to: free };
    }
    // Answers are played one after the other.
    const from = Math.min(Math.max(start + (isNumber(first) ? first * 1e3 : 0), free), length);
    const latest = Math.min(interruption?.at ?? length, reason === undefined ? length : end);
    const to = Math.max(from, Math.min(from + 1e3 * Math.min(seconds, heard ?? seconds), latest));
    free = to;
    const cutOff = interruptedAfter(heard) ?? cancelledBy(reason) ?? (interruption && 'interrupted');
    utterances.push({ speaker: 'assistant', from, to, row, text: wordsIn(row), cutOff });
  }
  return utterances;
}

function wordsIn({ span }: Row): string | undefined {
  return messageText(readMessages(span.attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1)) || undefined;
}
