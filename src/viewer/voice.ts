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

interface Interruption {
  readonly at: number;
  readonly heardSeconds: number | undefined;
}

const MAX_VOICES = 20;

/** The realtime sessions of a trace in which somebody speaks. */
export function voicesOf(rows: readonly Row[]): Voice[] {
  return rows
    .filter(isSession)
    .slice(0, MAX_VOICES)
    .map((session) => new SessionReader(session, rows).voice())
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

class SessionReader {
  readonly #session: Row;
  readonly #parts: readonly Row[];
  readonly #length: number;
  readonly #interruptions = new Map<unknown, Interruption>();
  readonly #interruptionTimes: number[] = [];

  constructor(session: Row, rows: readonly Row[]) {
    const { start, end } = session.span;
    this.#session = session;
    this.#parts = rows.filter((row) => isPartOf(row, session));
    // Never 0, because places on the bar are fractions of this length.
    this.#length = Math.max(millisecondsBetween(start, end), 1e-3);
    for (const { time, attributes = {} } of this.#eventsNamed(EVENT_OPENAI_REALTIME_INTERRUPTION)) {
      const id = attributes[ATTR.GEN_AI_RESPONSE_ID];
      const known = id === undefined ? undefined : this.#interruptions.get(id);
      const at = known?.at ?? this.#placeOf(time);
      if (known === undefined) this.#interruptionTimes.push(at);
      const heard = attributes[ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION];
      this.#interruptions.set(id, { at, heardSeconds: isNumber(heard) ? heard : known?.heardSeconds });
    }
  }

  voice(): Voice {
    const said = this.#userSpeech();
    return {
      session: this.#session,
      length: this.#length,
      utterances: [...said, ...this.#assistantSpeech(said)].sort((a, b) => a.from - b.from),
      interruptions: this.#interruptionTimes,
      parts: this.#parts,
    };
  }

  #eventsNamed(wanted: string): readonly SpanEvent[] {
    return this.#session.span.events?.filter(({ name }) => name === wanted) ?? [];
  }

  #placeOf(time: Time): number {
    return Math.min(Math.max(millisecondsBetween(this.#session.span.start, time), 0), this.#length);
  }

  #userSpeech(): Utterance[] {
    const transcriptions = new Map(
      this.#parts
        .filter(({ span }) => isTranscription(span))
        .map((row) => [row.span.attributes[ATTR.OPENAI_ITEM_ID], row]),
    );
    const utterance = (end: Time, seconds: unknown, row: Row | undefined): Utterance => {
      const to = this.#placeOf(end);
      const from = Math.max(to - 1e3 * (isNumber(seconds) ? seconds : 0), 0);
      return { speaker: 'user', from, to, row, text: row && wordsIn(row), cutOff: undefined };
    };
    const utterances = this.#eventsNamed(EVENT_OPENAI_REALTIME_SPEECH).map(({ time, attributes = {} }) => {
      const { [ATTR.OPENAI_REALTIME_SPEECH_TIME]: spoken, [ATTR.OPENAI_ITEM_ID]: id } = attributes;
      const row = transcriptions.get(id);
      transcriptions.delete(id);
      return utterance(time, isNumber(spoken) ? spoken : attributes[ATTR.OPENAI_AUDIO_DURATION], row);
    });
    // Speech whose event is missing, because the SDK keeps a limited number of events: its transcription began when it
    // ended.
    return [...utterances, ...[...transcriptions.values()].map((row) => utterance(row.span.start, 0, row))];
  }

  #assistantSpeech(said: readonly Utterance[]): Utterance[] {
    const utterances: Utterance[] = [];
    let free = 0;
    const inOrder = this.#parts.toSorted((a, b) => compareTimes(a.span.start, b.span.start));
    for (const row of inOrder) {
      const { attributes } = row.span;
      const seconds = attributes[ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION];
      if (!isNumber(seconds) || attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined) continue;
      const [start, end] = [this.#placeOf(row.span.start), this.#placeOf(row.span.end)];
      const first = attributes[ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO];
      const reason = attributes[ATTR.OPENAI_REALTIME_CANCEL_REASON];
      const id = attributes[ATTR.GEN_AI_RESPONSE_ID];
      const interruption = id === undefined ? undefined : this.#interruptions.get(id);
      const heard = interruption?.heardSeconds;
      const before = utterances.at(-1);
      if (before !== undefined && before.to > start) {
        // If the user has spoken since the last answer began, that answer is over, even if no event says so.
        const stopped = said.find(({ from: time }) => time > before.from && time <= start)?.from ?? before.to;
        free = Math.min(before.to, stopped);
        utterances[utterances.length - 1] = { ...before, to: free };
      }
      // Answers are played one after the other.
      const from = Math.min(Math.max(start + (isNumber(first) ? first * 1e3 : 0), free), this.#length);
      const latest = Math.min(interruption?.at ?? this.#length, reason === undefined ? this.#length : end);
      const to = Math.max(from, Math.min(from + 1e3 * Math.min(seconds, heard ?? seconds), latest));
      free = to;
      const cutOff = interruptedAfter(heard) ?? cancelledBy(reason) ?? (interruption && 'interrupted');
      utterances.push({ speaker: 'assistant', from, to, row, text: wordsIn(row), cutOff });
    }
    return utterances;
  }
}

function wordsIn({ span }: Row): string | undefined {
  return messageText(readMessages(span.attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1)) || undefined;
}
