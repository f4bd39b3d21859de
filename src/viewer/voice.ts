import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION, EVENT_OPENAI_REALTIME_SPEECH } from '../semconv/events.ts';
import { isNumber } from './format-amounts.ts';
import { numberIn } from './span-usage.ts';
import { groupBy, type Row } from './tree.ts';
import { cancelledBy, interruptedAfter } from './unusual-finish.ts';
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
  /** The assistant's response or the user's transcription; `undefined` if the speech has no span. */
  readonly row: Row | undefined;
  /** How it was cut off, such as `interrupted after 1.2 s`; `undefined` if it was not. */
  readonly cutOff: string | undefined;
}

export interface Voice {
  readonly session: Row;
  /** The utterances in order. The assistant's are as long as their audio, as if it were played on arrival. */
  readonly utterances: readonly Utterance[];
  readonly interruptions: readonly number[];
  /** The spans that belong to the session: responses, transcriptions and tool calls. */
  readonly parts: readonly Row[];
}

const MAX_VOICES = 20;

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

/** Whether a span belongs to a session: as its child or, if no session is its parent, by conversation id. */
function isPartOf(row: Row, session: Row): boolean {
  if (row.parent === session) return true;
  const id = session.span.attributes[ATTR.GEN_AI_CONVERSATION_ID];
  const isElsewhere = row !== session && (row.parent === undefined || !isSession(row.parent));
  return isElsewhere && id !== undefined && row.span.attributes[ATTR.GEN_AI_CONVERSATION_ID] === id;
}

function voiceOf(session: Row, rows: readonly Row[]): Voice {
  const { start, end, events = [] } = session.span;
  const length = Math.max(millisecondsBetween(start, end), 0);
  const placeOf = (time: Time): number => Math.min(Math.max(millisecondsBetween(start, time), 0), length);
  const parts = rows.filter((row) => isPartOf(row, session));
  const transcriptions = new Map(
    parts
      .filter(({ span }) => isTranscription(span))
      .map((row) => [row.span.attributes[ATTR.OPENAI_ITEM_ID], row]),
  );
  const speech = events.filter(({ name }) => name === EVENT_OPENAI_REALTIME_SPEECH);
  const said = speech.map(({ time, attributes = {} }): Utterance => {
    const seconds =
      numberIn(attributes, ATTR.OPENAI_REALTIME_SPEECH_TIME) ??
      numberIn(attributes, ATTR.OPENAI_AUDIO_DURATION);
    const to = placeOf(time);
    const row = transcriptions.get(attributes[ATTR.OPENAI_ITEM_ID]);
    return { speaker: 'user', from: Math.max(to - 1e3 * (seconds ?? 0), 0), to, row, cutOff: undefined };
  });
  // One interruption may have two events.
  const interruptions = groupBy(
    events.filter(({ name }) => name === EVENT_OPENAI_REALTIME_INTERRUPTION),
    ({ time, attributes = {} }): unknown => attributes[ATTR.GEN_AI_RESPONSE_ID] ?? time,
  );
  /** The end of the latest answer. An answer is played after the one before it. */
  let played = 0;
  const answer = (row: Row): Utterance | undefined => {
    const { attributes, start: begun, end: ended } = row.span;
    const seconds = numberIn(attributes, ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION);
    if (seconds === undefined) return undefined;
    const first = numberIn(attributes, ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO) ?? 0;
    const interrupted = interruptions.get(attributes[ATTR.GEN_AI_RESPONSE_ID]) ?? [];
    const heard = interrupted.map(heardSeconds).find(isNumber);
    const reason = attributes[ATTR.OPENAI_REALTIME_CANCEL_REASON];
    const from = Math.min(Math.max(placeOf(begun) + first * 1e3, played), length);
    const ends = [
      length,
      from + 1e3 * Math.min(seconds, heard ?? seconds),
      ...interrupted.map(({ time }) => placeOf(time)),
      reason === undefined ? length : placeOf(ended),
      // An answer is over when the user speaks, even if no event says so.
      said.find((utterance) => utterance.from > from)?.from ?? length,
    ];
    const to = Math.max(from, Math.min(...ends));
    played = to;
    const cutOff = interruptedAfter(heard) ?? cancelledBy(reason) ?? (interrupted[0] && 'interrupted');
    return { speaker: 'assistant', from, to, row, cutOff };
  };
  const answers = parts
    .toSorted((a, b) => compareTimes(a.span.start, b.span.start))
    .flatMap((row) => answer(row) ?? []);
  return {
    session,
    utterances: [...said, ...answers].sort((a, b) => a.from - b.from),
    interruptions: [...interruptions.values()].flatMap(([event]) => (event ? placeOf(event.time) : [])),
    parts,
  };
}

function heardSeconds({ attributes = {} }: SpanEvent): number | undefined {
  return numberIn(attributes, ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION);
}
