import type { VNode } from 'preact';
import { count, dollars, explainedCost, formatMilliseconds, grouped } from '../amounts.ts';
import type { ModalityAmount, ModalityCosts } from '../modalities.ts';
import { spokenTime, type Utterance, type Voice } from '../voice.ts';

/** Utterances that a lane shows. */
const MAX_LANE_PARTS = 2_000;
/** The same for interruptions. */
const MAX_MARKS = 1_000;
/** Utterances that the table lists. */
const MAX_LISTED_UTTERANCES = 200;
/** UTF-16 units of what was said. The conversation has all of it. */
const MAX_SAID_LENGTH = 200;

type Speaker = Utterance['speaker'];

const SPEAKER_NAMES: Readonly<Record<Speaker, string>> = { user: 'User', assistant: 'Assistant' };

/** The labels of what the bar of a session shows, for its legend. */
export const VOICE_LABELS: Readonly<Record<string, string>> = {
  'speech-user': 'user speaks',
  'speech-assistant': 'assistant speaks',
  cut: 'interruption',
};

/** Who spoke when, in the bar of a session: the user above the assistant. */
export function VoiceParts({ voice }: { readonly voice: Voice }): VNode {
  return (
    <>
      <Lane voice={voice} speaker="user" />
      <Lane voice={voice} speaker="assistant" />
      <Interruptions voice={voice} />
    </>
  );
}

function Lane({ voice, speaker }: { readonly voice: Voice; readonly speaker: Speaker }): VNode {
  const { length, utterances } = voice;
  const shown = utterances.filter((each) => each.speaker === speaker).slice(0, MAX_LANE_PARTS);
  return (
    <>
      {shown.map(({ from, to }, i) => (
        <span
          key={i}
          class={`speech speech-${speaker}`}
          style={{ left: `${(from / length) * 100}%`, width: `${((to - from) / length) * 100}%` }}
        />
      ))}
    </>
  );
}

function Interruptions({ voice: { length, interruptions } }: { readonly voice: Voice }): VNode {
  return (
    <>
      {interruptions.slice(0, MAX_MARKS).map((time, i) => (
        <span key={i} class="cut" style={{ left: `${(time / length) * 100}%` }} />
      ))}
    </>
  );
}

/** The same by itself, with names. */
export function VoiceStrip({ voice }: { readonly voice: Voice }): VNode {
  return (
    <fieldset class="voice-strip" aria-label="Who spoke when">
      {(['user', 'assistant'] as const).map((speaker) => (
        <NamedLane key={speaker} voice={voice} speaker={speaker} />
      ))}
    </fieldset>
  );
}

function NamedLane({ voice, speaker }: { readonly voice: Voice; readonly speaker: Speaker }): VNode {
  const times = count(voice.utterances.filter((each) => each.speaker === speaker).length, 'time');
  const name = SPEAKER_NAMES[speaker];
  const length = formatMilliseconds(spokenTime(voice, speaker));
  const said = times === undefined ? 'is silent' : `speaks ${times}, ${length} in all`;
  return (
    <div class="voice-lane">
      <span class="dim">{name}</span>
      <span class="voice-track" role="img" aria-label={`${name} ${said}`}>
        <Lane voice={voice} speaker={speaker} />
        <Interruptions voice={voice} />
      </span>
      <span class="dim">{length}</span>
    </div>
  );
}

/** What was said when, by whom and for how long. */
export function VoiceTable({ voice: { utterances } }: { readonly voice: Voice }): VNode {
  const more = utterances.length - MAX_LISTED_UTTERANCES;
  return (
    <table class="amounts">
      <caption>Who spoke when</caption>
      <Headings names={['After', 'Speaker', 'For', 'Said']} />
      {utterances.slice(0, MAX_LISTED_UTTERANCES).map(({ speaker, from, to, text, cutOff }, i) => (
        <tr key={i}>
          <th scope="row">{formatMilliseconds(from)}</th>
          <td>{SPEAKER_NAMES[speaker]}</td>
          <td>{formatMilliseconds(to - from)}</td>
          <td>
            {text !== undefined && <span class="voice-text">{shortened(text)}</span>}
            {cutOff !== undefined && <span class="badge">{cutOff}</span>}
          </td>
        </tr>
      ))}
      {more > 0 && (
        <tr>
          <td colSpan={4}>{`and ${grouped(more)} more`}</td>
        </tr>
      )}
    </table>
  );
}

/** Tokens and cost of each modality. */
export function ModalityTable({ amounts }: { readonly amounts: readonly ModalityAmount[] }): VNode | null {
  if (amounts.length === 0) return null;
  return (
    <table class="amounts">
      <caption>Tokens and cost by modality</caption>
      <Headings names={['Modality', 'Input', 'Cached', 'Output', 'Cost']} />
      {amounts.map((amount) => (
        <tr key={amount.label}>
          <th scope="row">{amount.label}</th>
          {(['input', 'cached', 'output'] as const).map((part) => (
            <TokenCell key={part} amount={amount} part={part} />
          ))}
          <td>{explainedCost(amount.cost, amount.unpriced) ?? 'not known'}</td>
        </tr>
      ))}
    </table>
  );
}

interface TokenCellProps {
  readonly amount: ModalityAmount;
  readonly part: keyof ModalityCosts;
}

/** Tokens, and below them what they cost. */
function TokenCell({ amount, part }: TokenCellProps): VNode {
  const cost = amount[part] > 0 ? dollars(amount.costs?.[part]) : undefined;
  return (
    <td>
      {grouped(amount[part])}
      {cost !== undefined && <div class="dim">{cost}</div>}
    </td>
  );
}

/** The first row of a table. */
export function Headings({ names }: { readonly names: readonly string[] }): VNode {
  return (
    <tr>
      {names.map((name) => (
        <th scope="col" key={name}>
          {name}
        </th>
      ))}
    </tr>
  );
}

function shortened(text: string): string {
  return text.length > MAX_SAID_LENGTH ? `${text.slice(0, MAX_SAID_LENGTH)}… ` : `${text} `;
}
