import { formatMilliseconds } from './duration.ts';
import { spokenTime, type Utterance, type Voice } from './voice.ts';

/** Sessions of a trace that are drawn. */
const MAX_DRAWN_VOICES = 3;
/** Columns of a lane. */
const MAX_LANE_WIDTH = 44;
const MIN_LANE_WIDTH = 8;
/** Columns that a line needs beside its lane. */
const BESIDE_LANE = 30;

/** Who spoke when, as two lanes for each session, from its beginning to its end: `██····✗█`. */
export function voiceLines(
  voices: readonly Voice[],
  columns: number,
): (readonly [label: string, text: string])[] {
  const width = Math.min(Math.max(columns - BESIDE_LANE, MIN_LANE_WIDTH), MAX_LANE_WIDTH);
  return voices
    .slice(0, MAX_DRAWN_VOICES)
    .flatMap((voice) => [
      ['User', laneText(voice, 'user', width)] as const,
      ['Assistant', laneText(voice, 'assistant', width)] as const,
    ]);
}

/** The lane of one speaker. The user's interruptions are marked where the assistant is silenced. */
function laneText(voice: Voice, speaker: Utterance['speaker'], width: number): string {
  const { length, utterances, interruptions } = voice;
  const placeOf = (time: number): number => Math.min(Math.floor((time / length) * width), width - 1);
  const lane = new Array<string>(width).fill('·');
  for (const { from, to } of utterances.filter((each) => each.speaker === speaker))
    lane.fill('█', placeOf(from), Math.max(placeOf(to), placeOf(from) + 1));
  if (speaker === 'assistant') for (const time of interruptions) lane[placeOf(time)] = '✗';
  return `${lane.join('')} ${formatMilliseconds(spokenTime(voice, speaker))}`;
}
