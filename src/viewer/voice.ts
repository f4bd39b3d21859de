import * as ATTR from '../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION, EVENT_OPENAI_REALTIME_SPEECH } from '../semconv/events.ts';
import { isNumber } from './amounts.ts';
import { cancelledBy, interruptedAfter } from './answer-end.ts';
import { messageText, readMessages } from './messages.ts';
import type { Row } from './tree.ts';
import { isTranscription, millisecondsBetween, type SpanAttributes } from './viewed-span.ts';

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

/** What an event of the session says about an interrupted answer. */
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
    .map((session) =>
      voiceOf(
        session,
        rows.filter((row) => isPartOf(row, session)),
      ),
    )
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
  const isElsewhere = row.parent === undefined || !isSession(row.parent);
  return (
    isElsewhere &&
    row !== session &&
    id !== undefined &&
    row.span.attributes[ATTR.GEN_AI_CONVERSATION_ID] === id
  );
}

function voiceOf(session: Row, parts: readonly Row[]): Voice {
  const { span } = session;
  const { events = [] } = span;
  // Never 0, because places on the bar are fractions of this length.
  const length = Math.max(millisecondsBetween(span.start, span.end), 1e-3);
  const within = (time: number): number => Math.min(Math.max(time, 0), length);
  const placed = events.map(({ name, time, attributes = {} }) => ({
    name,
    attributes,
    at: within(millisecondsBetween(span.start, time)),
  }));
  const { byResponse, times } = interruptionsIn(placed);
  const spoken = parts.map((row) => ({
    row,
    attributes: row.span.attributes,
    from: within(millisecondsBetween(span.start, row.span.start)),
    to: within(millisecondsBetween(span.start, row.span.end)),
  }));
  const said = userSpeech(placed, spoken);
  const answers = assistantSpeech(spoken, { said, interruptions: byResponse, length });
  const utterances = [...said, ...answers].sort((a, b) => a.from - b.from);
  return { session, length, utterances, interruptions: times, parts };
}

interface PlacedEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly at: number;
}

interface SpokenPart {
  readonly row: Row;
  readonly attributes: SpanAttributes;
  readonly from: number;
  readonly to: number;
}

function interruptionsIn(events: readonly PlacedEvent[]): {
  readonly byResponse: ReadonlyMap<unknown, Interruption>;
  readonly times: readonly number[];
} {
  const byResponse = new Map<unknown, Interruption>();
  const times: number[] = [];
  for (const { name, attributes, at } of events) {
    if (name !== EVENT_OPENAI_REALTIME_INTERRUPTION) continue;
    const id = attributes[ATTR.GEN_AI_RESPONSE_ID];
    const known = id === undefined ? undefined : byResponse.get(id);
    if (known === undefined) times.push(at);
    const heard = attributes[ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION];
    byResponse.set(id, { at: known?.at ?? at, heardSeconds: isNumber(heard) ? heard : known?.heardSeconds });
  }
  return { byResponse, times };
}

function userSpeech(events: readonly PlacedEvent[], parts: readonly SpokenPart[]): Utterance[] {
  const transcriptions = new Map(
    parts
      .filter(({ row }) => isTranscription(row.span))
      .map((part) => [part.attributes[ATTR.OPENAI_ITEM_ID], part]),
  );
  const made = (to: number, milliseconds: number, part: SpokenPart | undefined): Utterance => ({
    speaker: 'user',
    from: Math.max(to - milliseconds, 0),
    to,
    row: part?.row,
    text: part && wordsIn(part),
    cutOff: undefined,
  });
  const utterances = events
    .filter(({ name }) => name === EVENT_OPENAI_REALTIME_SPEECH)
    .map(({ attributes, at }) => {
      const { [ATTR.OPENAI_REALTIME_SPEECH_TIME]: time, [ATTR.OPENAI_AUDIO_DURATION]: duration } = attributes;
      const id = attributes[ATTR.OPENAI_ITEM_ID];
      const part = transcriptions.get(id);
      transcriptions.delete(id);
      return made(at, 1e3 * (isNumber(time) ? time : isNumber(duration) ? duration : 0), part);
    });
  // Speech whose event is missing, because the SDK keeps a limited number of events: its transcription began when it
  // ended.
  const others = [...transcriptions.values()].map((part) => made(part.from, 0, part));
  return [...utterances, ...others];
}

interface AnswerSurroundings {
  readonly said: readonly Utterance[];
  readonly interruptions: ReadonlyMap<unknown, Interruption>;
  readonly length: number;
}

function assistantSpeech(
  parts: readonly SpokenPart[],
  { said, interruptions, length }: AnswerSurroundings,
): Utterance[] {
  const utterances: Utterance[] = [];
  let free = 0;
  for (const { row, attributes, from: start, to: end } of [...parts].sort((a, b) => a.from - b.from)) {
    const seconds = attributes[ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION];
    if (!isNumber(seconds) || attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined) continue;
    const first = attributes[ATTR.OPENAI_REALTIME_TIME_TO_FIRST_AUDIO];
    const reason = attributes[ATTR.OPENAI_REALTIME_CANCEL_REASON];
    const id = attributes[ATTR.GEN_AI_RESPONSE_ID];
    const interruption = id === undefined ? undefined : interruptions.get(id);
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
    const cutOff = interruptedAfter(heard) ?? cancelledBy(reason);
    utterances.push({
      speaker: 'assistant',
      from,
      to,
      row,
      text: wordsIn({ attributes }),
      cutOff: cutOff ?? (interruption && 'interrupted'),
    });
  }
  return utterances;
}

function wordsIn({ attributes }: Pick<SpokenPart, 'attributes'>): string | undefined {
  return messageText(readMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1)) || undefined;
}
